/* Streams are queues. An item runs when all before it in its stream have, and whatever it
 * waits for; which of several may go first is the dice's choice. */
#include "state.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <sched.h>

namespace emu
{
/* Never destroyed, as the lock is. */
static std::condition_variable_any &moved()
{
    static std::condition_variable_any *condition = new std::condition_variable_any;

    return *condition;
}

double now_ms()
{
    using namespace std::chrono;

    return duration<double, std::milli>(steady_clock::now().time_since_epoch()).count();
}

/* ---- streams ---- */

stream *stream_of(cudaStream_t handle)
{
    state &s = the();

    if (handle == nullptr || handle == cudaStreamLegacy)
        return s.n_devices ? s.devices[self().device].null_stream : nullptr;
    for (stream *one : s.streams)
        if (one == reinterpret_cast<stream *>(handle) && !one->destroyed)
            return one;
    return nullptr;
}

stream *create_stream(int index, unsigned flags, int priority)
{
    stream *s = new stream();

    s->device = index;
    s->number = the().devices[index].n_streams++;
    s->priority = priority;
    s->blocking = !(flags & cudaStreamNonBlocking);
    the().streams.push_back(s);
    return s;
}

/* Stream 0 and those that are not told otherwise wait for one another. */
static void keep_order_with_others(stream *s, item &i)
{
    device &d = the().devices[s->device];

    if (!s->blocking)
        return;
    for (stream *other : the().streams)
        if (other != s && other->device == s->device && other->blocking &&
            !other->queue.empty() && (s == d.null_stream || other == d.null_stream))
            i.after.push_back({other, other->n_pushed});
}

/* ---- running ---- */

void trace_line(uint64_t number, int index, int stream_number, uint64_t start,
                const std::string &name)
{
    if (!the().trace)
        return;
    fprintf(the().trace, "%llu %d %d %llu %llu %s\n",
            static_cast<unsigned long long>(number), index, stream_number,
            static_cast<unsigned long long>(start),
            static_cast<unsigned long long>(the().tick), name.c_str());
    fflush(the().trace);
}

static bool is_alive(const stream *s)
{
    const std::vector<stream *> &all = the().streams;

    return std::find(all.begin(), all.end(), s) != all.end();
}

static bool may_start(const stream *s)
{
    if (s->busy || s->queue.empty())
        return false;
    for (const place &p : s->queue.front().after) {
        if (is_alive(p.stream) && p.stream->n_done < p.at)
            return false;
    }
    return true;
}

/* What the host is called back for may wait for locks of its own. */
void run_unlocked(const std::function<void()> &work)
{
    whole_lock lock;

    lock.unlock();
    work();
    lock.lock();
}

static progress run_item(const stream *s, item &i)
{
    progress p = DONE;

    if (the().devices[s->device].sticky != cudaSuccess && !i.always)
        return DONE;
    if (!i.unlocked)
        return i.work();
    run_unlocked([&] { p = i.work(); });
    return p;
}

static void forget_if_over(stream *s)
{
    std::vector<stream *> &all = the().streams;

    if (!s->destroyed || !s->queue.empty())
        return;
    all.erase(std::find(all.begin(), all.end(), s));
    delete s;
}

/* The first item of the stream, or a part of it. False: nothing could be done. */
static bool step(stream *s)
{
    if (!may_start(s))
        return false;
    item &i = s->queue.front();
    if (!i.began)
        i.start = ++the().tick;
    i.began = true;
    s->busy = true;
    const progress p = run_item(s, i);
    s->busy = false;
    if (p == WAITS)
        return false;
    the().tick++;
    if (p == DONE) {
        trace_line(i.number, s->device, s->number, i.start, i.name);
        s->n_done++;
        the().n_pending--;
        s->queue.pop_front();
        forget_if_over(s);
    }
    if (the().n_waiters)
        moved().notify_all();
    return true;
}

/* `first`, if it can; others only while it waits for them: the latest that is legal. */
bool step_any(stream *first)
{
    state &s = the();
    const size_t n = s.streams.size();
    const size_t start = s.order.state ? s.order.roll(n) : 0;

    if (!s.order.state && is_alive(first) && step(first))
        return true;
    for (size_t i = 0; i < n && i < s.streams.size(); i++)
        if (step(s.streams[(start + i) % s.streams.size()]))
            return true;
    return false;
}

void run_now()
{
    bool any = true;

    while (any) {
        any = false;
        for (size_t i = 0; i < the().streams.size(); i++)
            any |= step(the().streams[i]);
    }
}

void make_progress()
{
    guard held;

    if (the().started && !the().late)
        run_now();
    else if (the().started)
        step_any(nullptr);
}

/* Others may come in between two items, for one of them may bring what is waited for. */
static void let_others_in()
{
    if (others_want_the_lock())
        run_unlocked([] { sched_yield(); });
}

void run_until(const std::function<bool()> &reached, stream *first)
{
    while (!reached()) {
        if (step_any(first)) {
            let_others_in();
            continue;
        }
        whole_lock lock;

        the().n_waiters++;
        moved().wait_for(lock, std::chrono::microseconds(200));
        the().n_waiters--;
    }
}

void drain_stream(stream *s)
{
    const uint64_t all = s->n_pushed;

    the().n_host_waits++;
    run_until([=] { return !is_alive(s) || s->n_done >= all; }, s);
}

void drain_device(int index)
{
    the().n_host_waits++;
    run_until(
        [=] {
            for (const stream *s : the().streams)
                if (s->device == index && !s->queue.empty())
                    return false;
            return true;
        },
        nullptr);
}

/* ---- pushing ---- */

item make_item(const std::string &name, std::function<void()> work)
{
    item i = {};

    i.name = name;
    i.work = [work] {
        work();
        return DONE;
    };
    return i;
}

cudaError_t push(stream *s, item &&i)
{
    device &d = the().devices[s->device];

    if (s->capture)
        return capture_push(s, std::move(i));
    if (s == d.null_stream && capture_forbids(i.name.c_str(), -1 - s->device))
        return cudaErrorStreamCaptureImplicit;
    if (d.sticky != cudaSuccess && !i.always)
        return d.sticky;
    i.number = the().n_items++;
    keep_order_with_others(s, i);
    s->queue.push_back(std::move(i));
    s->n_pushed++;
    the().n_pending++;
    if (!the().late)
        run_now();
    return d.sticky;
}

static cudaError_t enqueue_item(cudaStream_t handle, item &&i)
{
    guard held;
    stream *s = stream_of(handle);

    if (!s) {
        tell("%s in a stream that does not exist", i.name.c_str());
        return cudaErrorInvalidResourceHandle;
    }
    return push(s, std::move(i));
}

cudaError_t enqueue(cudaStream_t handle, const std::string &name,
                    std::function<void()> work)
{
    return enqueue_item(handle, make_item(name, std::move(work)));
}

cudaError_t enqueue_until(cudaStream_t handle, const std::string &name,
                          std::function<bool()> work)
{
    item i = {};

    i.name = name;
    i.work = [work]() mutable { return work() ? DONE : WAITS; };
    return enqueue_item(handle, std::move(i));
}

int device_of(cudaStream_t handle)
{
    guard held;
    const stream *s = stream_of(handle);

    return s ? s->device : -1;
}
} // namespace emu
