/* What a rank holds during a run, and its replicas: each copies the model to a device and
 * trains it in a thread of its own, the first in the rank's main thread. Private to
 * worker.c, start.c, join.c, replica.c, gpu.c, meet.c and train.c. */
#ifndef LKS_WORKER_RUN_H
#define LKS_WORKER_RUN_H

#include <pthread.h>
#include <stdatomic.h>

#include "kernels.h"
#include "proto/job.h"
#include "proto/run_dir.h"
#include "worker/comm/comm_local.h"
#include "worker/comm/comm_nccl.h"
#include "worker/console.h"
#include "worker/devices.h"
#include "worker/host_coordinator.h"
#include "worker/metrics.h"
#include "worker/opening.h"
#include "worker/report.h"
#include "train/step.h"
#include "worker/worker.h"
#include "worker/world.h"

typedef struct lks_run lks_run;

/* What is known of a replica's device where it is a GPU. */
typedef struct lks_gpu {
    char model[64];      /* "": it is none */
    uint64_t free_bytes; /* of its memory, once all but the steps' own is there */
    uint64_t total_bytes;
} lks_gpu;

/* One copy of the model on one device, in the order in which start-up makes it. Its
 * thread's own, but for the pulse. */
typedef struct lks_replica {
    lks_run *run;        /* of its rank: read by all replicas, changed by the first */
    lks_comm *comm;      /* its `rank` is this replica's number in the world */
    lks_comm *host_comm; /* what that stands on, where it is NCCL's */
    lks_device device;
    lks_gpu gpu;           /* if that is one */
    lks_console console;   /* shown by replica 0 */
    int exit_code;         /* that goes with a failure */
    bool is_alone;         /* in a failure in the middle of a step */
    _Atomic bool is_stuck; /* the watch has said so, and takes the process along */

    lks_feed train, test; /* test: zero if the job has none */
    lks_model *model;
    const lks_loss *loss;
    lks_optim *optim;
    lks_lanes *lanes;
    lks_losses *losses;
    lks_tape *tape; /* NULL: steps are not recorded */
    lks_loader *loader;
    lks_lane_plan lane_plan;

    lks_metrics *metrics; /* replica 0 */
    lks_pulse pulse;
    lks_reporter *reporter;

    pthread_t thread; /* but for the first */
    lks_status st;    /* how its life ended */
} lks_replica;

/* What there is once a rank. */
struct lks_run {
    const lks_worker_options *options;
    int exit_code; /* that goes with a failure */
    _Atomic bool has_started;
    double started_s;

    lks_job job;
    bool has_job;
    lks_devices devices;
    lks_comm *ranks; /* for the main thread, until the replicas live */
    lks_placement placement;
    lks_opening opening_train, opening_test;
    lks_dataset *train, *test; /* test: NULL if the job has none */
    lks_step_plan steps;
    uint64_t n_steps;
    double job_s, world_s; /* when start-up had come so far */
    double leaving_s;      /* when the end began */

    lks_run_dir dir;       /* its path is "" until there is one */
    lks_host *host;        /* rank 0 */
    lks_mail *mail;        /* between the replicas, where there are several */
    lks_link *link;        /* of those with other ranks' */
    lks_nccl_watch *watch; /* where they are on GPUs that meet over NCCL */
    lks_replica *replicas; /* [n_replicas], NULL before the world is open */
    int n_replicas;
    _Atomic bool is_leaving; /* a replica leaves alone, and takes the others along */
};

/* From the options to a rank whose replicas can live: the job, the world, the data.
 * Called by all ranks, all return alike, except for LKS_COMM (see world.h) and a failure
 * without a communicator, which the others do not know of. On failure whatever was made
 * is released by lks_run_release. */
lks_status lks_run_start(lks_run *run, const lks_worker_options *options);

/* The job read, with its data's folder made absolute. */
lks_status lks_run_read_job(lks_run *run);

/* Which devices this rank would have if it were alone. */
lks_status lks_run_choose_devices(lks_run *run);

/* Data, and the steps they make: as far as a check goes. */
lks_status lks_run_open_data(lks_run *run);

/* Replicas without communicators, one a device. */
lks_status lks_run_make_replicas(lks_run *run);

/* train.collectives: what GPUs meet over. By all ranks. */
lks_status lks_run_settle_collectives(lks_run *run);

/* If that is NCCL, a communicator of it on top of the replica's. By all replicas, as
 * lks_run_start. */
lks_status lks_replica_join(lks_replica *replica);
/* Without it again; by each replica's thread, for they end it together. */
void lks_replica_part(lks_replica *replica);

/* The watch's (lks_comm_nccl_options): the replica's thread is stuck, so the process ends
 * here. Returns if it is about to end anyway. */
void lks_replica_is_stuck(void *replica, const char *text);

/* Everything but the ranks' communicator, once no replica lives. NULLs are fine. */
void lks_run_release(lks_run *run);

/* From a rank that has started to a replica that can take its first step, known to the
 * coordinator. Called by all replicas of the run; as lks_run_start. */
lks_status lks_replica_start(lks_replica *replica);

/* The model with its optimiser: as far as a check goes. */
lks_status lks_replica_make_model(lks_replica *replica);

/* Whether it is the first of its rank, which does what is done once a rank. */
bool lks_replica_is_first(const lks_replica *replica);

/* Of its device, if that is a GPU, where it can be used; else all of these do nothing. */
lks_status lks_replica_open_gpu(lks_replica *replica);
/* "NVIDIA H100 80GB HBM3", of a CPU "avx2", or "". */
void lks_replica_name_kind(const lks_replica *replica, char *out, size_t size);
/* All that a replica keeps is there now. */
lks_status lks_replica_note_gpu(lks_replica *replica);
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

/* What it has made, and its communicator unless that is the ranks'. NULLs are fine. */
void lks_replica_release(lks_replica *replica);

/* The run directory, the coordinator, and this replica's link to it. */
lks_status lks_replica_meet(lks_replica *replica);

/* All steps with their reports and evaluations, and the final weights. LKS_CANCELLED:
 * stopped on request. All replicas return alike, except for LKS_COMM and a failure of
 * this replica's own in the middle of a step, which leave the others waiting:
 * replica->is_alone in the middle of a step. */
lks_status lks_train(lks_replica *replica);

/* The exit status of a failure: what the job says about itself is its author's to mend.
 */
int lks_exit_code_of(lks_status st);

#endif
