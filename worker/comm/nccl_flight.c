#include "worker/comm/nccl_flight.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/try.h"

enum { OP_TEXT = 96 };

lks_status lks_nccl_cuda(int device, const char *what, cudaError_t error)
{
    if (error == cudaSuccess)
        return LKS_OK;
    cudaGetLastError(); /* is told: not once more by the next call */
    return lks_fail(error == cudaErrorMemoryAllocation ? LKS_NOMEM : LKS_DEVICE,
                    "cuda:%d: %s: %s", device, what, cudaGetErrorString(error));
}

void lks_nccl_flight_init(lks_nccl_flight *self)
{
    pthread_mutex_init(&self->lock, NULL);
    pthread_mutex_init(&self->calls, NULL);
    self->last = &self->first;
}

static void free_all(lks_nccl_op *op)
{
    while (op) {
        lks_nccl_op *next = op->next;

        if (op->started)
            cudaEventDestroy(op->started);
        if (op->finished)
            cudaEventDestroy(op->finished);
        lks_free(op);
        op = next;
    }
}

void lks_nccl_flight_release(lks_nccl_flight *self)
{
    free_all(self->first);
    free_all(self->spare);
    pthread_mutex_destroy(&self->lock);
    pthread_mutex_destroy(&self->calls);
}

/* ---- failure ---- */

lks_status lks_nccl_flight_check(lks_nccl_flight *self)
{
    if (!atomic_load(&self->has_failed))
        return LKS_OK;
    atomic_store(&self->is_noticed, true);
    lks_error_clear(); /* what followed from it */
    return lks_fail(LKS_COMM, "%s", self->text);
}

lks_status lks_nccl_flight_fail(lks_nccl_flight *self, const char *format, ...)
{
    va_list args;

    pthread_mutex_lock(&self->lock);
    if (!atomic_load(&self->has_failed)) {
        va_start(args, format);
        vsnprintf(self->text, sizeof self->text, format, args);
        va_end(args);
        atomic_store(&self->has_failed, true);
    }
    pthread_mutex_unlock(&self->lock);
    return LKS_COMM;
}

/* "all-gather of bucket 3, step 120" */
static const char *describe(const lks_nccl_op *op, char *out)
{
    static const char *const names[] = {
        [LKS_NCCL_ALL_REDUCE] = "all-reduce",
        [LKS_NCCL_EXCHANGE] = "exchange",
        [LKS_NCCL_ALL_GATHER] = "all-gather",
    };

    if (op->step)
        snprintf(out, OP_TEXT, "%s of bucket %d, step %" PRIu64, names[op->kind],
                 op->bucket, op->step);
    else
        snprintf(out, OP_TEXT, "%s before the first step", names[op->kind]);
    return out;
}

lks_status lks_nccl_flight_fail_as(lks_nccl_flight *self, const lks_nccl_op *op,
                                   ncclResult_t result)
{
    const char *last = self->nccl->GetLastError(self->comm);
    const bool has_last = last && *last;
    char text[OP_TEXT];

    (void)lks_nccl_flight_fail(self, "%s%sNCCL: %s%s%s", op ? describe(op, text) : "",
                               op ? ": " : "", self->nccl->GetErrorString(result),
                               has_last ? ": " : "", has_last ? last : "");
    return LKS_COMM;
}

/* ---- calls ---- */

lks_status lks_nccl_flight_enter(lks_nccl_flight *self)
{
    LKS_TRY(lks_nccl_flight_check(self));
    pthread_mutex_lock(&self->calls);
    if (!atomic_load(&self->has_failed))
        return LKS_OK;
    pthread_mutex_unlock(&self->calls);
    return lks_nccl_flight_check(self);
}

void lks_nccl_flight_leave(lks_nccl_flight *self)
{
    pthread_mutex_unlock(&self->calls);
}

/* ---- operations ---- */

