/* What a run is to be, decided and made before anything is started: how many ranks, which
 * directory, the private folders of Open MPI, the command line and the environment. */
#ifndef LKS_DAEMON_CLI_RUN_PLAN_H
#define LKS_DAEMON_CLI_RUN_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/cli/args.h"
#include "proto/job.h"
#include "proto/private_folder.h"
#include "proto/run_dir.h"

/* What ranks do with the weights of a run that has ended. They make no run: what they
 * leave behind, their log among it, stands in a private folder, and goes with that. */
typedef struct lks_errand {
    char *run_dir, *job_path; /* that run's */
    lks_strings words;        /* that tell the worker what to do */
    bool reads_input;         /* rank 0 reads our standard input */
} lks_errand;

typedef struct lks_run_plan {
    const lks_args *args;
    const lks_errand *errand; /* borrowed; NULL: a job is run */
    lks_job job;
    bool has_job;   /* it could be read */
    uint32_t ranks; /* 0: one on every slot of the hosts */
    bool is_local;  /* all on this host */
    bool is_alone;  /* one with several devices, a GPU or an errand, here: it needs no
                       mpirun */
    bool redraws;   /* our output is a terminal that can be drawn upon */
    lks_run_dir dir;
    lks_private_folder session, memory; /* Open MPI's files; its shared memory */
    lks_strings argv, envp;             /* of the guard, which starts mpirun */
} lks_run_plan;

#define LKS_RUN_PLAN_NONE                                                                \
    {                                                                                    \
        .session = LKS_PRIVATE_FOLDER_NONE, .memory = LKS_PRIVATE_FOLDER_NONE            \
    }

/* out->errand is set or NULL, the rest as LKS_RUN_PLAN_NONE has it.
 * On failure whatever was made is for lks_run_plan_release as well.
 * LKS_INVALID: the job or the command line is wrong; so it is whatever the error where
 * there is no job. */
lks_status lks_run_plan_make(const lks_args *args, lks_run_plan *out);

/* How many ranks a run on this host would have: --ranks, else one a GPU, else as many as
 * the cores carry. */
uint32_t lks_run_plan_ranks(const lks_args *args, const lks_job *job);

/* The private folders are removed with all that is in them. The run's directory stays,
 * the caller's to discard (runs.h). */
void lks_run_plan_release(lks_run_plan *plan);

/* The folder for temporary files: TMPDIR, TEMP, TMP, else /tmp, as Open MPI has it. */
const char *lks_temp_folder(void);

#endif
