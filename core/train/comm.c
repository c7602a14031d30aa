#include "train/comm.h"

#include "base/alloc.h"

void lks_comm_destroy(lks_comm *comm)
{
    if (comm)
        comm->ops->destroy(comm);
}

lks_status lks_comm_check(lks_comm *comm)
{
    return comm->ops->check ? comm->ops->check(comm) : LKS_OK;
}

/* Wait for what was started, if it was. */
static lks_status finish(lks_comm *comm, lks_status st, lks_request *request)
{
    if (st == LKS_OK)
        st = comm->ops->wait(comm, &request);
    return st == LKS_OK ? LKS_OK : LKS_COMM;
}

lks_status lks_comm_all_gather(lks_comm *comm, void *values, size_t n_bytes_each)
{
    const size_t size = (size_t)comm->size;
    const lks_view bytes = lks_view_flat(lks_cpu, values, LKS_U8, size * n_bytes_each);
    size_t *layout = lks_calloc(2 * size, sizeof *layout);
    lks_request *request = NULL;
    lks_status st;

    if (!layout)
        return LKS_COMM;
    for (size_t r = 0; r < size; r++) {
        layout[r] = r * n_bytes_each;
        layout[size + r] = n_bytes_each;
    }
    st = comm->ops->all_gather(comm, &bytes, layout, layout + size, &request);
    lks_free(layout);
    return finish(comm, st, request);
}

lks_status lks_comm_broadcast(lks_comm *comm, void *bytes, size_t n_bytes, int root)
{
    lks_request *request = NULL;
    const lks_status st = comm->ops->broadcast(comm, bytes, n_bytes, root, &request);

    return finish(comm, st, request);
}

lks_status lks_comm_barrier(lks_comm *comm)
{
    lks_request *request = NULL;
    const lks_status st = comm->ops->barrier(comm, &request);

    return finish(comm, st, request);
}
