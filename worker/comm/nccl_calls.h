/* How operations of the communicator of GPUs come into its stream: the calls of NCCL that
 * each of them is, in front of which the stream waits for the replica's thread.
 *
 * Private to comm_nccl.c, whose structs stand here. */
#ifndef LKS_WORKER_COMM_NCCL_CALLS_H
#define LKS_WORKER_COMM_NCCL_CALLS_H

#include "train/comm.h"
#include "worker/comm/nccl_flight.h"
#include "worker/comm/nccl_watch.h"

typedef enum lks_nccl_request_state {
    LKS_NCCL_ON_HOST, /* `host` has it */
    LKS_NCCL_PLANNED, /* a message of the next group */
    LKS_NCCL_QUEUED,  /* `op` has it */
} lks_nccl_request_state;

struct lks_request {
    lks_nccl_request_state state;
    lks_request *next; /* among the planned ones, in their order, or the free ones */
    lks_request *host;
    lks_nccl_op *op;
    uint64_t turn; /* of op */
    /* A message. */
    bool is_sent;
    int peer;
    void *data;
    size_t n_bytes;
};

typedef struct lks_comm_nccl {
    lks_comm base;
    lks_comm *host;
    lks_nccl_watch *watch;
    const lks_nccl *nccl;
    lks_nccl_flight flight;
    cudaEvent_t reached; /* how far a stream was when another one was let wait for it */
    bool has_joined, is_aside;
    lks_request *planned, **last_planned, *free_requests;
} lks_comm_nccl;

/* What is to be queued. */
typedef struct lks_nccl_task {
    lks_nccl_kind kind;
    const lks_view *values;         /* of collectives */
    const size_t *offsets, *counts; /* of an all-gather: [size] */
    const lks_request *messages;    /* of an exchange */
} lks_nccl_task;

/* Queue it behind what the thread has queued. LKS_COMM: the communicator has failed. */
lks_status lks_nccl_queue(lks_comm_nccl *self, const lks_nccl_task *task,
                          lks_nccl_op **out);

/* The communicator's stream runs on where the thread's is now. */
lks_status lks_nccl_follow_thread(lks_comm_nccl *self);

/* Poll what NCCL does by itself, until it is done or the time is over. */
ncclResult_t lks_nccl_poll(lks_comm_nccl *self, ncclResult_t result, double timeout_s);

#endif
