/* Calls that fail because a test said so, and what the trace tells. */
#include "kernels.h"

#include <stdint.h>
#include <stdio.h>

#include "cuda_suite.h"

enum { N = 256 };

START_TEST(the_nth_call_fails)
{
    void *p[4];
    cudaStream_t stream;

    emulator_fail("cudaMallocAsync", 2, cudaErrorMemoryAllocation);
    ck_cuda(cudaMallocAsync(&p[0], 4, 0));
    ck_cuda(cudaMallocAsync(&p[1], 4, 0));
    ck_assert_int_eq(cudaMallocAsync(&p[2], 4, 0), cudaErrorMemoryAllocation);
    ck_cuda(cudaMallocAsync(&p[3], 4, 0)); /* once */
    ck_assert_int_eq(emulator_calls("cudaMallocAsync"), 4);
    ck_assert_int_eq(cudaGetLastError(), cudaErrorMemoryAllocation);
    ck_assert_int_eq(cudaGetLastError(), cudaSuccess);
    emulator_fail("cudaStreamCreateWithFlags", 0, cudaErrorMemoryAllocation);
    ck_assert_int_eq(cudaStreamCreateWithFlags(&stream, 0), cudaErrorMemoryAllocation);
    emulator_reset();
    ck_assert_int_eq(emulator_calls("cudaMallocAsync"), 0);
}
END_TEST

START_TEST(a_failed_launch_breaks_its_device_for_good)
{
    float *x = on_device(NULL, N * 4), host;
    void *p;
    cudaStream_t stream = new_stream();
    int device;

    emulator_fail("cudaLaunchKernelEx", 1, cudaErrorLaunchFailure);
    ck_cuda(run_fill(N, 1, x, stream));
    ck_assert_int_eq(run_fill(N, 2, x, stream), cudaErrorLaunchFailure);
    ck_assert_int_eq(run_fill(N, 3, x, stream), cudaErrorLaunchFailure);
    ck_assert_int_eq(cudaStreamSynchronize(stream), cudaErrorLaunchFailure);
    ck_assert_int_eq(cudaMalloc(&p, 4), cudaErrorLaunchFailure);
    ck_assert_int_eq(cudaMemcpy(&host, x, 4, cudaMemcpyDeviceToHost),
                     cudaErrorLaunchFailure);
    ck_assert_int_eq(cudaGetLastError(), cudaErrorLaunchFailure);
    ck_assert_int_eq(cudaGetLastError(),
                     cudaErrorLaunchFailure); /* it does not go away */
    ck_cuda(cudaGetDevice(&device));
    ck_cuda(cudaSetDevice(1)); /* of another device nothing is lost */
    ck_cuda(cudaMalloc(&p, 4));
    ck_cuda(cudaSetDevice(0));
    emulator_reset();
    to_host(&host, x, sizeof host);
    ck_assert_float_eq(host, 1);
}
END_TEST

START_TEST(an_error_that_is_not_the_devices_breaks_nothing)
{
    float *x = on_device(NULL, N * 4);

    emulator_fail("cudaLaunchKernelEx", 0, cudaErrorLaunchOutOfResources);
    ck_assert_int_eq(run_fill(N, 2, x, 0), cudaErrorLaunchOutOfResources);
    ck_cuda(run_fill(N, 2, x, 0));
    ck_cuda(cudaDeviceSynchronize());
}
END_TEST

START_TEST(errors_have_names)
{
    ck_assert_str_eq(cudaGetErrorName(cudaErrorLaunchFailure), "cudaErrorLaunchFailure");
    ck_assert_str_eq(cudaGetErrorString(cudaErrorMemoryAllocation), "out of memory");
    ck_assert_str_eq(cudaGetErrorString((cudaError_t)12345), "unrecognized error code");
}
END_TEST

struct traced {
    long number, device, stream, start, end;
    char name[64];
};

static int read_trace(const char *path, struct traced *out, int n_max)
{
    FILE *f = fopen(path, "r");
    int n = 0;

    ck_assert_ptr_nonnull(f);
    while (n < n_max &&
           fscanf(f, "%ld %ld %ld %ld %ld %63[^\n]", &out[n].number, &out[n].device,
                  &out[n].stream, &out[n].start, &out[n].end, out[n].name) == 6)
        n++;
    fclose(f);
    return n;
}

START_TEST(the_trace_tells_what_ran_beside_what)
{
    char path[] = "/tmp/emulator_trace_XXXXXX";
    cudaStream_t a = new_stream(), b = new_stream();
    cudaEvent_t event = new_event();
    float *x = on_device(NULL, N * 4);
    struct traced lines[16];
    int n, fd = mkstemp(path);

    ck_assert_int_ge(fd, 0);
    emulator_late(true);
    emulator_trace(path);
    ck_cuda(run_fill(N, 1, x, a));
    ck_cuda(cudaEventRecord(event, a));
    ck_cuda(cudaStreamWaitEvent(b, event, 0));
    ck_cuda(run_fill(N, 2, x, b));
    ck_cuda(cudaStreamSynchronize(b));
    emulator_late(false);
    emulator_trace(NULL);
    n = read_trace(path, lines, 16);
    remove(path);
    ck_assert_int_eq(n, 4);
    ck_assert_str_eq(lines[0].name, "fill_kernel");
    ck_assert_int_lt(lines[0].number, lines[2].number);
    ck_assert_str_eq(lines[2].name, "cudaStreamWaitEvent"); /* began first, ended last */
    ck_assert_int_lt(lines[2].start, lines[0].end);
    ck_assert_int_gt(lines[2].end, lines[0].end);
    ck_assert_int_gt(lines[3].start, lines[0].end);
    ck_assert_int_ne(lines[0].stream, lines[3].stream);
}
END_TEST

LKS_SUITE("emulator_faults", the_nth_call_fails,
          a_failed_launch_breaks_its_device_for_good,
          an_error_that_is_not_the_devices_breaks_nothing, errors_have_names,
          the_trace_tells_what_ran_beside_what)
