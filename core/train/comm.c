#include "train/comm.h"

#include <string.h>

#include "base/alloc.h"
#include "base/try.h"

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

/* layout [2][size]: where the blocks begin, and their sizes; how many bytes they are. */
static lks_status gather_sizes(lks_comm *comm, size_t n_own, size_t *layout,
                               size_t *n_all)
{
    const size_t size = (size_t)comm->size;
    size_t *sizes = layout + size;

    sizes[comm->rank] = n_own;
    LKS_TRY(lks_comm_all_gather(comm, sizes, sizeof *sizes));
    *n_all = 0;
    for (size_t r = 0; r < size; r++) {
        layout[r] = *n_all;
        *n_all += sizes[r];
    }
    return LKS_OK;
}

lks_status lks_comm_all_gather_blocks(lks_comm *comm, const void *own, size_t n_own,
                                      void **out, size_t *n_out)
{
    const size_t size = (size_t)comm->size;
    size_t *layout = lks_calloc(2 * size, sizeof *layout), n_all = 0;
    lks_request *request = NULL;
    char *all = NULL;
    lks_status st = LKS_COMM;

    if (!layout || (st = gather_sizes(comm, n_own, layout, &n_all)) != LKS_OK)
        goto cleanup;
    if (!(all = lks_malloc(n_all)))
        LKS_GO(LKS_COMM);
    if (n_own > 0)
        memcpy(all + layout[comm->rank], own, n_own);
    if (n_all > 0) {
        const lks_view bytes = lks_view_flat(lks_cpu, all, LKS_U8, n_all);

        st = comm->ops->all_gather(comm, &bytes, layout, layout + size, &request);
        LKS_GO(finish(comm, st, request));
    }
    *out = all;
    *n_out = n_all;
    all = NULL;
cleanup:
    lks_free(all);
    lks_free(layout);
    return st;
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
