/* Rank 0's part as the host of the run's coordinator under plain mpirun. */
#ifndef LKS_WORKER_HOST_COORDINATOR_H
#define LKS_WORKER_HOST_COORDINATOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "proto/handshake.h"

enum { LKS_COORDINATOR_ADDRESSES = 512 }; /* bytes */

typedef struct lks_host_options {
    const char *run_dir, *job_name;
    uint32_t world_size, lanes;
    const lks_public_key *rank_keys; /* [world_size] */
    uint64_t total_steps;
    double rank_timeout_s; /* a rank silent for this long is lost */
    bool one_host;         /* all ranks run here: nobody else may connect */
} lks_host_options;

/* What every rank must know to find the coordinator and to know it again; plain data and
 * no secret, to be broadcast. */
typedef struct lks_coordinator_place {
    char addresses[LKS_COORDINATOR_ADDRESSES]; /* "host:port,host:port" */
    lks_public_key key;                        /* the coordinator's */
} lks_coordinator_place;

typedef struct lks_host lks_host;

/* Start the coordinator in a thread of this process. When it finds that the run cannot go
 * on it says why, once, and ends this process at once with status 1 (the other threads
 * may hang in MPI); mpirun then ends the other ranks. */
lks_status lks_host_start(const lks_host_options *options, lks_coordinator_place *place,
                          lks_host **out);

/* Wait a little for the other ranks' goodbyes, then close. NULL is fine. */
void lks_host_stop(lks_host *host);

#endif
