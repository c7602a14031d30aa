/* What there is once a rank during a run, grouped by what makes it: the job, the world,
 * the data, the replicas, the run's directory with the coordinator. Start-up fills it in
 * the order of start.c's table; afterwards its replicas' threads read it, and only the
 * first replica's changes anything. Private to the rank: the worker's own .c files. */
#ifndef LKS_WORKER_SESSION_H
#define LKS_WORKER_SESSION_H

#include <stdatomic.h>

#include "base/shard_plan.h"
#include "data/data_record.h"
#include "proto/job.h"
#include "proto/run_dir.h"
#include "proto/sign.h"
#include "worker/comm/comm_local.h"
#include "worker/comm/comm_nccl.h"
#include "worker/devices.h"
#include "worker/host_coordinator.h"
#include "worker/opening.h"
#include "worker/replica.h"
#include "worker/splits.h"
#include "worker/vocabularies.h"
#include "worker/worker.h"
#include "worker/world.h"

/* The ranks, and what this one has to compute with. */
typedef struct lks_session_world {
    lks_comm *ranks; /* for the main thread, until the replicas live */
    lks_placement placement;
    lks_devices devices;
} lks_session_world;

/* What is trained on, shared by the rank's replicas, and the steps that it makes. */
typedef struct lks_session_data {
    lks_opening opening_train, opening_test;
    lks_vocabularies vocabularies; /* of text to train on */
    lks_splits splits;
    lks_data_record record;     /* of a trained model: what its data are read by */
    const lks_dataset *applied; /* of these, what a trained model is used on */
    lks_step_plan steps;
    uint64_t n_steps;
} lks_session_data;

/* The replicas, and what lies between them. */
typedef struct lks_session_replicas {
    lks_replica *items; /* [n], NULL before the world is open */
    int n;
    lks_mail *mail;          /* where there are several */
    lks_link *link;          /* of those with other ranks' */
    lks_nccl_watch *watch;   /* where they are on GPUs that meet over NCCL */
    _Atomic bool is_leaving; /* one leaves alone, and takes the others along */
} lks_session_replicas;

/* Where the run has its files, and who leads it. */
typedef struct lks_session_place {
    lks_run_dir dir; /* its path is "" until there is one */
    lks_host *host;  /* the coordinator: rank 0 */
} lks_session_place;

/* How far it has come. */
typedef struct lks_session_course {
    int exit_code; /* that goes with a failure */
    _Atomic bool has_started;
    lks_stage stage;           /* of start-up; the main thread's */
    double at_s[LKS_N_STAGES]; /* when it came to each */
    double leaving_s;          /* when the end began */
} lks_session_course;

typedef struct lks_session {
    const lks_worker_options *options;
    lks_job job; /* as asked for; what it leaves to the launch is settled at start-up */
    bool has_job;
    uint64_t job_hash;
    lks_session_world world;
    lks_session_data data;
    lks_session_replicas replicas;
    lks_session_place place;
    lks_session_course course;
} lks_session;

/* Everything but the ranks' communicator, once no replica lives. NULLs are fine. */
void lks_session_release(lks_session *session);

#endif
