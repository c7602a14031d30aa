#include "state.h"

#include "memory.h"
#include "trap.h"

#include <atomic>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>
#include <pthread.h>
#include <unistd.h>

namespace emu
{
/* Never destroyed: threads may be at work when the process ends. */
state &the()
{
    static state *s = new state();

    return *s;
}

static std::recursive_mutex &mutex()
{
    static std::recursive_mutex *lock = new std::recursive_mutex;

    return *lock;
}

static std::atomic<int> n_lock_waiters;
static thread_local int depth; /* how often this thread holds it */

guard::guard()
{
    if (!mutex().try_lock()) {
        n_lock_waiters++;
        mutex().lock();
        n_lock_waiters--;
    }
    depth++;
}

guard::~guard()
{
    depth--;
    mutex().unlock();
}

void whole_lock::unlock()
{
    held = depth;
    depth = 0;
    for (int i = 0; i < held; i++)
        mutex().unlock();
}

void whole_lock::lock()
{
    for (int i = 0; i < held; i++)
        mutex().lock();
    depth = held;
}

bool others_want_the_lock()
{
    return n_lock_waiters > 0;
}

host_thread &self()
{
    static std::atomic<uint64_t> n_threads;
    static thread_local host_thread mine = {++n_threads};

    return mine;
}

/* source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014 */
void dice::seed(uint64_t n)
{
    uint64_t x = n * 0x9e3779b97f4a7c15u;

    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    state = n ? (x ^ x >> 31) | 1 : 0;
}

void tell(const char *format, ...)
{
    char text[1600] = "emulator: ";
    va_list args;

    va_start(args, format);
    vsnprintf(text + 10, sizeof text - 11, format, args);
    va_end(args);
    strcat(text, "\n");
    if (write(STDERR_FILENO, text, strlen(text)) < 0)
        return; /* nobody to tell */
}

/* ---- the start ---- */

static uint64_t number_of(const char *variable, uint64_t otherwise)
{
    const char *text = getenv(variable);

    return text && *text ? strtoull(text, nullptr, 0) : otherwise;
}

/* As on a device, a process that was forked after the start has no runtime. */
static void after_fork()
{
    new (&mutex()) std::recursive_mutex;
    depth = 0;
    the().forked = true;
}

static void start();

void ensure_started()
{
    guard held;

    if (!the().started)
        start();
}

static void start()
{
    state &s = the();
    const char *driver = getenv("EMULATOR_DRIVER");
    const char *trace = getenv("EMULATOR_TRACE");

    s.started = true;
    s.no_driver = driver && !strcmp(driver, "none");
    s.n_devices = static_cast<int>(number_of("EMULATOR_DEVICES", 2));
    if (s.n_devices < 0 || s.n_devices > MAX_DEVICES)
        s.n_devices = MAX_DEVICES;
    s.device_bytes = number_of("EMULATOR_MEMORY", size_t{4} << 30);
    s.seed = number_of("EMULATOR_SEED", s.seed);
    s.late = number_of("EMULATOR_LATE", s.late) != 0;
    s.leaves_open = number_of("EMULATOR_TRAP", 1) == 0;
    s.order.seed(s.seed);
    if (trace && *trace && !s.trace)
        s.trace = fopen(trace, "ae");
    if (s.no_driver)
        return;
    memory_start();
    trap_start();
    for (int i = 0; i < s.n_devices; i++) {
        s.devices[i].number = i;
        s.devices[i].null_stream = create_stream(i, cudaStreamDefault, 0);
    }
    pthread_atfork(nullptr, nullptr, after_fork);
}

/* ---- calls ---- */

function &function_of(const char *name)
{
    guard held;
    std::string plain = name;
    const size_t end = plain.size();

    if (end > 3 && plain.compare(end - 3, 3, "_v2") == 0)
        plain.resize(end - 3); /* headers rename functions, tests do not */
    return the().functions[plain];
}

static int planned_failure(function &which)
{
    which.n_calls++;
    if (which.fail_after < 0 || which.fail_after-- > 0)
        return 0;
    return which.error;
}

int count_call(const char *name)
{
    guard held;

    return planned_failure(function_of(name));
}

bool is_sticky(cudaError_t error)
{
    switch (error) {
    case cudaErrorIllegalAddress:
    case cudaErrorLaunchTimeout:
    case cudaErrorAssert:
    case cudaErrorHardwareStackError:
    case cudaErrorIllegalInstruction:
    case cudaErrorMisalignedAddress:
    case cudaErrorInvalidAddressSpace:
    case cudaErrorInvalidPc:
    case cudaErrorLaunchFailure:
    case cudaErrorECCUncorrectable:
    case cudaErrorNvlinkUncorrectable:
    case cudaErrorUnknown:
        return true;
    default:
        return false;
    }
}

static cudaError_t what_stands_in_the_way(function &which, const char *name, need what)
{
    state &s = the();
    device &d = s.devices[self().device];

    if (s.forked)
        return cudaErrorInitializationError;
    ensure_started();
    const cudaError_t planned = static_cast<cudaError_t>(planned_failure(which));
    if (planned != cudaSuccess) {
        if (is_sticky(planned) && d.sticky == cudaSuccess)
            d.sticky = planned;
        return planned;
    }
    if (what == NO_DRIVER)
        return cudaSuccess;
    if (s.no_driver)
        return cudaErrorInsufficientDriver;
    if (s.n_devices == 0)
        return cudaErrorNoDevice;
    trap_prepare_thread();
    if (what == NO_DEVICE)
        return cudaSuccess;
    if (d.sticky != cudaSuccess)
        return d.sticky;
    if (what == NO_CAPTURE && capture_forbids(name, d.number))
        return cudaErrorStreamCaptureUnsupported;
    return cudaSuccess;
}

call::call(function &which, const char *function_name, need what)
    : error(cudaSuccess), name(function_name)
{
    error = ends(what_stands_in_the_way(which, function_name, what));
}

cudaError_t call::ends(cudaError_t answer)
{
    if (answer != cudaSuccess)
        self().last_error = answer;
    return answer;
}

cudaError_t call::refuses(cudaError_t answer, const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    tell("%s: %s", name, text);
    return ends(answer);
}

void fail_device(int index, cudaError_t error, const char *format, ...)
{
    guard held;
    char text[1400];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    tell("%s", text);
    if (the().devices[index].sticky == cudaSuccess)
        the().devices[index].sticky = error;
}
} // namespace emu
