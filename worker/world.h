/* The ranks of a run: starting MPI where a launcher did, who shares a host and its cores,
 * and coming to one verdict about an error. */
#ifndef LKS_WORKER_WORLD_H
#define LKS_WORKER_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "train/comm.h"

/* The communicator of all ranks, for their main threads. One rank (no launcher, or one
 * that started one) needs no MPI and does not start it. `has_replicas`: other threads
 * will use MPI as well, one at a time. LKS_INVALID  a launcher started several tasks but
 * Open MPI does not know of them: each rank is told so, and none trains alone LKS_IO
 * `ulimit -f` leaves no room for the shared memory of several ranks */
lks_status lks_world_open(bool has_replicas, lks_comm **out);

/* Orderly end, by all ranks. NULL is fine. */
void lks_world_close(lks_comm *comm);

/* Before MPI is up: whether a launcher started this process, as which rank (0 without
 * one), and whether it is to speak for all (rank 0 does). */
bool lks_world_is_launched(void);
int lks_world_rank(void);
/* Of how many, as the launcher tells it; 1 where it does not. */
int lks_world_told_size(void);
bool lks_world_is_speaker(void);

/* This host, as it was booted: equal on its processes. */
uint64_t lks_world_host(void);

/* What follows is done by all ranks together. LKS_COMM: this rank could not take part,
 * for want of memory or because MPI failed; the others know nothing of it, and wait. */

/* Where the ranks stand; the same on each. */
typedef struct lks_placement {
    bool one_host;
    uint32_t
        threads_per_rank; /* each rank's share of its cores: the least of all ranks */
    uint32_t cores;       /* of this rank: may it run on so many? */
} lks_placement;

lks_status lks_world_placement(lks_comm *comm, lks_placement *out);

/* Come to one verdict: every rank brings its status, with its text standing if it failed.
 * All return the failure of the lowest failing rank, with its text standing (naming the
 * rank unless it is the first), and its exit status in *exit_code; or LKS_OK. */
lks_status lks_world_agree(lks_comm *comm, lks_status st, int *exit_code);

/* All ranks bring the same number, or LKS_STATE saying that `what` of some rank differs
 * from rank 0's. */
lks_status lks_world_check_same(lks_comm *comm, uint64_t value, const char *what);

#endif
