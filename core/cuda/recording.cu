/* Recordings: graphs that CUDA captures from the queue's stream. Their memory is taken
 * from a store of their own. The one parameter that moves on is the step of random
 * streams, which a kernel reads from the device where it is recorded. */
#include "cuda/launch.cuh"

extern "C" {
#include "base/alloc.h"
}

struct lks_recording {
    cudaGraphExec_t graph;
    lks_device_work work; /* of one replay */
};

static __global__ void set_steps(uint32_t *steps, uint32_t value)
{
    *steps = value;
}

lks_status lks_cuda_check_plain(const lks_cuda_queue *q, const char *what)
{
    return lks_cuda_is_recording(q)
               ? lks_fail(LKS_STATE, "cuda:%d: %s cannot be recorded", q->index, what)
               : LKS_OK;
}

/* Blocks of plain work that are free would serve no recording, but fill the memory. */
static lks_status make_room(lks_cuda_queue *q)
{
    lks_cuda_give_back(q);
    LKS_CUDA_TRY(q->index, cudaStreamSynchronize(q->compute));
    if (!q->steps) {
        LKS_CUDA_TRY(q->index, cudaMalloc((void **)&q->steps, sizeof *q->steps));
        q->steps_now = -1;
    }
    return LKS_OK;
}

lks_status lks_cuda_record(int index)
{
    lks_cuda_queue *q;

    LKS_TRY(lks_cuda_queue_of(index, &q));
    LKS_TRY(lks_cuda_check_plain(q, "a recording"));
    LKS_TRY(make_room(q));
    LKS_CUDA_TRY(index, cudaStreamBeginCapture(q->compute, cudaStreamCaptureModeRelaxed));
    q->fresh = nullptr;
    q->noted.n = 0;
    q->noted.before = q->work;
    q->store = &q->stores[1];
    return LKS_OK;
}

/* What was counted while nothing was done. */
static lks_device_work take_work(lks_cuda_queue *q)
{
    const lks_device_work before = q->noted.before;
    lks_device_work work = q->work;

    work.n_launches -= before.n_launches;
    work.n_bytes -= before.n_bytes;
    work.n_flops -= before.n_flops;
    q->work = before;
    return work;
}

/* The recording's memory came by way of the other stream. */
static lks_status await_memory(lks_cuda_queue *q)
{
    LKS_CUDA_TRY(q->index, cudaEventRecord(q->arrived, q->incoming));
    LKS_CUDA_TRY(q->index, cudaStreamWaitEvent(q->compute, q->arrived, 0));
    return LKS_OK;
}

static lks_status instantiate(lks_cuda_queue *q, cudaGraph_t graph, lks_recording **out)
{
    lks_recording *made;
    lks_status st;

    if (q->noted.n > 0)
        return lks_fail(LKS_STATE,
                        "cuda:%d: %zu blocks of memory outlive the recording that made "
                        "them",
                        q->index, q->noted.n);
    if (!(made = (lks_recording *)lks_calloc(1, sizeof *made)))
        return LKS_NOMEM;
    st = lks_cuda_ok(q->index, "cudaGraphInstantiate",
                     cudaGraphInstantiate(&made->graph, graph, 0));
    if (st == LKS_OK)
        st = await_memory(q);
    if (st != LKS_OK) {
        lks_cuda_forget(q->index, made);
        return st;
    }
    *out = made;
    return LKS_OK;
}

lks_status lks_cuda_recorded(int index, lks_recording **out)
{
    cudaGraph_t graph = nullptr;
    lks_recording *made = nullptr;
    lks_device_work work;
    lks_cuda_queue *q;
    lks_status st;

    LKS_TRY(lks_cuda_queue_of(index, &q));
    st = lks_cuda_ok(index, "cudaStreamEndCapture",
                     cudaStreamEndCapture(q->compute, &graph));
    q->store = &q->stores[0];
    work = take_work(q);
    if (st == LKS_OK)
        st = instantiate(q, graph, &made);
    if (graph)
        cudaGraphDestroy(graph);
    if (st != LKS_OK)
        return st;
    made->work = work;
    *out = made;
    return LKS_OK;
}

lks_status lks_cuda_replay(int index, const lks_recording *recording, uint32_t steps)
{
    lks_cuda_queue *q;

    LKS_TRY(lks_cuda_queue_of(index, &q));
    LKS_TRY(lks_cuda_check_plain(q, "a replay"));
    if (steps != q->steps_now)
        LKS_LAUNCH(q, set_steps, 1, 1, q->steps, steps);
    q->steps_now = steps;
    q->fresh = nullptr;
    LKS_CUDA_TRY(index, cudaGraphLaunch(recording->graph, q->compute));
    q->work.n_launches++;
    q->work.n_bytes += recording->work.n_bytes;
    q->work.n_flops += recording->work.n_flops;
    return LKS_OK;
}

/* A graph that still runs is destroyed when it is done. */
void lks_cuda_forget(int index, lks_recording *recording)
{
    lks_cuda_queue *q;

    if (!recording)
        return;
    if (recording->graph && lks_cuda_queue_of(index, &q) == LKS_OK)
        cudaGraphExecDestroy(recording->graph);
    lks_free(recording);
}
