/* A replica: one copy of the model on one device, and what trains it there, in a thread
 * of its own, the first in the rank's main thread. */
#ifndef LKS_WORKER_REPLICA_H
#define LKS_WORKER_REPLICA_H

#include <pthread.h>
#include <stdatomic.h>

#include "kernels.h"
#include "optim/schedule.h"
#include "train/trainer.h"
#include "worker/console.h"
#include "worker/metrics.h"
#include "worker/report.h"

struct lks_session;
struct lks_meeting; /* meet.c's */

/* What is known of a replica's device where it is a GPU. */
typedef struct lks_gpu {
    char model[64];      /* "": it is none */
    uint64_t free_bytes; /* of its memory, once all but the steps' own is there */
    uint64_t total_bytes;
} lks_gpu;

/* In the order in which start-up makes it. Its thread's own, but for the pulse. */
typedef struct lks_replica {
    struct lks_session *session; /* of its rank: read by all, changed by the first */
    lks_comm *comm;              /* its `rank` is this replica's number in the world */
    lks_comm *host_comm;         /* what that stands on, where it is NCCL's */
    lks_device device;
    lks_gpu gpu;           /* if that is one */
    lks_console console;   /* shown by replica 0 */
    int exit_code;         /* that goes with a failure */
    bool is_alone;         /* in a failure in the middle of a step */
    _Atomic bool is_stuck; /* the watch has said so, and takes the process along */

    lks_feed train, validation, test; /* the latter: zero if the job has none */
    lks_feed applied;                 /* what a trained model is used on */
    lks_model *model;
    const lks_loss *loss;
    lks_optim *optim;
    lks_schedule *schedule; /* NULL: the learning rate stays */
    lks_trainer *trainer;
    uint64_t weights_hash; /* at the start */

    struct lks_prediction *prediction; /* replica 0's, where it predicts */

    struct lks_meeting *meeting; /* while it meets the others */
    lks_metrics *metrics;        /* replica 0 */
    lks_pulse pulse;
    lks_reporter *reporter;

    pthread_t thread; /* but for the first */
    lks_status st;    /* how its life ended */
} lks_replica;

/* Whether it is the first of its rank, which does what is done once a rank. */
bool lks_replica_is_first(const lks_replica *replica);

/* All steps with their reports and evaluations, and the final weights. LKS_CANCELLED:
 * stopped on request. All replicas return alike, except for LKS_COMM and a failure of
 * this replica's own in the middle of a step, which leave the others waiting:
 * replica->is_alone in the middle of a step. */
lks_status lks_train(lks_replica *replica);

/* Without its communicator over NCCL again; by each replica's thread, for they end it
 * together. */
void lks_replica_part(lks_replica *replica);

/* The watch's (lks_comm_nccl_options): the replica's thread is stuck, so the process ends
 * here. Returns if it is about to end anyway. */
void lks_replica_is_stuck(void *replica, const char *text);

/* What it has made, and its communicator unless that is the ranks'. NULLs are fine. */
void lks_replica_release(lks_replica *replica);

/* ---- its device, if that is a GPU, where it can be used; else these do nothing ---- */

/* "NVIDIA H100 80GB HBM3", of a CPU "avx2", or "". */
void lks_replica_name_kind(const lks_replica *replica, char *out, size_t size);
/* What it is, and in the end what was used of it, into the log. */
void lks_replica_log_gpu_at_start(const lks_replica *replica);
void lks_replica_log_gpu(const lks_replica *replica, const lks_device_work *step);

/* What the calling thread has had the replica's device do; nothing where it does not
 * count. And between two such. */
lks_device_work lks_replica_work(const lks_replica *replica);
lks_device_work lks_work_between(lks_device_work before, lks_device_work after);

/* The status of a start or a step that failed: the standing error names the rank if
 * nobody else will, and, where the GPU's memory ran out, what would have fit, which a
 * small batch tells. The replica trains no more. */
lks_status lks_replica_explain_gpu(lks_replica *replica, lks_status st);

#endif
