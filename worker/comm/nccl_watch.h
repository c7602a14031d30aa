/* A thread, one a process, that sees to it that nobody waits for NCCL for ever: it looks
 * at what the communicators of the process have under way. One that has failed, or has an
 * operation that does not end in time, is aborted, at which its thread comes back from
 * CUDA and finds it failed; if that thread waits for something else, its on_stuck is
 * called. */
#ifndef LKS_WORKER_COMM_NCCL_WATCH_H
#define LKS_WORKER_COMM_NCCL_WATCH_H

#include <stdbool.h>

#include "base/status.h"

struct lks_nccl_flight;
typedef struct lks_nccl_watch lks_nccl_watch;

lks_status lks_nccl_watch_start(lks_nccl_watch **out);
/* It has nothing to look at any more; NULL is fine. */
void lks_nccl_watch_stop(lks_nccl_watch *watch);

/* From the time the communicator is made until it is destroyed. The remover learns
 * whether NCCL's communicator was aborted, and so is gone. */
void lks_nccl_watch_add(lks_nccl_watch *watch, struct lks_nccl_flight *flight);
bool lks_nccl_watch_remove(lks_nccl_watch *watch, struct lks_nccl_flight *flight);

#endif
