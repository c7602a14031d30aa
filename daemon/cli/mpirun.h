/* What Open MPI's mpirun must be told, and what it tells: the only file that knows its
 * options and its English. source: mpirun(1) of Open MPI 4.1 and 5.0. */
#ifndef LKS_DAEMON_CLI_MPIRUN_H
#define LKS_DAEMON_CLI_MPIRUN_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/cli/strings.h"

typedef struct lks_mpirun_plan {
    const char *mpirun, *worker; /* paths of the programs */
    const char *job, *run_dir;
    uint32_t ranks;              /* 0: one on every slot of the hosts */
    uint32_t cores;              /* of this host, that we may use */
    const char *host, *hostfile; /* NULL: this host alone */
    const lks_strings *set;      /* for the worker */
    const lks_strings *extra;    /* for mpirun, from the person */
} lks_mpirun_plan;

/* The command line, added to *out. */
lks_status lks_mpirun_argv(const lks_mpirun_plan *plan, lks_strings *out);

/* The environment for mpirun, added to *out: `envp` without what an enclosing MPI job
 * left in it (it would make the ranks join that job), and with leave to run as root and
 * LOCKSTEP_TTY, which tells rank 0 whether a person's terminal shows its output. */
lks_status lks_mpirun_env(char *const *envp, bool is_root, bool is_tty, lks_strings *out);

/* What mpirun said about the run's end. */
typedef struct lks_mpirun_news {
    int rank;          /* the first to end badly, or -1 */
    int signal_number; /* that ended it, or 0 */
    int exit_code;     /* its own, where no signal did; or -1 */
    char host[128];    /* where it ran, "" if not told */
    char refusal[256]; /* why no rank was started, "" if they were */
} lks_mpirun_news;

void lks_mpirun_news_init(lks_mpirun_news *news);

/* Learn from one line of mpirun's standard error, without its newline. */
void lks_mpirun_news_read(lks_mpirun_news *news, const char *line);

#endif
