#include "worker/comm/nccl_calls.h"

#include <time.h>

#include "base/clock.h"
#include "base/try.h"
#include "cuda/cuda.h"

enum {
    N_SPINS = 256,
    NAP_NS = 100000,
};

/* ---- the calls ---- */

static ncclResult_t send(lks_comm_nccl *self, const void *data, size_t n_bytes, int peer)
{
    return self->nccl->Send(data, n_bytes, ncclUint8, peer, self->flight.comm,
                            self->flight.stream);
}

static ncclResult_t receive(lks_comm_nccl *self, void *data, size_t n_bytes, int peer)
{
    return self->nccl->Recv(data, n_bytes, ncclUint8, peer, self->flight.comm,
                            self->flight.stream);
}

static ncclResult_t end_group(lks_comm_nccl *self, ncclResult_t result)
{
    const ncclResult_t ended = self->nccl->GroupEnd();

    return result == ncclSuccess ? ended : result;
}

static ncclResult_t exchange(lks_comm_nccl *self, const lks_nccl_task *task)
{
    ncclResult_t result = self->nccl->GroupStart();

    for (const lks_request *m = task->messages; m && result == ncclSuccess; m = m->next)
        result = m->is_sent ? send(self, m->data, m->n_bytes, m->peer)
                            : receive(self, m->data, m->n_bytes, m->peer);
    return end_group(self, result);
}

static ncclResult_t all_reduce(lks_comm_nccl *self, const lks_nccl_task *task)
{
    void *data = task->values->data;

    return self->nccl->AllReduce(data, data, (size_t)task->values->sizes[0], ncclFloat32,
                                 ncclSum, self->flight.comm, self->flight.stream);
}

static size_t part_bytes(const lks_nccl_task *task, int rank)
{
    return task->counts[rank] * lks_dtype_size_bytes(task->values->dtype);
}

static char *part_of(const lks_nccl_task *task, int rank)
{
    return (char *)task->values->data +
           task->offsets[rank] * lks_dtype_size_bytes(task->values->dtype);
}

/* Equal parts, one after the other: NCCL's own. */
static bool is_regular(const lks_nccl_task *task, int size)
{
    const size_t n = task->counts[0];

    for (int r = 0; r < size; r++)
        if (task->counts[r] != n || task->offsets[r] != task->offsets[0] + (size_t)r * n)
            return false;
    return true;
}

/* Parts of any size, each from its owner to everyone: as many bytes as in a ring, on the
 * ways that the exchange has opened. */
static ncclResult_t spread(lks_comm_nccl *self, const lks_nccl_task *task)
{
    const int rank = self->base.rank, size = self->base.size;
    const size_t own_bytes = part_bytes(task, rank);
    ncclResult_t result = self->nccl->GroupStart();

    for (int hop = 1; hop < size && result == ncclSuccess; hop++) {
        const int to = (rank + hop) % size, from = (rank + size - hop) % size;
        const size_t n_bytes = part_bytes(task, from);

        if (own_bytes > 0)
            result = send(self, part_of(task, rank), own_bytes, to);
        if (result == ncclSuccess && n_bytes > 0)
            result = receive(self, part_of(task, from), n_bytes, from);
    }
    return end_group(self, result);
}

static ncclResult_t all_gather(lks_comm_nccl *self, const lks_nccl_task *task)
{
    if (!is_regular(task, self->base.size))
        return spread(self, task);
    return self->nccl->AllGather(part_of(task, self->base.rank), part_of(task, 0),
                                 part_bytes(task, 0), ncclUint8, self->flight.comm,
                                 self->flight.stream);
}

/* ---- queueing ---- */

ncclResult_t lks_nccl_poll(lks_comm_nccl *self, ncclResult_t result, double timeout_s)
{
    const struct timespec nap = {.tv_nsec = NAP_NS};
    const double until_s = lks_clock_s() + timeout_s;

    for (int tries = 0; result == ncclInProgress && lks_clock_s() < until_s; tries++) {
        if (tries > N_SPINS)
            nanosleep(&nap, NULL);
        if (lks_nccl_flight_enter(&self->flight) != LKS_OK)
            return ncclInternalError; /* and the flight knows better why */
        if (self->nccl->CommGetAsyncError(self->flight.comm, &result) != ncclSuccess)
            result = ncclInternalError;
        lks_nccl_flight_leave(&self->flight);
    }
    return result;
}

/* What one call of NCCL said may not be its last word: it goes on by itself, and only
 * then is everything in the stream. */
static lks_status call(lks_comm_nccl *self, const lks_nccl_task *task,
                       const lks_nccl_op *op)
{
    static ncclResult_t (*const calls[])(lks_comm_nccl *, const lks_nccl_task *) = {
        [LKS_NCCL_ALL_REDUCE] = all_reduce,
        [LKS_NCCL_EXCHANGE] = exchange,
        [LKS_NCCL_ALL_GATHER] = all_gather,
    };
    const double timeout_s = self->flight.timeout_s;
    ncclResult_t result;

    LKS_TRY(lks_nccl_flight_enter(&self->flight));
    result = calls[task->kind](self, task);
    lks_nccl_flight_leave(&self->flight);
    result = lks_nccl_poll(self, result, timeout_s);
    if (result == ncclInProgress)
        return lks_nccl_flight_fail(
            &self->flight, "NCCL finds no way to the other replicas (%.0f s)", timeout_s);
    if (result != ncclSuccess)
        return lks_nccl_flight_fail_as(&self->flight, op, result);
    return LKS_OK;
}

lks_status lks_nccl_follow_thread(lks_comm_nccl *self)
{
    const int device = self->flight.device;
    void *stream = lks_cuda_stream(device);

    if (!stream)
        return LKS_DEVICE;
    LKS_TRY(
        lks_nccl_cuda(device, "cudaEventRecord", cudaEventRecord(self->reached, stream)));
    return lks_nccl_cuda(device, "cudaStreamWaitEvent",
                         cudaStreamWaitEvent(self->flight.stream, self->reached, 0));
}

lks_status lks_nccl_queue(lks_comm_nccl *self, const lks_nccl_task *task,
                          lks_nccl_op **out)
{
    lks_nccl_op *op;
    lks_status st, ended;

    LKS_TRY(lks_nccl_flight_check(&self->flight));
    if (!self->is_aside)
        LKS_TRY(lks_nccl_follow_thread(self));
    LKS_TRY(lks_nccl_flight_begin(&self->flight, &op));
    op->kind = task->kind;
    op->step = self->base.step;
    op->bucket = self->base.bucket;
    st = call(self, task, op);
    ended = lks_nccl_flight_end(&self->flight, op);
    *out = op;
    if (st != LKS_OK)
        return lks_nccl_flight_check(&self->flight); /* with the reason */
    return ended;
}
