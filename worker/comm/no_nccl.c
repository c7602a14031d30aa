/* In the place of comm_nccl.c where a build has no NCCL. */
#include "worker/comm/comm_nccl.h"

static lks_status refuse(void)
{
    return lks_fail(LKS_STATE,
                    "this Lockstep was built without NCCL: install libnccl-dev and build "
                    "it again, or set train.collectives to mpi");
}

lks_status lks_comm_nccl_find(void)
{
    return refuse();
}

void lks_comm_nccl_settle(bool one_host)
{
    (void)one_host;
}

lks_status lks_comm_nccl_create(const lks_comm_nccl_options *options, lks_comm **out)
{
    (void)options, (void)out;
    return refuse();
}

lks_status lks_comm_nccl_make_id(lks_comm *comm, lks_nccl_id *out)
{
    (void)comm, (void)out;
    return refuse();
}

lks_status lks_comm_nccl_join(lks_comm *comm, const lks_nccl_id *id)
{
    (void)comm, (void)id;
    return refuse();
}

lks_status lks_nccl_watch_start(lks_nccl_watch **out)
{
    (void)out;
    return refuse();
}

void lks_nccl_watch_stop(lks_nccl_watch *watch)
{
    (void)watch;
}