/* What CUDA has to say against it is told by the thread's next wait. */
static bool is_over(const lks_nccl_op *op)
{
    return cudaEventQuery(op->finished) != cudaErrorNotReady;
}

static void take_off_what_is_over(lks_nccl_flight *self)
{
    while (self->first && is_over(self->first)) {
        lks_nccl_op *op = self->first;

        self->first = op->next;
        if (!self->first)
            self->last = &self->first;
        op->turn++;
        op->next = self->spare;
        self->spare = op;
    }
}

static lks_status create_op(const lks_nccl_flight *self, lks_nccl_op **out)
{
    lks_nccl_op *op = lks_calloc(1, sizeof *op);
    lks_status st;

    if (!op)
        return LKS_NOMEM;
    LKS_GO(lks_nccl_cuda(self->device, "cudaEventCreateWithFlags",
                         cudaEventCreateWithFlags(&op->started, cudaEventDisableTiming)));
    LKS_GO(
        lks_nccl_cuda(self->device, "cudaEventCreateWithFlags",
                      cudaEventCreateWithFlags(&op->finished, cudaEventDisableTiming)));
    *out = op;
    return LKS_OK;
cleanup:
    free_all(op);
    return st;
}

lks_status lks_nccl_flight_begin(lks_nccl_flight *self, lks_nccl_op **out)
{
    lks_nccl_op *op;
    lks_status st;

    pthread_mutex_lock(&self->lock);
    take_off_what_is_over(self);
    if ((op = self->spare))
        self->spare = op->next;
    pthread_mutex_unlock(&self->lock);
    if (!op)
        LKS_TRY(create_op(self, &op));
    op->next = NULL;
    op->since_s = 0;
    *out = op;
    st = lks_nccl_cuda(self->device, "cudaEventRecord",
                       cudaEventRecord(op->started, self->stream));
    if (st != LKS_OK)
        free_all(op);
    return st;
}

lks_status lks_nccl_flight_end(lks_nccl_flight *self, lks_nccl_op *op)
{
    const lks_status st = lks_nccl_cuda(self->device, "cudaEventRecord",
                                        cudaEventRecord(op->finished, self->stream));

    pthread_mutex_lock(&self->lock);
    *self->last = op;
    self->last = &op->next;
    pthread_mutex_unlock(&self->lock);
    return st;
}

/* ---- looking ---- */

/* The first that is not over, if its own device has come to it: a copy. */
static bool find_waiting(lks_nccl_flight *self, double now_s, lks_nccl_op *out)
{
    bool found;

    pthread_mutex_lock(&self->lock);
    take_off_what_is_over(self);
    found = self->first && cudaEventQuery(self->first->started) == cudaSuccess;
    if (found) {
        if (self->first->since_s == 0)
            self->first->since_s = now_s;
        *out = *self->first;
    }
    pthread_mutex_unlock(&self->lock);
    return found;
}

void lks_nccl_flight_look(lks_nccl_flight *self, double now_s)
{
    ncclResult_t result = ncclSuccess;
    lks_nccl_op waiting;
    char text[OP_TEXT];

    cudaSetDevice(self->device); /* or a thread's first call settles on cuda:0 */
    const bool waits = find_waiting(self, now_s, &waiting);
    if (pthread_mutex_trylock(&self->calls) ==
        0) { /* a call that hangs is looked at, too */
        if (!atomic_load(&self->has_failed))
            self->nccl->CommGetAsyncError(self->comm, &result);
        if (result != ncclSuccess && result != ncclInProgress)
            lks_nccl_flight_fail_as(self, waits ? &waiting : NULL, result);
        pthread_mutex_unlock(&self->calls);
    }
    if (waits && now_s - waiting.since_s >= self->timeout_s)
        lks_nccl_flight_fail(self,
                             "%s does not come to its end (%.0f s): NCCL waits for "
                             "the other replicas",
                             describe(&waiting, text), now_s - waiting.since_s);
}
