/* What a communicator of NCCL has under way, so that somebody can look whether it ends.
 *
 * Operations go through one stream, one after the other. Each has an event in front,
 * which its own device reaches, and one behind, which it reaches when its peers have
 * come, too:
 *
 *     stream  ... | started | operation | finished | started | operation | finished | ...
 *
 * The communicator's thread adds operations; the watch (nccl_watch.h) looks at the first
 * that is not over, and whether NCCL has an error to tell. One that fails fails the
 * communicator, for good: an aborted operation ends without an error and leaves whatever
 * had come so far, so nothing that is read after it counts (lks_nccl_flight_check).
 *
 * NCCL is called by one thread at a time: between enter and leave. */
#ifndef LKS_WORKER_COMM_NCCL_FLIGHT_H
#define LKS_WORKER_COMM_NCCL_FLIGHT_H

#include <cuda_runtime_api.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "worker/comm/nccl_library.h"

typedef enum lks_nccl_kind {
    LKS_NCCL_ALL_REDUCE,
    LKS_NCCL_EXCHANGE, /* sends and receives */
    LKS_NCCL_ALL_GATHER,
} lks_nccl_kind;

typedef struct lks_nccl_op {
    struct lks_nccl_op *next; /* in the order of the stream, or among the spare ones */
    uint64_t turn; /* how often it was used: a request of an earlier one is over */
    cudaEvent_t started, finished;
    lks_nccl_kind kind;
    uint64_t step;
    int bucket;
    double since_s; /* when it was first seen to wait for others; 0: not yet */
} lks_nccl_op;

typedef struct lks_nccl_flight {
    const lks_nccl *nccl;
    ncclComm_t comm;
    int device; /* of CUDA */
    cudaStream_t stream;
    double timeout_s; /* of an operation that waits for others */

    pthread_mutex_t lock, calls;
    lks_nccl_op *first, **last, *spare;

    _Atomic bool has_failed;
    _Atomic bool is_noticed; /* by the communicator's thread */
    char text[512];          /* why; written before has_failed */

    struct lks_nccl_flight *next; /* the watch's */
    double failed_s;
    pthread_t aborter;
    bool is_aborted, is_told;
    /* The communicator's thread does not notice: this ends the process, if it can. */
    void (*on_stuck)(void *context, const char *text);
    void *context;
} lks_nccl_flight;

/* All members but the lists, locks and flags are set by the caller. */
void lks_nccl_flight_init(lks_nccl_flight *flight);
/* Nothing of it is under way or looked at any more. */
void lks_nccl_flight_release(lks_nccl_flight *flight);

/* The communicator's thread, around the calls that queue an operation: its `kind`, `step`
 * and `bucket` are the caller's to set in between. */
lks_status lks_nccl_flight_begin(lks_nccl_flight *flight, lks_nccl_op **out);
lks_status lks_nccl_flight_end(lks_nccl_flight *flight, lks_nccl_op *op);

/* Around calls of NCCL. LKS_COMM: there is no communicator any more. */
lks_status lks_nccl_flight_enter(lks_nccl_flight *flight);
void lks_nccl_flight_leave(lks_nccl_flight *flight);

/* LKS_COMM with the reason, once it has failed. The communicator's thread. */
lks_status lks_nccl_flight_check(lks_nccl_flight *flight);

/* It has failed, unless it had already; returns as lks_nccl_flight_check. */
lks_status lks_nccl_flight_fail(lks_nccl_flight *flight, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* What NCCL says to `result`: of `op`, or of nothing in particular. */
lks_status lks_nccl_flight_fail_as(lks_nccl_flight *flight, const lks_nccl_op *op,
                                   ncclResult_t result);

/* Any thread: take off what is over, and see how it stands with the first that is not. */
void lks_nccl_flight_look(lks_nccl_flight *flight, double now_s);

/* LKS_OK, or LKS_DEVICE with the device, what was done and CUDA's words. */
lks_status lks_nccl_cuda(int device, const char *what, cudaError_t error);

#endif
