#include "control.h"

#include "memory.h"
#include "state.h"

using namespace emu;

extern "C" {

void emulator_seed(uint64_t seed)
{
    guard held;

    ensure_started();
    the().seed = seed;
    the().order.seed(seed);
}

void emulator_late(bool late)
{
    guard held;

    ensure_started();
    the().late = late;
    if (!late)
        run_now();
}

void emulator_fail(const char *name, long n, int error)
{
    guard held;
    function &f = function_of(name);

    f.fail_after = n;
    f.error = error;
}

void emulator_reset(void)
{
    guard held;

    for (auto &one : the().functions)
        one.second = function();
    for (device &d : the().devices)
        d.sticky = cudaSuccess;
    the().n_host_waits = 0;
    self().last_error = cudaSuccess;
}

long emulator_calls(const char *name)
{
    guard held;

    return function_of(name).n_calls;
}

size_t emulator_live_bytes(int index)
{
    guard held;

    return the().devices[index].live_bytes;
}

size_t emulator_pinned_bytes(void)
{
    guard held;

    return pinned_bytes();
}

size_t emulator_n_pending(void)
{
    guard held;

    return the().n_pending;
}

long emulator_host_waits(void)
{
    guard held;

    return the().n_host_waits;
}

void emulator_trace(const char *path)
{
    guard held;

    ensure_started();
    if (the().trace)
        fclose(the().trace);
    the().trace = path ? fopen(path, "ae") : nullptr;
}

} // extern "C"
