/* Blocks of a kernel, one after the other: a fibre for each thread that waits, and the
 * same fibre again and again for those that never do. */
#include "block.h"

#include "trap.h"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

uint3 threadIdx, blockIdx;
dim3 blockDim, gridDim;
thread_local __align__(128) unsigned char dynamic_shared[emu::MAX_SHARED];

namespace emu
{
running now;

thread_local bool runs_kernel;
const checker *the_checker;
cudaError_t trapped_error;
char trapped_text[512];

/* Idle fibres, and all there are, of this thread of the host. */
struct fibre_pool {
    std::vector<fibre *> idle, all;
    ~fibre_pool()
    {
        for (fibre *f : all)
            fibre_destroy(f);
    }
};
static thread_local fibre_pool pool;

/* ---- threads take turns ---- */

static void fibre_main();

static fibre *take_fibre()
{
    if (pool.idle.empty()) {
        pool.all.push_back(fibre_create(fibre_main));
        return pool.all.back();
    }
    fibre *f = pool.idle.back();
    pool.idle.pop_back();
    return f;
}

static inline void become(int number)
{
    now.current = number;
    threadIdx = now.index[number];
}

static inline int take_ready()
{
    const int i =
        now.order.state
            ? static_cast<int>(now.order.roll(static_cast<unsigned>(now.n_ready)))
            : now.n_ready - 1;
    const int number = now.ready[i];

    now.ready[i] = now.ready[--now.n_ready];
    return number;
}

/* Let another thread go on. An idle fibre returns from here to run a fresh one itself. */
static void switch_from(fibre *self, bool idle)
{
    if (now.n_ready == 0) {
        if (idle)
            pool.idle.push_back(self);
        context_switch(&self->at, &now.main);
        return;
    }
    const int number = take_ready();
    thread &t = now.threads[number];

    become(number);
    if (!t.on) {
        if (idle) {
            t.on = self;
            return;
        }
        t.on = take_fibre();
    } else if (idle) {
        pool.idle.push_back(self);
    }
    if (t.on != self)
        context_switch(&self->at, &t.on->at);
}

static void fibre_main()
{
    for (;;) {
        fibre *self = now.threads[now.current].on;

        now.run(now.params);
        now.threads[now.current].done = true;
        now.n_done++;
        switch_from(self, true);
    }
}

void pause_thread(const char *in, site at)
{
    thread &t = now.threads[now.current];

    t.waits_in = in;
    t.waits_at = at;
    switch_from(t.on, false);
}

void wake_thread(int number)
{
    now.ready[now.n_ready++] = static_cast<unsigned short>(number);
}

/* ---- failing ---- */

static void report(cudaError_t error, const std::string &text)
{
    now.failed = true;
    fail_device(now.plan->device, error, "%s: %s", kernel_position().c_str(),
                text.c_str());
}

[[noreturn]] static void leave_kernel()
{
    context dead; /* nothing of this block goes on */

    runs_kernel = false;
    context_switch(&dead, &now.main);
    abort();
}

void fail(cudaError_t error, const char *format, ...)
{
    char text[1024];
    va_list args;

    runs_kernel = false; /* what follows is the emulator's own */
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    report(error, text);
    leave_kernel();
}

void kernel_trapped()
{
    fail(trapped_error, "%s", trapped_text);
}

std::string kernel_position()
{
    char text[160];

    snprintf(text, sizeof text, ", block (%u,%u,%u), thread (%u,%u,%u)", blockIdx.x,
             blockIdx.y, blockIdx.z, threadIdx.x, threadIdx.y, threadIdx.z);
    return std::string("kernel ") + kernel_name() + text;
}

const char *kernel_name()
{
    static std::string name;

    name = name_of_function(now.plan->kernel);
    return name.c_str();
}

/* ---- blocks ---- */

static void tell_who_waits()
{
    for (int i = 0; i < now.n_threads; i++) {
        const thread &t = now.threads[i];

        if (t.done)
            continue;
        become(i);
        report(cudaErrorLaunchTimeout,
               std::string("waits for ever in ") + t.waits_in + " at " + t.waits_at.file +
                   ":" + std::to_string(t.waits_at.line) + ", while " +
                   std::to_string(now.n_done) + " of " + std::to_string(now.n_threads) +
                   " threads of the block have ended");
        return;
    }
}

static void reset_block()
{
    now.n_done = now.n_arrived = now.n_votes = 0;
    now.epoch++;
    for (int i = 0; i < (now.n_threads + WARP - 1) / WARP; i++)
        now.warps[i].used = now.warps[i].open = 0;
    for (int i = 0; i < now.n_threads; i++) {
        now.threads[i].on = nullptr;
        now.threads[i].done = false;
        now.ready[i] = static_cast<unsigned short>(now.n_threads - 1 - i);
    }
    now.n_ready = now.n_threads;
    memset(dynamic_shared, 0xff, now.plan->dynamic_bytes);
    if (now.has_copies)
        for (int i = 0; i < now.n_threads; i++)
            copies_forgotten(i);
    now.has_copies = false;
}

static void run_block()
{
    reset_block();
    const int first = take_ready();
    fibre *f = take_fibre();

    now.threads[first].on = f;
    become(first);
    runs_kernel = true;
    context_switch(&now.main, &f->at);
    runs_kernel = false;
    if (!now.failed && now.n_done < now.n_threads)
        tell_who_waits();
}

/* What the arguments point to will be touched: opened without a signal for each. */
static void open_arguments(const launch_plan &plan)
{
    for (size_t i = 0; i + sizeof(void *) <= plan.params.size(); i += sizeof(void *)) {
        const void *p;

        memcpy(&p, plan.params.data() + i, sizeof p);
        block *b = block_at(p);
        if (b && b->state == BLOCK_LIVE && !b->is_open && may_touch(plan.device, b))
            kernel_opens(b);
    }
}

static void begin(const launch_plan &plan)
{
    int n = 0;

    now.plan = &plan;
    now.run = plan.run;
    now.order.seed(plan.dice_seed);
    now.failed = false;
    gridDim = plan.grid;
    blockDim = plan.block;
    memcpy(now.params, plan.params.data(), plan.params.size());
    for (unsigned z = 0; z < blockDim.z; z++)
        for (unsigned y = 0; y < blockDim.y; y++)
            for (unsigned x = 0; x < blockDim.x; x++)
                now.index[n++] = uint3{x, y, z};
    now.n_threads = n;
    open_arguments(plan);
    if (the_checker)
        the_checker->launch_begins();
}

/* Fibres that stopped in the middle of a failed block start over. */
static void end()
{
    for (block *b : now.opened)
        if (!the().leaves_open)
            block_close(b);
    now.opened.clear();
    if (!now.failed)
        return;
    now.has_copies = true;
    pool.idle = pool.all;
    for (fibre *f : pool.all)
        fibre_restart(f, fibre_main);
}

bool kernel_run(const launch_plan &plan)
{
    const uint64_t x = plan.grid.x, y = plan.grid.y, n = x * y * plan.grid.z;
    uint64_t start = 0;

    begin(plan);
    if (now.order.state)
        start = now.order.roll(n);
    for (uint64_t i = 0; i < n && !now.failed; i++) {
        const uint64_t b = now.order.state ? (start + n - i) % n : i;

        blockIdx = uint3{static_cast<unsigned>(b % x), static_cast<unsigned>(b / x % y),
                         static_cast<unsigned>(b / x / y)};
        run_block();
    }
    end();
    return !now.failed;
}

/* ---- for the checks ---- */

int kernel_device()
{
    return now.plan->device;
}

int kernel_thread()
{
    return now.current;
}

unsigned kernel_block()
{
    return blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
}

unsigned kernel_epoch(unsigned *warp_epoch)
{
    *warp_epoch = now.warps[now.current / WARP].epoch;
    return now.epoch;
}

bool on_own_stack(const void *p)
{
    return fibre_has(now.threads[now.current].on, p);
}

bool in_params(const void *p)
{
    const char *at = static_cast<const char *>(p);

    return at >= now.params && at < now.params + MAX_PARAMS;
}

size_t kernel_dynamic_bytes()
{
    return now.plan->dynamic_bytes;
}

bool stack_overflows(const void *p)
{
    return fibre_guards(now.threads[now.current].on, p);
}

void kernel_opens(block *b)
{
    block_open(b);
    now.opened.push_back(b);
}
} // namespace emu
