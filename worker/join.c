/* What a run's replicas on GPUs meet over: NCCL, or, as on CPUs, MPI and the host's
 * memory. */
#include "worker/start.h"

#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/try.h"

/* Who is silent altogether is the coordinator's to name, after rank_timeout_s. */
static const double grace_s = 2;

static bool chosen(const lks_session *session, const char *name)
{
    return strcmp(session->job.train.collectives, name) == 0;
}

/* Whether all ranks have NCCL; one that has not says so in its log. */
static lks_status find_everywhere(lks_session *session, bool *out)
{
    int *has = lks_calloc((size_t)session->world.ranks->size, sizeof *has);
    lks_status st;

    if (!has)
        return LKS_COMM;
    has[session->world.ranks->rank] = lks_comm_nccl_find() == LKS_OK;
    if (!has[session->world.ranks->rank]) {
        lks_warn("%s; gradients go through the host's memory", lks_error_text());
        lks_error_clear();
    }
    st = lks_comm_all_gather(session->world.ranks, has, sizeof *has);
    *out = true;
    for (int r = 0; r < session->world.ranks->size; r++)
        *out = *out && has[r];
    lks_free(has);
    return st;
}

static lks_status settle_on_gpus(lks_session *session)
{
    bool is_everywhere = false;

    lks_comm_nccl_settle(session->world.placement.one_host);
    if (chosen(session, "nccl"))
        return lks_world_agree(session->world.ranks, lks_comm_nccl_find(),
                               &session->course.exit_code);
    if (chosen(session, "auto") &&
        session->world.ranks->size * session->world.devices.n > 1)
        LKS_TRY(find_everywhere(session, &is_everywhere));
    session->job.train.collectives = is_everywhere ? "nccl" : "mpi";
    return LKS_OK;
}

lks_status lks_session_check_collectives(lks_session *session)
{
    char device[LKS_DEVICE_TEXT];

    if (session->world.devices.items[0].type != LKS_CUDA && chosen(session, "nccl"))
        return lks_fail(
            LKS_INVALID,
            "train.collectives is nccl, which is between GPUs, but the device "
            "is %s: leave it out, or set train.device to cuda",
            lks_device_text(session->world.devices.items[0], device, sizeof device));
    return LKS_OK;
}

lks_status lks_session_settle_collectives(lks_session *session)
{
    if (session->world.devices.items[0].type == LKS_CUDA)
        return settle_on_gpus(session);
    LKS_TRY(lks_session_check_collectives(session));
    session->job.train.collectives = "mpi";
    return LKS_OK;
}

static lks_status create(lks_replica *replica, lks_nccl_id *id, lks_comm **out)
{
    const lks_comm_nccl_options options = {
        .host = replica->comm,
        .watch = replica->session->replicas.watch,
        .device = replica->device.index,
        .timeout_s = (double)replica->session->job.report.rank_timeout_s + grace_s,
        .on_stuck = lks_replica_is_stuck,
        .context = replica,
    };

    LKS_TRY(lks_comm_nccl_create(&options, out));
    return replica->comm->rank == 0 ? lks_comm_nccl_make_id(*out, id) : LKS_OK;
}

lks_status lks_replica_join(lks_replica *replica)
{
    lks_comm *comm = NULL;
    lks_nccl_id id = {{0}};
    lks_status st;

    if (!replica->session->replicas.watch)
        return LKS_OK;
    LKS_GO(
        lks_world_agree(replica->comm, create(replica, &id, &comm), &replica->exit_code));
    LKS_GO(lks_comm_broadcast(replica->comm, &id, sizeof id, 0));
    LKS_GO(lks_world_agree(replica->comm, lks_comm_nccl_join(comm, &id),
                           &replica->exit_code));
    replica->host_comm = replica->comm;
    replica->comm = comm;
    comm = NULL;
cleanup:
    lks_comm_destroy(comm);
    return st;
}

void lks_replica_part(lks_replica *replica)
{
    if (!replica->host_comm)
        return;
    lks_comm_destroy(replica->comm);
    replica->comm = replica->host_comm;
    replica->host_comm = NULL;
}
