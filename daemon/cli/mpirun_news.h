/* What Open MPI's mpirun tells of a run: the only file that knows its English.
 * source: the help texts of Open MPI 4.1. */
#ifndef LKS_DAEMON_CLI_MPIRUN_NEWS_H
#define LKS_DAEMON_CLI_MPIRUN_NEWS_H

#include <stdbool.h>

/* What the guard says at its end, with a signal's number behind it: mpirun itself could
 * say nothing any more; somebody else than the command has asked the guard to end. */
#define LKS_MPIRUN_KILLED "guard: mpirun was killed by signal "
#define LKS_GUARD_ASKED   "guard: asked to end by signal "

/* What mpirun said about the run's end. Texts are "" where there are none. */
typedef struct lks_mpirun_news {
    int rank;              /* the first to end badly, or -1 */
    int signal_number;     /* that ended it, or 0 */
    int exit_code;         /* its own, where no signal did; or -1 */
    char host[128];        /* where it ran */
    bool tells_states;     /* of its processes, so the next two are known at once */
    int killed_rank;       /* the first to die of a signal, or -1 */
    int left_rank;         /* the first to exit with another status than 0, or -1 */
    bool is_aborting;      /* one ended badly, so it ends the others */
    int caught_signal;     /* a process of the run said that it had met, or 0 */
    int caught_pid;        /* which one, */
    char caught_host[128]; /* and where */
    char lost_host[128];   /* mpirun reaches its daemon there no more */
    char refusal[256];     /* why no rank was started */
    char trouble[256];     /* an error of its own, which need not be the end */
    char first[256];       /* the first line that says anything */
    int own_signal;        /* that ended mpirun itself, or 0 */
    int asked_signal;      /* to the guard, or 0 */
    bool is_foreign;       /* another MPI's launcher, not Open MPI's */
} lks_mpirun_news;

void lks_mpirun_news_init(lks_mpirun_news *news);

/* Learn from one line of mpirun's standard error, without its newline. */
void lks_mpirun_news_read(lks_mpirun_news *news, const char *line);

/* The same of its news of states, one a line for each process, which nobody is to see.
 * False: the line is none. */
bool lks_mpirun_news_read_state(lks_mpirun_news *news, const char *line);

/* Read what the guard says. False: the line is not the guard's. */
bool lks_mpirun_news_read_guard(lks_mpirun_news *news, const char *line);

/* Whether mpirun has said that the run is over. */
bool lks_mpirun_news_is_end(const lks_mpirun_news *news);

#endif
