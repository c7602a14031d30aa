/* What Open MPI's mpirun must be told: the only file that knows its options. What it
 * tells is mpirun_news.h's. source: mpirun(1) of Open MPI 4.1 and 5.0. */
#ifndef LKS_DAEMON_CLI_MPIRUN_H
#define LKS_DAEMON_CLI_MPIRUN_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/cli/strings.h"

typedef struct lks_mpirun_plan {
    const char *mpirun, *worker; /* paths of the programs */
    const char *job, *run_dir;
    const lks_strings *errand; /* words for the worker, in place of the directory; job is
                                  a run then; or NULL */
    uint32_t ranks;            /* 0: one on every slot of the hosts */
    const char *host, *hostfile; /* NULL: this host alone */
    const char *devices;         /* for the worker, or NULL */
    const lks_strings *set;      /* for it as well */
    const lks_strings *extra;    /* for mpirun, from the person */
    bool is_preloaded;           /* mpirun has an LD_PRELOAD that is not for the ranks */
} lks_mpirun_plan;

/* Whether a person's arguments for mpirun keep what the ranks print from us, or give it
 * another form: no sign of life is heard then. */
bool lks_mpirun_hides_output(const lks_strings *extra);

/* The command line, added to *out; or its end alone, by which the worker runs without
 * mpirun. */
lks_status lks_mpirun_argv(const lks_mpirun_plan *plan, lks_strings *out);
lks_status lks_mpirun_worker_argv(const lks_mpirun_plan *plan, lks_strings *out);

/* What the guard has to load mpirun with. */
#define LKS_LOOPBACK_VARIABLE "LOCKSTEP_LOOPBACK"

typedef struct lks_mpirun_setting {
    bool is_root;  /* mpirun wants to be told that root means it */
    bool is_tty;   /* a terminal that redraws shows the output: LOCKSTEP_TTY for rank 0 */
    bool is_local; /* all ranks are on this host */
    bool has_shared_memory; /* and there is room in it for them */
    const char *loopback;   /* for mpirun to be loaded with, or NULL */
    const char *session;    /* the folder of Open MPI's own files on this host */
    const char *memory;     /* the name of the folder of its shared memory on each host */
} lks_mpirun_setting;

/* The environment for mpirun, added to *out: `envp` without what an enclosing MPI job
 * left in it (it would make the ranks join that job), and with what `setting` asks for. A
 * person's own settings of MCA parameters stay, and win. */
lks_status lks_mpirun_env(char *const *envp, const lks_mpirun_setting *setting,
                          lks_strings *out);

#endif
