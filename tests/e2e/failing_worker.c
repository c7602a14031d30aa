/* lockstep-worker, but that rank $FAIL_RANK, of replicas the one with this number, gets
 * no memory at $FAIL_AT: for a number N at the N-th (from 0) gathering from several, of
 * those with which a run starts and ends; for "reporter" when that is to start. At "leak"
 * it loses a block of memory there instead. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "train/comm.h"
#include "worker/report.h"
#include "worker/world.h"

/* The linker's --wrap puts __wrap_NAME in the place of NAME, which becomes __real_NAME.
 */
lks_status __wrap_lks_comm_all_gather(lks_comm *comm, void *values, size_t n_bytes_each);
lks_status __real_lks_comm_all_gather(lks_comm *comm, void *values, size_t n_bytes_each);
lks_status __wrap_lks_reporter_start(const lks_reporter_options *options,
                                     lks_reporter **out);
lks_status __real_lks_reporter_start(const lks_reporter_options *options,
                                     lks_reporter **out);

static bool fails_at(int rank, const char *place)
{
    return rank == atoi(getenv("FAIL_RANK")) && strcmp(getenv("FAIL_AT"), place) == 0;
}

lks_status __wrap_lks_comm_all_gather(lks_comm *comm, void *values, size_t n_bytes_each)
{
    static _Thread_local int n_begun; /* a replica has a thread */
    char place[16] = "";

    if (comm->size > 1)
        snprintf(place, sizeof place, "%d", n_begun++);
    if (fails_at(comm->rank, place)) {
        lks_fail(LKS_NOMEM, "no memory to gather %zu bytes", n_bytes_each);
        return LKS_COMM;
    }
    return __real_lks_comm_all_gather(comm, values, n_bytes_each);
}

lks_status __wrap_lks_reporter_start(const lks_reporter_options *options,
                                     lks_reporter **out)
{
    if (fails_at(lks_world_rank(), "reporter"))
        return lks_fail(LKS_NOMEM, "no memory for the reporter");
    if (fails_at(lks_world_rank(), "leak"))
        (void)lks_malloc(1234);
    return __real_lks_reporter_start(options, out);
}
