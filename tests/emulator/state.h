/* What the files of the runtime's double share: devices, streams, events, and the one
 * lock over all of it. Not for doubles of other libraries (emulator.h) nor tests
 * (control.h). */
#ifndef LKS_TESTS_EMULATOR_STATE_H
#define LKS_TESTS_EMULATOR_STATE_H

#include "emulator.h"

#include <cstdint>
#include <cstdio>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace emu
{
enum { MAX_DEVICES = 16, N_MULTIPROCESSORS = 4, MAX_SHARED = 163 << 10 };

/* source: Marsaglia, "Xorshift RNGs", 2003 */
struct dice {
    uint64_t state = 0; /* 0: no dice, everything goes by number */
    void seed(uint64_t n);
    uint64_t roll(uint64_t n)
    {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        return (state >> 16) % n;
    }
};

/* ---- work ---- */

enum progress { WAITS, MOVED, DONE };

struct place { /* in a stream: passed when that many of its items are done */
    struct stream *stream;
    uint64_t at;
};
struct item {
    uint64_t number;
    std::string name;
    std::function<progress()> work;
    bool always;   /* also on a device that has failed: events, frees */
    bool unlocked; /* a function of the host's: must not hold the lock */
    std::vector<place> after;
    bool began;
    uint64_t start;
};
struct node { /* of a graph; `after` are places in its list, all smaller than its own */
    std::string name;
    std::function<progress()> work;
    int device;
    bool always, unlocked;
    std::vector<size_t> after;
};
struct capture {
    struct stream *origin;
    cudaStreamCaptureMode mode;
    uint64_t thread;
    bool invalid = false;
    std::vector<node> nodes;
    std::vector<struct stream *> streams;
};
struct mark { /* one record of an event */
    bool reached = false;
    double time_ms = 0;
    std::shared_ptr<struct capture> captured; /* then `after` is what a wait depends on */
    std::vector<size_t> after;
    struct stream *in = nullptr; /* may be gone */
};
struct event {
    int device;
    unsigned flags;
    std::shared_ptr<mark> last; /* NULL: not recorded yet */
};
struct stream {
    int device, number, priority;
    bool blocking;  /* keeps order with the device's stream 0 */
    bool destroyed; /* goes when it has run empty */
    bool busy;
    std::deque<item> queue;
    uint64_t n_pushed, n_done;
    uint64_t n_launches; /* the dice of a kernel depend on nothing but its place */
    std::shared_ptr<struct capture> capture;
    std::vector<size_t> tail; /* nodes that what is captured next depends on */
};

/* ---- devices ---- */

struct device {
    int number;
    stream *null_stream;
    cudaError_t sticky;
    size_t live_bytes, peak_bytes;
    uint64_t release_threshold;
    bool peer[MAX_DEVICES];      /* may touch what cudaMalloc gave of that device */
    bool pool_peer[MAX_DEVICES]; /* may touch the pool of that device */
    int n_streams;
};

/* One function of the runtime, as tests see it. */
struct function {
    long n_calls = 0;
    long fail_after = -1;
    int error = 0;
};

struct state {
    bool started, forked, no_driver, late;
    bool leaves_open; /* memory that a kernel has touched */
    int n_devices;
    size_t device_bytes;
    uint64_t seed;
    dice order; /* of streams; what polls rolls it, so kernels have dice of their own */
    device devices[MAX_DEVICES];
    std::vector<stream *> streams;
    std::map<std::string, function> functions;
    std::vector<event *> events;
    std::vector<capture *> captures;           /* going on */
    std::map<const void *, int> dynamic_limit; /* by kernel, once it was raised */
    uint64_t tick, n_items, n_pending;
    long n_host_waits;
    int n_waiters;
    FILE *trace;
};
state &the();
void ensure_started();

/* The lock that `guard` holds, however often: let go by whoever waits or calls the host
 * back. */
struct whole_lock {
    int held = 0;
    void unlock();
    void lock();
};
bool others_want_the_lock();

/* What a thread of the host has of its own. */
struct host_thread {
    uint64_t number;
    int device = 0;
    cudaError_t last_error = cudaSuccess;
    cudaStreamCaptureMode capture_mode = cudaStreamCaptureModeGlobal;
};
host_thread &self();

/* ---- a call of the runtime ---- */

enum need {
    NO_DRIVER,  /* answers without a device */
    NO_DEVICE,  /* answers whatever state a device is in */
    A_DEVICE,   /* the current device has to be well */
    NO_CAPTURE, /* and no capture may be going on that this could break */
};
class call
{
  public:
    call(function &which, const char *name, need what);
    /* The call's answer; remembered for cudaGetLastError. */
    cudaError_t ends(cudaError_t error);
    /* The same for what the caller did wrong, with a word about it on stderr. */
    cudaError_t refuses(cudaError_t error, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
    device &here()
    {
        return the().devices[self().device];
    }
    cudaError_t error;

  private:
    guard held;
    const char *name;
};
function &function_of(const char *name);

#define EMULATED_CALL(what)                                                              \
    static emu::function &function_ = emu::function_of(__func__);                        \
    emu::call call(function_, __func__, what);                                           \
    if (call.error != cudaSuccess)                                                       \
    return call.error

bool is_sticky(cudaError_t error);

/* ---- queues (stream.cpp) ---- */

stream *stream_of(cudaStream_t handle); /* NULL: there is no such stream */
stream *create_stream(int device, unsigned flags, int priority);
/* Into the stream's queue, or its graph; then what can run does, unless it is to be late.
 */
cudaError_t push(stream *s, item &&i);
item make_item(const std::string &name, std::function<void()> work);
/* Let work run until `reached`; the lock is let go while nothing can. */
void run_until(const std::function<bool()> &reached, stream *first);
void drain_stream(stream *s);
void drain_device(int device);
bool step_any(stream *first);
void run_now();
void run_unlocked(const std::function<void()> &work);
double now_ms();
void trace_line(uint64_t number, int device, int stream, uint64_t start,
                const std::string &name);

/* ---- captures (capture.cpp) ---- */

bool capture_forbids(const char *name, int device);
void capture_invalidate(capture *c);
cudaError_t capture_push(stream *s, item &&i);
} // namespace emu

#endif
