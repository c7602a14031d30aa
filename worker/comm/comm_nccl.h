/* The communicator of replicas on GPUs: what stands on cuda goes through NCCL, in a
 * stream of its own; what stands in the host's memory, through the communicator that this
 * one is put on, over the same replicas.
 *
 * Nothing here waits for a GPU but its beginning and end: an operation is queued behind
 * what its thread has queued, and `wait` has the thread's queue wait. What never ends, or
 * ends badly, is found by the watch (nccl_watch.h).
 *
 * Sends and receives are queued as one group, by the first test, wait or collective of
 * the device's after them: alone each would wait for its peer in the stream, and
 * two that send to each other for ever. All replicas group alike. */
#ifndef LKS_WORKER_COMM_COMM_NCCL_H
#define LKS_WORKER_COMM_COMM_NCCL_H

#include <stdbool.h>

#include "train/comm.h"
#include "worker/comm/nccl_watch.h"

/* LKS_STATE: NCCL is not installed, or this program was built without it. */
lks_status lks_comm_nccl_find(void);

/* Before it is loaded: what it has to know of the run. A person's own settings stay. */
void lks_comm_nccl_settle(bool one_host);

typedef struct lks_comm_nccl_options {
    lks_comm *host;        /* borrowed, and so is the watch */
    lks_nccl_watch *watch; /* NULL: nobody looks */
    int device;            /* the replica's, of cuda */
    double timeout_s; /* of an operation that waits for the others, and of the start */
    /* Its thread does not come back although it was aborted: called once, by the watch.
     */
    void (*on_stuck)(void *context, const char *text);
    void *context;
} lks_comm_nccl_options;

typedef struct lks_nccl_id {
    char bytes[128];
} lks_nccl_id;

/* By the replica's thread: alone; then with the id, which one of them makes and all need,
 * with all others. Only a communicator that has joined may be used. What fails is
 * LKS_STATE, LKS_DEVICE or LKS_NOMEM: the others have to be told. */
lks_status lks_comm_nccl_create(const lks_comm_nccl_options *options, lks_comm **out);
lks_status lks_comm_nccl_make_id(lks_comm *comm, lks_nccl_id *out);
lks_status lks_comm_nccl_join(lks_comm *comm, const lks_nccl_id *id);

#endif
