/* The watch over a run from outside: has mpirun come up, have the ranks, does rank 0, in
 * which the coordinator is, still live? It hears signs of life (proto/sign.h), what
 * mpirun is like, and the time; it says when the run cannot go on. Pure: no clock, no
 * process, so its tests take virtual time.
 *
 * From the ranks' meeting on, ranks above 0 are the coordinator's to judge. */
#ifndef LKS_DAEMON_CLI_RUN_WATCH_H
#define LKS_DAEMON_CLI_RUN_WATCH_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/status.h"
#include "daemon/line.h"
#include "proto/sign.h"

/* Durations in seconds. */
typedef struct lks_run_watch_options {
    double now_s;          /* monotonic, as everywhere here */
    double start_s;        /* each rank has begun, and MPI is up, by then */
    double rank_timeout_s; /* rank 0, or mpirun, has stood still for so long: the end */
    double warn_s;         /* the same, to be warned of */
    double linger_s;       /* mpirun has said that the run is over, and is still there */
    double killed_s;       /* a signal killed a rank, and mpirun is still there */
    double lost_s;         /* a rank is lost, and mpirun knows of no death */
    double end_s;          /* rank 0 is done, and mpirun is still there */
    uint32_t n_ranks;      /* 0: not known before the first sign */
    bool hears_signs;      /* false: the person keeps the ranks' output elsewhere */
} lks_run_watch_options;

/* What is seen on this host at a look. */
typedef struct lks_run_sight {
    double now_s;
    bool is_deaf;             /* mpirun's output is not read just now */
    bool is_held;             /* whoever reads ours takes none of it: mpirun cannot end */
    bool mpirun_has_said_end; /* a refusal, a death */
    bool a_rank_was_killed;   /* mpirun, or its own last word, says so */
    bool a_rank_is_lost;      /* the coordinator has said so, or mpirun of its host */
    bool rank_0_is_gone;      /* its process on this host has ended before it was done */
    bool mpirun_has_trouble;  /* an error, which is the end only before the ranks train */
    pid_t mpirun;             /* 0: not known */
    char mpirun_state;        /* as in proc(5); '\0': not known */
    pid_t (*find_stopped)(const void *context); /* some stopped process, 0: none */
    const void *context;
} lks_run_sight;

typedef enum lks_run_verdict {
    LKS_RUN_GOES_ON,
    LKS_RUN_WARNS,   /* tell the line, once */
    LKS_RUN_IS_OVER, /* end it; the line says why, empty where mpirun's words do */
} lks_run_verdict;

typedef struct lks_run_watch lks_run_watch;

lks_status lks_run_watch_create(const lks_run_watch_options *options,
                                lks_run_watch **out);
void lks_run_watch_destroy(lks_run_watch *watch);

/* A rank lives. Signs of more ranks than memory could be had for are ignored. */
void lks_run_watch_hear(lks_run_watch *watch, const lks_sign *sign, double now_s);

/* A rank as it was heard last, NULL if it never was. */
const lks_sign *lks_run_watch_rank(const lks_run_watch *watch, int rank);

/* Rank 0, where it is gone: seen by us, or told by the others, who then leave; or NULL.
 */
const lks_sign *lks_run_watch_lost_rank_0(const lks_run_watch *watch);

/* The rank that is this process, -1 where none has said so. */
int lks_run_watch_rank_of(const lks_run_watch *watch, const char *host, pid_t pid);

/* How does it look? To be asked often, at least every second; where the asking itself
 * stood still, the others' silence meanwhile does not count. */
lks_run_verdict lks_run_watch_look(lks_run_watch *watch, const lks_run_sight *sight,
                                   lks_line *why);

#endif
