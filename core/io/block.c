#include "io/block.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/alloc.h"

/* The signal's handler may find any thread anywhere, so what it looks at is never freed:
 * a mapping beyond these is not guarded. Lock-free. */
enum { MAX_GUARDED = 256 };

struct lks_guarded {
    atomic_bool is_taken, is_cut;
    _Atomic uintptr_t begin, end; /* of the pages; 0 and 0: none */
    atomic_int protection;
};

/* A handler has nothing but globals. */
static lks_guarded guarded[MAX_GUARDED];
static struct sigaction before;

/* ---- the guard ---- */

static lks_guarded *guarded_at(uintptr_t address)
{
    for (int i = 0; i < MAX_GUARDED; i++)
        if (address >= atomic_load(&guarded[i].begin) &&
            address < atomic_load(&guarded[i].end))
            return &guarded[i];
    return NULL;
}

/* Zeros in place of all its pages, so that the reader goes on, to be told afterwards.
 * source: libwayland's wayland-shm.c does so with its clients' pools */
static bool replace_pages(lks_guarded *g)
{
    const uintptr_t begin = atomic_load(&g->begin), end = atomic_load(&g->end);

    atomic_store(&g->is_cut, true);
    return mmap((void *)begin, end - begin, atomic_load(&g->protection),
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1,
                0) != MAP_FAILED;
}

/* What is not ours comes again, to who had the signal before. */
static void on_bus_error(int number, siginfo_t *info, void *context)
{
    lks_guarded *g = NULL;

    (void)context;
    if (info->si_code > 0) /* a fault, sent by the kernel */
        g = guarded_at((uintptr_t)info->si_addr);
    if (g && replace_pages(g))
        return;
    sigaction(number, &before, NULL);
    if (info->si_code <= 0)
        raise(number);
}

static void take_signal(void)
{
    struct sigaction action = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO};

    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, &before);
}

void lks_block_guard(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, take_signal);
}

static lks_guarded *watch_over(const void *pages, size_t size, int protection)
{
    for (int i = 0; i < MAX_GUARDED; i++) {
        lks_guarded *g = &guarded[i];

        if (atomic_exchange(&g->is_taken, true))
            continue;
        atomic_store(&g->is_cut, false);
        atomic_store(&g->protection, protection);
        atomic_store(&g->end, (uintptr_t)pages + size);
        atomic_store(&g->begin, (uintptr_t)pages);
        return g;
    }
    return NULL;
}

static void forget(lks_guarded *g)
{
    if (!g)
        return;
    atomic_store(&g->end, 0);
    atomic_store(&g->begin, 0);
    atomic_store(&g->is_taken, false);
}

/* ---- blocks ---- */

static size_t page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

static bool map(int fd, uint64_t offset, size_t size, int protection, int flags,
                lks_block *out)
{
    const size_t lead = (size_t)(offset % page_size());
    void *pages;

    if (size == 0 || size > SIZE_MAX - lead || offset > INT64_MAX)
        return false;
    pages = mmap(NULL, lead + size, protection, flags, fd, (off_t)(offset - lead));
    if (pages == MAP_FAILED)
        return false;
    *out = (lks_block){.data = (const unsigned char *)pages + lead,
                       .size = size,
                       .memory = pages,
                       .mapped = lead + size,
                       .guarded = watch_over(pages, lead + size, protection)};
    return true;
}

bool lks_block_map(int fd, uint64_t offset, size_t size, lks_block *out)
{
    return map(fd, offset, size, PROT_READ, MAP_PRIVATE, out);
}

bool lks_block_share(int fd, uint64_t offset, size_t size, bool writable, lks_block *out)
{
    return map(fd, offset, size, writable ? PROT_READ | PROT_WRITE : PROT_READ,
               MAP_SHARED, out);
}

bool lks_block_flush(const lks_block *block)
{
    return block->mapped == 0 || msync(block->memory, block->mapped, MS_SYNC) == 0;
}

lks_block lks_block_of_memory(void *memory, size_t size)
{
    return (lks_block){.data = memory, .size = size, .memory = memory};
}

void lks_block_release(lks_block *block)
{
    forget(block->guarded);
    if (block->mapped > 0)
        munmap(block->memory, block->mapped);
    else
        lks_free(block->memory);
    *block = (lks_block){0};
}

void lks_block_let_go(const lks_block *block, size_t begin, size_t end)
{
    const size_t lead = (size_t)(block->data - (const unsigned char *)block->memory);
    const size_t page = page_size();
    size_t first, last;

    if (block->mapped == 0)
        return;
    first = (lead + begin) / page * page;
    last = end == block->size ? block->mapped : (lead + end) / page * page;
    if (last > first)
        madvise((char *)block->memory + first, last - first, MADV_DONTNEED);
}

bool lks_block_is_cut(const lks_block *block)
{
    return block->guarded &&
           atomic_load_explicit(&block->guarded->is_cut, memory_order_relaxed);
}
