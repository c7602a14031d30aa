/* How a run ended: judged from what its ranks, mpirun and the watch have said, and put
 * into one line. Pure. */
#ifndef LKS_DAEMON_CLI_RUN_END_H
#define LKS_DAEMON_CLI_RUN_END_H

#include <stdbool.h>

#include "daemon/cli/metrics_tail.h"
#include "daemon/cli/run_output.h"

/* All that is known when nothing of the run is left. Texts are "" where there are none.
 */
typedef struct lks_run_facts {
    const lks_run_output *output;
    const lks_metrics_tail *tail;
    const char *run_dir;
    const char *watched; /* why the watch ended it */
    const char *limits;  /* of this host that may be the reason of a start that failed */
    int exit_status,
        signal_number; /* of the guard: mpirun's own, and 0 unless it was killed */
    const lks_sign *lost_rank_0; /* the others have left since it is gone; or NULL */
    const lks_sign *killed_rank; /* that of mpirun's news, where it was heard; or NULL */
    int crashed_rank;            /* that has told of a signal itself, or -1 */
    bool is_errand;              /* no run: it has no weights, and its log goes with it */
    int output_error;            /* the errno for which standard output has lost bytes */
    bool is_interrupted;         /* a signal came to us before an end or an error */
    bool has_weights;
    bool is_local;       /* all ranks were on this host */
    bool has_no_mpirun;  /* the guard started the one rank itself: mpirun's end is its */
    bool memory_ran_out; /* the kernel has killed a process for want of it meanwhile */
    double seconds;
} lks_run_facts;

typedef struct lks_run_end {
    const char *state; /* "succeeded", "failed" or "interrupted" */
    const char *cause; /* a word for programs; "" where it succeeded */
    int exit_status;   /* of the command */
    int rank;          /* at fault, or -1 */
    int signal_number; /* that ended it, or 0 */
    char host[128];
    char line[2600]; /* for people, without "lockstep: " */
} lks_run_end;

void lks_run_end_judge(const lks_run_facts *facts, lks_run_end *out);

/* Whether nothing more can be learnt from the log. */
bool lks_run_end_says_all(const lks_run_facts *facts);

#endif
