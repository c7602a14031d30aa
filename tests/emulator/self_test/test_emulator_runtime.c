/* Devices, memory and copies. */
#include "kernels.h"

#include <signal.h>
#include <stdint.h>

#include "child.h"
#include "cuda_suite.h"

enum { N = 256 };

START_TEST(there_are_two_devices)
{
    struct cudaDeviceProp properties;
    int n, value;
    size_t n_free, n_all;

    ck_cuda(cudaGetDeviceCount(&n));
    ck_assert_int_eq(n, 2);
    ck_cuda(cudaGetDeviceProperties(&properties, 1));
    ck_assert_str_eq(properties.name, "Emulated GPU");
    ck_assert_int_eq(properties.major, 8);
    ck_cuda(cudaDeviceGetAttribute(&value, cudaDevAttrMultiProcessorCount, 0));
    ck_assert_int_eq(value, properties.multiProcessorCount);
    ck_assert_int_eq(cudaSetDevice(2), cudaErrorInvalidDevice);
    ck_cuda(cudaMemGetInfo(&n_free, &n_all));
    on_device(NULL, 1000);
    ck_assert_uint_eq(properties.totalGlobalMem, n_all);
    ck_cuda(cudaMemGetInfo(&n_all, &n_all));
    ck_assert_uint_eq(emulator_live_bytes(0), 1000);
    ck_assert_uint_eq(emulator_live_bytes(1), 0);
}
END_TEST

static void without_driver(void)
{
    void *p;
    int n;

    setenv("EMULATOR_DRIVER", "none", 1);
    must(cudaGetDeviceCount(&n) == cudaErrorInsufficientDriver && n == 0);
    must(cudaMalloc(&p, 4) == cudaErrorInsufficientDriver);
    must(cudaSetDevice(0) == cudaErrorInsufficientDriver);
    must(cudaDriverGetVersion(&n) == cudaSuccess && n == 0);
}

static void without_device(void)
{
    void *p;
    int n;

    setenv("EMULATOR_DEVICES", "0", 1);
    must(cudaGetDeviceCount(&n) == cudaErrorNoDevice && n == 0);
    must(cudaMalloc(&p, 4) == cudaErrorNoDevice);
    must(cudaGetLastError() == cudaErrorNoDevice);
}

static void with_little_memory(void)
{
    size_t n_free, n_all;
    void *p, *q;

    setenv("EMULATOR_MEMORY", "1000", 1);
    setenv("EMULATOR_LATE", "1", 1);
    must(cudaMallocAsync(&p, 600, 0) == cudaSuccess);
    must(cudaMallocAsync(&q, 600, 0) == cudaErrorMemoryAllocation);
    must(cudaMemGetInfo(&n_free, &n_all) == cudaSuccess && n_free == 400 &&
         n_all == 1000);
    must(cudaFreeAsync(p, 0) == cudaSuccess);
    must(cudaMallocAsync(&q, 600, 0) == cudaSuccess); /* waits for the free */
    must(emulator_live_bytes(0) == 600);
}

static void after_a_fork(void)
{
    int status, n;
    void *p;

    must(cudaMalloc(&p, 4) == cudaSuccess);
    if (fork() == 0)
        _exit(cudaGetDeviceCount(&n));
    wait(&status);
    must(WEXITSTATUS(status) == cudaErrorInitializationError);
}

START_TEST(machines_without_a_device_or_driver)
{
    ck_child(without_driver, 0, NULL);
    ck_child(without_device, 0, NULL);
}
END_TEST

START_TEST(memory_comes_to_an_end)
{
    ck_child(with_little_memory, 0, NULL);
}
END_TEST

START_TEST(a_forked_process_has_no_device)
{
    ck_child(after_a_fork, 0, NULL);
}
END_TEST

START_TEST(new_memory_is_not_a_number)
{
    unsigned char got[64];
    void *p, *q;

    ck_cuda(cudaMallocAsync(&p, sizeof got, 0));
    to_host(got, p, sizeof got);
    for (size_t i = 0; i < sizeof got; i++)
        ck_assert_uint_eq(got[i], 0xff);
    ck_cuda(cudaFreeAsync(p, 0));
    ck_cuda(cudaMallocAsync(&q, sizeof got, 0));
    ck_assert_ptr_ne(p, q); /* not handed out again at once */
    ck_cuda(cudaFreeAsync(q, 0));
    ck_assert_int_eq(cudaFreeAsync(q, 0), cudaErrorInvalidValue);
    ck_assert_int_eq(cudaFree((char *)q + 16), cudaErrorInvalidValue);
}
END_TEST

