/* lockstep-worker, but that rank $FAIL_RANK gets no memory for the $FAIL_AT-th (from 0)
 * gathering from all ranks, of those with which a run starts and ends. */
#include <stdlib.h>

#include "worker/comm/comm.h"

/* The linker's --wrap puts the first in the place of the second. */
lks_status __wrap_lks_comm_all_gather(lks_comm *comm, void *values, size_t n_bytes_each);
lks_status __real_lks_comm_all_gather(lks_comm *comm, void *values, size_t n_bytes_each);

lks_status __wrap_lks_comm_all_gather(lks_comm *comm, void *values, size_t n_bytes_each)
{
    static int n_done;

    if (comm->rank == atoi(getenv("FAIL_RANK")) && n_done++ == atoi(getenv("FAIL_AT"))) {
        lks_fail(LKS_NOMEM, "no memory to gather %zu bytes", n_bytes_each);
        return LKS_COMM;
    }
    return __real_lks_comm_all_gather(comm, values, n_bytes_each);
}
