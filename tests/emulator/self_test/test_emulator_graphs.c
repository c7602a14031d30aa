/* Captures and graphs, and what a device forbids meanwhile. */
#include "kernels.h"

#include <stdint.h>

#include "cuda_suite.h"

enum { N = 256 };

static cudaGraphExec_t instantiate(cudaGraph_t graph)
{
    cudaGraphExec_t exec;

    ck_cuda(cudaGraphInstantiate(&exec, graph, 0));
    ck_cuda(cudaGraphDestroy(graph));
    return exec;
}

START_TEST(a_graph_runs_as_often_as_it_is_launched)
{
    cudaStream_t stream = new_stream();
    cudaGraph_t graph;
    cudaGraphExec_t exec;
    float *x = on_device(NULL, N * 4), *y = on_device(NULL, N * 4), got;
    size_t n;

    ck_cuda(run_fill(N, 1, x, 0));
    ck_cuda(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
    ck_cuda(run_add(N, x, y, stream));
    ck_cuda(run_add(N, x, y, stream));
    ck_cuda(cudaStreamEndCapture(stream, &graph));
    to_host(&got, y, sizeof got);
    ck_assert_float_eq(got, 0); /* nothing has run */
    ck_cuda(cudaGraphGetNodes(graph, NULL, &n));
    ck_assert_uint_eq(n, 2);
    exec = instantiate(graph);
    for (int i = 0; i < 5; i++)
        ck_cuda(cudaGraphLaunch(exec, stream));
    ck_cuda(cudaStreamSynchronize(stream));
    to_host(&got, y, sizeof got);
    ck_assert_float_eq(got, 10);
    ck_cuda(cudaGraphExecDestroy(exec));
    ck_assert_int_eq(cudaGraphLaunch(exec, stream), cudaErrorInvalidResourceHandle);
}
END_TEST

/* One stream forks off and is joined again: y = 1 by the one, z by the other, y += z. */
static float forked_and_joined(uint64_t seed, bool joins_in_time)
{
    cudaStream_t origin = new_stream(), other = new_stream();
    cudaEvent_t forks = new_event(), joins = new_event();
    float *y = on_device(NULL, N * 4), *z = on_device(NULL, N * 4), got;
    enum cudaStreamCaptureStatus status;
    cudaGraph_t graph;
    cudaGraphExec_t exec;

    emulator_seed(seed);
    ck_cuda(cudaStreamBeginCapture(origin, cudaStreamCaptureModeThreadLocal));
    ck_cuda(run_fill(N, 1, y, origin));
    ck_cuda(cudaEventRecord(forks, origin));
    ck_cuda(cudaStreamWaitEvent(other, forks, 0));
    ck_cuda(cudaStreamIsCapturing(other, &status));
    ck_assert_int_eq(status, cudaStreamCaptureStatusActive);
    ck_cuda(run_fill(N, 2, z, other));
    ck_cuda(cudaEventRecord(joins, other));
    if (joins_in_time)
        ck_cuda(cudaStreamWaitEvent(origin, joins, 0));
    ck_cuda(run_add(N, z, y, origin));
    if (!joins_in_time)
        ck_cuda(cudaStreamWaitEvent(origin, joins, 0));
    ck_cuda(cudaStreamEndCapture(origin, &graph));
    ck_cuda(cudaStreamIsCapturing(other, &status));
    ck_assert_int_eq(status, cudaStreamCaptureStatusNone);
    exec = instantiate(graph);
    ck_cuda(cudaGraphLaunch(exec, origin));
    ck_cuda(cudaStreamSynchronize(origin));
    to_host(&got, y, sizeof got);
    ck_cuda(cudaGraphExecDestroy(exec));
    ck_cuda(cudaStreamDestroy(origin));
    ck_cuda(cudaStreamDestroy(other));
    return got;
}

START_TEST(streams_fork_and_join_by_events)
{
    int n_wrong = 0;

    for (uint64_t seed = 0; seed < 16; seed++) {
        ck_assert_float_eq(forked_and_joined(seed, true), 3);
        n_wrong += forked_and_joined(seed, false) != 3;
    }
    ck_assert_int_gt(n_wrong, 0); /* the graph orders no more than the events did */
}
END_TEST

START_TEST(a_fork_that_is_not_joined_is_an_error)
{
    cudaStream_t origin = new_stream(), other = new_stream();
    cudaEvent_t forks = new_event();
    float *x = on_device(NULL, N * 4);
    cudaGraph_t graph;

    ck_cuda(cudaStreamBeginCapture(origin, cudaStreamCaptureModeThreadLocal));
    ck_cuda(cudaEventRecord(forks, origin));
    ck_cuda(cudaStreamWaitEvent(other, forks, 0));
    ck_cuda(run_fill(N, 2, x, other));
    ck_assert_int_eq(cudaStreamEndCapture(other, &graph),
                     cudaErrorStreamCaptureUnmatched);
    ck_assert_int_eq(cudaStreamEndCapture(origin, &graph),
                     cudaErrorStreamCaptureInvalidated);
    ck_assert_ptr_null(graph);

    ck_cuda(cudaStreamBeginCapture(origin, cudaStreamCaptureModeThreadLocal));
    ck_cuda(cudaEventRecord(forks, origin));
    ck_cuda(cudaStreamWaitEvent(other, forks, 0));
    ck_cuda(run_fill(N, 2, x, other));
    ck_assert_int_eq(cudaStreamEndCapture(origin, &graph),
                     cudaErrorStreamCaptureUnjoined);
    ck_assert_ptr_null(graph);
}
END_TEST

/* The call is refused, and the capture lost. */
#define ck_breaks(call, error)                                                           \
    do {                                                                                 \
        cudaStream_t captured_ = new_stream();                                           \
        cudaGraph_t graph_;                                                              \
                                                                                         \
        ck_cuda(cudaStreamBeginCapture(captured_, cudaStreamCaptureModeThreadLocal));    \
        stream = captured_;                                                              \
        ck_assert_int_eq(call, error);                                                   \
        ck_assert_int_eq(cudaStreamEndCapture(captured_, &graph_),                       \
                         cudaErrorStreamCaptureInvalidated);                             \
    } while (0)

START_TEST(what_waits_or_allocates_breaks_a_capture)
{
    cudaStream_t stream, other = new_stream();
    cudaEvent_t event = new_event();
    void *x = on_device(NULL, N * 4), *p;
    float host;

    ck_cuda(cudaEventRecord(event, other));
    ck_breaks(cudaStreamSynchronize(stream), cudaErrorStreamCaptureUnsupported);
    ck_breaks(cudaDeviceSynchronize(), cudaErrorStreamCaptureUnsupported);
    ck_breaks(cudaMalloc(&p, 4), cudaErrorStreamCaptureUnsupported);
    ck_breaks(cudaFree(x), cudaErrorStreamCaptureUnsupported);
    ck_breaks(cudaMemcpy(&host, x, 4, cudaMemcpyDeviceToHost),
              cudaErrorStreamCaptureUnsupported);
    ck_breaks(cudaStreamQuery(stream), cudaErrorStreamCaptureUnsupported);
    ck_breaks(cudaEventSynchronize(event), cudaErrorStreamCaptureUnsupported);
    ck_breaks(cudaStreamWaitEvent(stream, event, 0), cudaErrorStreamCaptureIsolation);
    ck_assert_int_eq(cudaStreamBeginCapture(0, cudaStreamCaptureModeGlobal),
                     cudaErrorStreamCaptureUnsupported);
}
END_TEST

START_TEST(stream_0_may_not_wait_for_a_captured_stream)
{
    cudaStream_t blocking;
    cudaGraph_t graph;
    float *x = on_device(NULL, N * 4);

    ck_cuda(cudaStreamCreate(&blocking));
    ck_cuda(cudaStreamBeginCapture(blocking, cudaStreamCaptureModeRelaxed));
    ck_assert_int_eq(run_fill(N, 1, x, 0), cudaErrorStreamCaptureImplicit);
    ck_assert_int_eq(cudaStreamEndCapture(blocking, &graph),
                     cudaErrorStreamCaptureInvalidated);
    ck_assert_int_eq(cudaStreamEndCapture(blocking, &graph), cudaErrorIllegalState);
}
END_TEST

START_TEST(an_event_of_a_capture_is_no_event_for_the_host)
{
    cudaStream_t stream = new_stream();
    cudaEvent_t event = new_event();
    cudaGraph_t graph;

    ck_cuda(cudaStreamBeginCapture(stream, cudaStreamCaptureModeRelaxed));
    ck_cuda(cudaEventRecord(event, stream));
    ck_cuda(cudaStreamEndCapture(stream, &graph));
    ck_assert_int_eq(cudaEventSynchronize(event), cudaErrorCapturedEvent);
    ck_assert_int_eq(cudaStreamWaitEvent(stream, event, 0), cudaErrorCapturedEvent);
}
END_TEST

/* A graph reads pinned memory when it runs, each time. */
START_TEST(a_captured_copy_reads_its_source_at_each_launch)
{
    cudaStream_t stream = new_stream();
    float *x = on_device(NULL, 4), *pinned, got;
    cudaGraph_t graph;
    cudaGraphExec_t exec;

    ck_cuda(cudaMallocHost((void **)&pinned, 4));
    ck_cuda(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
    ck_cuda(cudaMemcpyAsync(x, pinned, 4, cudaMemcpyHostToDevice, stream));
    ck_cuda(cudaStreamEndCapture(stream, &graph));
    exec = instantiate(graph);
    for (int i = 1; i < 3; i++) {
        *pinned = (float)i;
        ck_cuda(cudaGraphLaunch(exec, stream));
        ck_cuda(cudaStreamSynchronize(stream));
        to_host(&got, x, sizeof got);
        ck_assert_float_eq(got, (float)i);
    }
}
END_TEST

LKS_SUITE("emulator_graphs", a_graph_runs_as_often_as_it_is_launched,
          streams_fork_and_join_by_events, a_fork_that_is_not_joined_is_an_error,
          what_waits_or_allocates_breaks_a_capture,
          stream_0_may_not_wait_for_a_captured_stream,
          an_event_of_a_capture_is_no_event_for_the_host,
          a_captured_copy_reads_its_source_at_each_launch)