START_TEST(a_million_allocations_need_no_more_memory_than_one)
{
    for (int i = 0; i < 50000; i++) {
        void *p, *q;

        ck_cuda(cudaMallocAsync(&p, 1000, 0));
        if (i % 50 == 0) {
            ck_cuda(cudaMallocAsync(&q, 1 << 20, 0));
            ck_cuda(cudaFreeAsync(q, 0));
        }
        ck_cuda(cudaFreeAsync(p, 0));
    }
    ck_assert_uint_eq(emulator_live_bytes(0), 0);
}
END_TEST

static void touches_device_memory(void)
{
    void *x;

    must(cudaMalloc(&x, 256) == cudaSuccess);
    ((volatile float *)x)[3] = 1;
}

START_TEST(the_host_may_not_touch_device_memory)
{
    ck_child(touches_device_memory, SEGFAULT,
             "emulator: the host touches device memory: 0x");
    ck_child(touches_device_memory, SEGFAULT,
             "at byte 12 of a block of 256 bytes of device 0");
}
END_TEST

static void another_devices_memory(void)
{
    void *x, *y;

    must(cudaMalloc(&x, 1024) == cudaSuccess && cudaMemset(x, 0, 1024) == cudaSuccess);
    must(cudaSetDevice(1) == cudaSuccess);
    must(cudaMalloc(&y, 1024) == cudaSuccess && cudaMemset(y, 0, 1024) == cudaSuccess);
    run_add(N, x, y, 0);
    must(cudaDeviceSynchronize() == cudaErrorIllegalAddress);
    must(cudaMalloc(&y, 4) == cudaErrorIllegalAddress); /* for good */
    must(cudaGetLastError() == cudaErrorIllegalAddress);
    must(cudaSetDevice(0) == cudaSuccess && cudaMalloc(&y, 4) == cudaSuccess);
}

START_TEST(a_kernel_may_not_touch_another_device)
{
    ck_child(another_devices_memory, 0,
             "a block of 1024 bytes of device 0, memory of another device without peer "
             "access");
}
END_TEST

START_TEST(peers_may_be_touched)
{
    struct cudaMemAccessDesc access = {.location = {cudaMemLocationTypeDevice, 1},
                                       .flags = cudaMemAccessFlagsProtReadWrite};
    cudaMemPool_t pool;
    float got;
    void *x = on_device(NULL, N * 4), *pooled, *y;

    ck_cuda(run_fill(N, 2, x, 0));
    ck_cuda(cudaMallocAsync(&pooled, N * 4, 0));
    ck_cuda(run_fill(N, 3, pooled, 0));
    ck_cuda(cudaDeviceGetDefaultMemPool(&pool, 0));
    ck_cuda(cudaMemPoolSetAccess(pool, &access, 1));
    ck_cuda(cudaDeviceSynchronize());
    ck_cuda(cudaSetDevice(1));
    ck_cuda(cudaDeviceEnablePeerAccess(0, 0));
    y = on_device(NULL, N * 4);
    ck_cuda(run_add(N, x, y, 0));
    ck_cuda(run_add(N, pooled, y, 0));
    to_host(&got, y, sizeof got);
    ck_assert_float_eq(got, 5);
    ck_cuda(cudaSetDevice(0));
}
END_TEST

static void freed_too_early(void)
{
    void *x, *y;

    must(cudaMalloc(&x, 1024) == cudaSuccess && cudaMalloc(&y, 1024) == cudaSuccess);
    must(cudaFreeAsync(x, 0) == cudaSuccess);
    run_add(N, x, y, 0);
    must(cudaDeviceSynchronize() == cudaErrorIllegalAddress);
}

START_TEST(use_after_free_is_told)
{
    ck_child(freed_too_early, 0, "kernel add_kernel, block (0,0,0), thread (");
    ck_child(freed_too_early, 0, "use after free: ");
    ck_child(freed_too_early, 0, "a freed block of 1024 bytes of device 0");
}
END_TEST

static void too_deep(void)
{
    void *x;

    must(cudaMalloc(&x, 256) == cudaSuccess && cudaMemset(x, 0, 256) == cudaSuccess);
    run_bug(BUG_DEEP_STACK, 1, x, 0);
}

