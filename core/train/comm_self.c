/* The communicator of a lone rank: its collectives are complete as they start. */
#include "train/comm.h"

#include "base/alloc.h"

static lks_status self_all_reduce(lks_comm *comm, const lks_view *values,
                                  lks_request **out)
{
    (void)comm, (void)values;
    *out = NULL;
    return LKS_OK;
}

static lks_status no_peer(int peer)
{
    return lks_fail(LKS_COMM, "a lone rank has no peer %d", peer);
}

static lks_status self_send(lks_comm *comm, int peer, int tag, const lks_view *values,
                            lks_request **out)
{
    (void)comm, (void)tag, (void)values, (void)out;
    return no_peer(peer);
}

static lks_status self_receive(lks_comm *comm, int peer, int tag, lks_view *values,
                               lks_request **out)
{
    (void)comm, (void)tag, (void)values, (void)out;
    return no_peer(peer);
}

static lks_status self_all_gather(lks_comm *comm, const lks_view *values,
                                  const size_t *offsets, const size_t *counts,
                                  lks_request **out)
{
    (void)comm, (void)values, (void)offsets, (void)counts;
    *out = NULL;
    return LKS_OK;
}

static lks_status self_broadcast(lks_comm *comm, void *bytes, size_t n_bytes, int root,
                                 lks_request **out)
{
    (void)comm, (void)bytes, (void)n_bytes, (void)root;
    *out = NULL;
    return LKS_OK;
}

static lks_status self_barrier(lks_comm *comm, lks_request **out)
{
    (void)comm;
    *out = NULL;
    return LKS_OK;
}

static lks_status self_test(lks_comm *comm, lks_request **request, int *done)
{
    (void)comm, (void)request;
    *done = 1;
    return LKS_OK;
}

static lks_status self_wait(lks_comm *comm, lks_request **request)
{
    (void)comm, (void)request;
    return LKS_OK;
}

static void self_destroy(lks_comm *comm)
{
    lks_free(comm);
}

static const lks_comm_ops self_ops = {
    .name = "self",
    .all_reduce = self_all_reduce,
    .send = self_send,
    .receive = self_receive,
    .all_gather = self_all_gather,
    .broadcast = self_broadcast,
    .barrier = self_barrier,
    .test = self_test,
    .wait = self_wait,
    .destroy = self_destroy,
};

lks_status lks_comm_self_create(lks_comm **out)
{
    lks_comm *comm = lks_calloc(1, sizeof *comm);

    if (!comm)
        return LKS_NOMEM;
    *comm = (lks_comm){.ops = &self_ops, .rank = 0, .size = 1};
    *out = comm;
    return LKS_OK;
}
