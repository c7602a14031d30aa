#include "worker/comm/comm.h"

#include "base/alloc.h"
#include "base/try.h"

void lks_comm_destroy(lks_comm *comm)
{
    if (comm)
        comm->ops->destroy(comm);
}

lks_status lks_comm_all_gather(lks_comm *comm, void *values, size_t n_bytes_each)
{
    const size_t size = (size_t)comm->size;
    size_t *layout = lks_calloc(2 * size, sizeof *layout);
    lks_request *request = NULL;
    lks_status st;

    if (!layout)
        return LKS_NOMEM;
    for (size_t r = 0; r < size; r++) {
        layout[r] = r * n_bytes_each;
        layout[size + r] = n_bytes_each;
    }
    LKS_GO(comm->ops->all_gather(comm, values, layout, layout + size, &request));
    LKS_GO(comm->ops->wait(comm, &request));
cleanup:
    lks_free(layout);
    return st;
}

lks_status lks_comm_broadcast(lks_comm *comm, void *bytes, size_t n_bytes, int root)
{
    lks_request *request = NULL;

    LKS_TRY(comm->ops->broadcast(comm, bytes, n_bytes, root, &request));
    return comm->ops->wait(comm, &request);
}

lks_status lks_comm_barrier(lks_comm *comm)
{
    lks_request *request = NULL;

    LKS_TRY(comm->ops->barrier(comm, &request));
    return comm->ops->wait(comm, &request);
}