START_TEST(a_stack_has_an_end)
{
    ck_child(too_deep, SEGFAULT, "thread (5,0,0): more than 65536 bytes of stack");
}
END_TEST

START_TEST(copies_are_checked)
{
    static float host[N];
    float *x = on_device(NULL, sizeof host);

    ck_assert_int_eq(cudaMemcpy(host, x, sizeof host, cudaMemcpyHostToDevice),
                     cudaErrorInvalidValue);
    ck_assert_int_eq(cudaMemcpy(x + 1, host, sizeof host, cudaMemcpyHostToDevice),
                     cudaErrorInvalidValue);
    ck_assert_int_eq(cudaMemset(x, 0, sizeof host + 1), cudaErrorInvalidValue);
    ck_cuda(cudaMemcpy(x, host, sizeof host, cudaMemcpyDefault));
    ck_assert_int_eq(cudaMemcpyPeerAsync(x, 1, x, 0, 4, 0), cudaErrorInvalidValue);
}
END_TEST

/* Pinned memory is read when the copy runs; pageable memory when it is told. */
START_TEST(a_staging_buffer_used_again_too_early_is_seen)
{
    float pageable = 1, *pinned, got[2];
    float *x = on_device(NULL, sizeof got);
    cudaStream_t stream = new_stream();

    ck_cuda(cudaHostAlloc((void **)&pinned, sizeof *pinned, cudaHostAllocDefault));
    emulator_late(true);
    *pinned = 1;
    ck_cuda(cudaMemcpyAsync(x, pinned, 4, cudaMemcpyHostToDevice, stream));
    ck_cuda(cudaMemcpyAsync(x + 1, &pageable, 4, cudaMemcpyHostToDevice, stream));
    *pinned = pageable = 2;
    ck_assert_uint_eq(emulator_n_pending(), 2);
    ck_cuda(cudaStreamSynchronize(stream));
    to_host(got, x, sizeof got);
    ck_assert_float_eq(got[0], 2);
    ck_assert_float_eq(got[1], 1);
    emulator_late(false);
    ck_cuda(cudaFreeHost(pinned));
    ck_assert_int_eq(cudaFreeHost(pinned), cudaErrorInvalidValue);
}
END_TEST

START_TEST(what_arrives_in_pinned_memory_arrives_late)
{
    float *pinned, pageable = 0;
    float *x = on_device(NULL, 4);
    cudaStream_t stream = new_stream();
    long n_waits;

    ck_cuda(cudaMallocHost((void **)&pinned, sizeof *pinned));
    *pinned = 5;
    emulator_late(true);
    n_waits = emulator_host_waits();
    ck_cuda(cudaMemcpyAsync(pinned, x, 4, cudaMemcpyDeviceToHost, stream));
    ck_assert_float_eq(*pinned, 5);
    ck_assert_int_eq(emulator_host_waits(), n_waits);
    ck_cuda(cudaMemcpyAsync(&pageable, x, 4, cudaMemcpyDeviceToHost, stream));
    ck_assert_int_eq(emulator_host_waits(), n_waits + 1); /* the host waits for it */
    ck_assert_float_eq(*pinned, 0);
    emulator_late(false);
}
END_TEST

START_TEST(kernels_may_touch_pinned_memory)
{
    float *pinned, got[N], *seen;
    void *y = on_device(NULL, sizeof got);

    ck_cuda(cudaHostAlloc((void **)&pinned, sizeof got, cudaHostAllocMapped));
    ck_cuda(cudaHostGetDevicePointer((void **)&seen, pinned, 0));
    for (int i = 0; i < N; i++)
        pinned[i] = (float)i;
    ck_cuda(run_add(N, seen, y, 0));
    to_host(got, y, sizeof got);
    ck_assert_float_eq(got[200], 200);
}
END_TEST

LKS_SUITE("emulator_runtime", there_are_two_devices, machines_without_a_device_or_driver,
          memory_comes_to_an_end, a_forked_process_has_no_device,
          new_memory_is_not_a_number, a_million_allocations_need_no_more_memory_than_one,
          the_host_may_not_touch_device_memory, a_kernel_may_not_touch_another_device,
          peers_may_be_touched, use_after_free_is_told, a_stack_has_an_end,
          copies_are_checked, a_staging_buffer_used_again_too_early_is_seen,
          what_arrives_in_pinned_memory_arrives_late, kernels_may_touch_pinned_memory)
