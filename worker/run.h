/* Everything a rank holds during a run, in the order in which start-up makes it. Private
 * to worker.c, start.c and train.c. */
#ifndef LKS_WORKER_RUN_H
#define LKS_WORKER_RUN_H

#include "proto/job.h"
#include "worker/console.h"
#include "worker/host_coordinator.h"
#include "worker/metrics.h"
#include "worker/opening.h"
#include "worker/report.h"
#include "proto/run_dir.h"
#include "worker/step.h"
#include "worker/worker.h"
#include "worker/world.h"

typedef struct lks_run {
    const lks_worker_options *options;
    int exit_code; /* that goes with a failure */
    bool is_alone; /* in a failure in the middle of a step */
    bool has_started;
    double started_s;

    lks_job job;
    bool has_job;
    lks_comm *comm;
    lks_placement placement;
    lks_console console;

    lks_device device;
    lks_opening opening_train, opening_test;
    lks_dataset *train, *test; /* test: NULL if the job has none */
    lks_model *model;
    const lks_loss *loss;
    lks_optim *optim;
    lks_lanes *lanes;
    lks_losses *losses;
    lks_loader *loader;
    lks_lane_plan lane_plan;
    uint64_t n_steps;

    lks_run_dir dir;      /* its path is "" until there is one */
    lks_metrics *metrics; /* rank 0 */
    lks_host *host;       /* rank 0 */
    lks_pulse pulse;
    lks_reporter *reporter;
} lks_run;

/* From the options to a run that can take its first step. Called by all ranks, all return
 * alike, except for LKS_COMM (see world.h) and a failure without a communicator, which
 * the others do not know of. On failure whatever was made is released by lks_run_release.
 */
lks_status lks_run_start(lks_run *run, const lks_worker_options *options);

/* The job read, with its data's folder made absolute. */
lks_status lks_run_read_job(lks_run *run);

/* Data and what is made from them: as far as a check goes. */
lks_status lks_run_open_data(lks_run *run);
lks_status lks_run_make_model(lks_run *run);

/* All steps with their reports and evaluations, and the final weights. LKS_CANCELLED:
 * stopped on request. All ranks return alike, except for LKS_COMM and a failure of this
 * rank's own in the middle of a step, which leave the others waiting: run->is_alone in
 * the middle of a step. */
lks_status lks_train(lks_run *run);

/* Everything but the communicator. NULLs are fine. */
void lks_run_release(lks_run *run);

#endif
