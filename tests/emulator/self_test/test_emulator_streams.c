/* Streams and events: what waits for what, and what only seems to. */
#include "kernels.h"

#include <stdint.h>

#include "cuda_suite.h"

enum { N = 256 };

/* Two streams: one fills, one copies; without the event the copy may come first. */
static float filled_then_copied(uint64_t seed, bool waits)
{
    cudaStream_t fills = new_stream(), copies = new_stream();
    cudaEvent_t event = new_event();
    void *x = on_device(NULL, N * 4), *y = on_device(NULL, N * 4);
    float got;

    emulator_seed(seed);
    emulator_late(true);
    ck_cuda(run_fill(N, 7, x, fills));
    ck_cuda(cudaEventRecord(event, fills));
    if (waits)
        ck_cuda(cudaStreamWaitEvent(copies, event, 0));
    ck_cuda(cudaMemcpyAsync(y, x, N * 4, cudaMemcpyDeviceToDevice, copies));
    ck_cuda(cudaStreamSynchronize(copies));
    ck_cuda(cudaDeviceSynchronize());
    emulator_late(false);
    to_host(&got, y, sizeof got);
    ck_cuda(cudaStreamDestroy(fills));
    ck_cuda(cudaStreamDestroy(copies));
    ck_cuda(cudaEventDestroy(event));
    return got;
}

START_TEST(a_missing_wait_for_an_event_is_seen_at_some_seeds)
{
    int n_wrong = 0;

    for (uint64_t seed = 0; seed < 8; seed++) {
        ck_assert_float_eq(filled_then_copied(seed, true), 7);
        n_wrong += filled_then_copied(seed, false) != 7;
    }
    ck_assert_int_gt(n_wrong, 2);
    ck_assert_float_eq(filled_then_copied(0, false), 0); /* always, where nothing rolls */
}
END_TEST

START_TEST(a_wait_means_the_record_at_the_time_of_the_call)
{
    cudaStream_t a = new_stream(), b = new_stream();
    cudaEvent_t event = new_event();
    float *x = on_device(NULL, N * 4);
    float got = -1;

    ck_cuda(cudaStreamWaitEvent(b, event, 0)); /* never recorded: nothing to wait for */
    ck_cuda(cudaEventSynchronize(event));
    emulator_late(true);
    ck_cuda(run_fill(N, 1, x, a));
    ck_cuda(cudaEventRecord(event, a));
    ck_cuda(cudaStreamWaitEvent(b, event, 0));
    ck_cuda(run_fill(N, 2, x, a));
    ck_cuda(cudaEventRecord(event, a));
    ck_cuda(cudaMemcpyAsync(&got, x, 4, cudaMemcpyDeviceToHost, b));
    ck_assert_float_eq(got, 1);
    ck_assert_int_eq(cudaEventQuery(event), cudaErrorNotReady);
    ck_cuda(cudaEventSynchronize(event));
    ck_cuda(cudaEventQuery(event));
    emulator_late(false);
}
END_TEST

START_TEST(stream_0_keeps_order_with_streams_that_block)
{
    cudaStream_t blocking;
    float *x = on_device(NULL, N * 4), got;

    ck_cuda(cudaStreamCreate(&blocking));
    emulator_late(true);
    ck_cuda(run_fill(N, 3, x, blocking));
    ck_cuda(cudaMemcpy(&got, x, 4, cudaMemcpyDeviceToHost));
    ck_assert_float_eq(got, 3);
    ck_cuda(run_fill(N, 4, x, 0));
    ck_cuda(cudaMemcpyAsync(&got, x, 4, cudaMemcpyDeviceToHost, blocking));
    ck_assert_float_eq(got, 4);
    emulator_late(false);
}
END_TEST

static void raise_flag(void *flag)
{
    *(volatile int *)flag = 1;
}

START_TEST(the_host_is_called_back)
{
    cudaStream_t stream = new_stream();
    int flag = 0;

    emulator_late(true);
    ck_cuda(cudaLaunchHostFunc(stream, raise_flag, &flag));
    ck_assert_int_eq(flag, 0);
    ck_cuda(cudaStreamDestroy(stream)); /* what is queued still runs */
    ck_assert_int_eq(cudaStreamSynchronize(stream), cudaErrorInvalidResourceHandle);
    ck_cuda(cudaDeviceSynchronize());
    ck_assert_int_eq(flag, 1);
    emulator_late(false);
}
END_TEST

START_TEST(events_and_kernels_stay_on_their_device)
{
    cudaStream_t stream = new_stream();
    cudaEvent_t event;
    float *x = on_device(NULL, N * 4);

    ck_cuda(cudaSetDevice(1));
    ck_assert_int_eq(run_fill(N, 1, x, stream), cudaErrorInvalidResourceHandle);
    event = new_event();
    ck_assert_int_eq(cudaEventRecord(event, stream), cudaErrorInvalidResourceHandle);
    ck_cuda(cudaSetDevice(0));
    ck_cuda(cudaStreamDestroy(stream));
}
END_TEST

START_TEST(time_passes_between_events)
{
    cudaEvent_t start, end, untimed = new_event();
    float ms;

    ck_cuda(cudaEventCreate(&start));
    ck_cuda(cudaEventCreate(&end));
    ck_assert_int_eq(cudaEventElapsedTime(&ms, start, end),
                     cudaErrorInvalidResourceHandle);
    ck_cuda(cudaEventRecord(start, 0));
    ck_cuda(run_empty(1000, 1, 32, 1, 0));
    ck_cuda(cudaEventRecord(end, 0));
    ck_cuda(cudaEventElapsedTime(&ms, start, end));
    ck_assert_float_gt(ms, 0);
    ck_cuda(cudaEventRecord(untimed, 0));
    ck_assert_int_eq(cudaEventElapsedTime(&ms, start, untimed),
                     cudaErrorInvalidResourceHandle);
}
END_TEST

LKS_SUITE("emulator_streams", a_missing_wait_for_an_event_is_seen_at_some_seeds,
          a_wait_means_the_record_at_the_time_of_the_call,
          stream_0_keeps_order_with_streams_that_block, the_host_is_called_back,
          events_and_kernels_stay_on_their_device, time_passes_between_events)
