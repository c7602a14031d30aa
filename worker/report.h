/* The reporter: a thread with a libuv loop of its own that tells the coordinator how this
 * rank is, whatever the main thread does. It never calls MPI.
 *
 *     main thread  --pulse (atomics)-->  reporter  <--CHALLENGE--------
 *                  --progress queue --->           --HELLO------------>
 *                  <--pulse->wish-------           <--WELCOME----------  coordinator
 *                                                  --HEARTBEAT, PROGRESS, GOODBYE-->
 *                                                  <--CONTROL----------
 *
 * Whoever answers at the coordinator's address gets a hello and no more until it has
 * proved by its welcome that it is the coordinator (proto/handshake.h). A connection that
 * fails, drops or does not get that far is tried again, ever more slowly; training does
 * not wait for it. After give_up_s without the coordinator nobody is left who could end
 * this rank: it says so and ends the process with status 1; after a quarter of a second
 * where the host of the coordinator that welcomed it says that nobody listens there any
 * more, since then rank 0 is dead.
 */
#ifndef LKS_WORKER_REPORT_H
#define LKS_WORKER_REPORT_H

#include <stdatomic.h>

#include "layout/view.h"
#include "lockstep.pb-c.h"
#include "proto/handshake.h"
#include "worker/pulse.h"

typedef struct lks_reporter_options {
    const char *addresses; /* "host:port", or several with commas: tried in turn */
    lks_link_keys link_keys;
    lks_pulse *pulse; /* borrowed until the stop */
    /* Whether the process has said why it ends, which the coordinator's end is part of;
     * borrowed until the stop. NULL: never. */
    const _Atomic bool *is_leaving;
    lks_device place; /* whose memory heartbeats tell of */
    /* Of HELLO; strings are borrowed for the call. */
    uint32_t rank, world_size;
    const char *version, *device, *instruction_set;
    const char *device_model; /* of a GPU; NULL or "": it is a CPU */
    uint64_t dataset_fingerprint, n_samples;
    uint32_t threads;
    double give_up_s; /* 0: never */
} lks_reporter_options;

typedef struct lks_reporter lks_reporter;

/* Starts the thread; returns before it is connected. */
lks_status lks_reporter_start(const lks_reporter_options *options, lks_reporter **out);

/* Queue a progress message (copied); never waits for the network. When many stand in the
 * queue, the oldest goes. */
void lks_reporter_progress(lks_reporter *reporter, const Lks__Proto__Progress *progress);

/* Send what is queued and GOODBYE, for at most two seconds; join the thread. NULL is
 * fine.
 *   status, reason   of the rank's end; reason "" if all went well */
void lks_reporter_stop(lks_reporter *reporter, lks_status status, const char *reason);

#endif
