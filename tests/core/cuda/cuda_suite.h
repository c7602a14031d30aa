/* The frame of the CUDA device's own suites. Without such a device they are skipped, exit
 * code 77. Each test has a process of its own, and starts CUDA in it: so a test may set
 * EMULATOR_… first. On a real device what only the emulator counts or plans is 0 and
 * nothing: tests that need it leave where EMULATED is not set. */
#ifndef LKS_TESTS_CORE_CUDA_SUITE_H
#define LKS_TESTS_CORE_CUDA_SUITE_H

#include "support/test_device.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef LKS_CUDA_EMULATED
#include "emulator/control.h"
enum { EMULATED = 1 };
#else
enum { EMULATED = 0 };

static inline void emulator_seed(uint64_t seed)
{
    (void)seed;
}

static inline void emulator_late(bool late)
{
    (void)late;
}

static inline long emulator_calls(const char *function)
{
    (void)function;
    return 0;
}

static inline void emulator_trace(const char *path)
{
    (void)path;
}

static inline void emulator_fail(const char *function, long n, int error)
{
    (void)function;
    (void)n;
    (void)error;
}
#endif

enum { N_SEEDS = 6 };

static const lks_device gpu = {LKS_CUDA, 0}, other_gpu = {LKS_CUDA, 1};

static inline const lks_kernels *cuda(void)
{
    return lks_device_kernels(gpu);
}

__attribute__((constructor)) static inline void skip_without_a_device(void)
{
    skip_without_gpus(1);
}

/* Work runs as late as is legal, in the seed's order. */
static inline void be_late(uint64_t seed)
{
    emulator_seed(seed);
    emulator_late(true);
}

/* A block of a GPU with these values. */
static inline lks_view flat_of(lks_device device, lks_dtype dtype, size_t n,
                               const void *values)
{
    const lks_view flat = flat_new(device, dtype, n);

    flat_put(&flat, values);
    return flat;
}

/* Element i of an f32 one. */
static inline float flat_at(const lks_view *flat, size_t i)
{
    float value = 0;

    ck_ok(cuda()->copy_out(flat->device.index, &value, (const float *)flat->data + i,
                           sizeof value));
    return value;
}

static inline uint64_t bytes_in_use(int index)
{
    lks_device_use use;

    cuda()->use(index, &use);
    return use.now_bytes;
}

/* `body` in a thread of its own, to its end. */
static inline void in_a_thread(void *(*body)(void *), void *context)
{
    pthread_t thread;

    ck_assert_int_eq(pthread_create(&thread, NULL, body, context), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
}

#endif
