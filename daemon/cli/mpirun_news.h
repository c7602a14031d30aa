/* What Open MPI's mpirun tells of a run: the only file that knows its English.
 * source: the help texts of Open MPI 4.1. */
#ifndef LKS_DAEMON_CLI_MPIRUN_NEWS_H
#define LKS_DAEMON_CLI_MPIRUN_NEWS_H

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
