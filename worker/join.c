/* What a run's replicas on GPUs meet over: NCCL, or, as on CPUs, MPI and the host's
 * memory. */
#include "worker/run.h"

#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/try.h"

/* Who is silent altogether is the coordinator's to name, after rank_timeout_s. */
static const double grace_s = 2;

static bool chosen(const lks_run *run, const char *name)
{
    return strcmp(run->job.train.collectives, name) == 0;
}

/* Whether all ranks have NCCL; one that has not says so in its log. */
static lks_status find_everywhere(lks_run *run, bool *out)
{
    int *has = lks_calloc((size_t)run->ranks->size, sizeof *has);
    lks_status st;

    if (!has)
        return LKS_COMM;
    has[run->ranks->rank] = lks_comm_nccl_find() == LKS_OK;
    if (!has[run->ranks->rank]) {
        lks_warn("%s; gradients go through the host's memory", lks_error_text());
        lks_error_clear();
    }
    st = lks_comm_all_gather(run->ranks, has, sizeof *has);
    *out = true;
    for (int r = 0; r < run->ranks->size; r++)
        *out = *out && has[r];
    lks_free(has);
    return st;
}

static lks_status settle_on_gpus(lks_run *run)
{
    bool is_everywhere = false;

    lks_comm_nccl_settle(run->placement.one_host);
    run->exit_code = LKS_EXIT_FAILED;
    if (chosen(run, "nccl"))
        return lks_world_agree(run->ranks, lks_comm_nccl_find(), &run->exit_code);
    if (chosen(run, "auto") && run->ranks->size * run->devices.n > 1)
        LKS_TRY(find_everywhere(run, &is_everywhere));
    run->job.train.collectives = is_everywhere ? "nccl" : "mpi";
    return LKS_OK;
}

lks_status lks_run_settle_collectives(lks_run *run)
{
    char device[LKS_DEVICE_TEXT];

    if (run->devices.items[0].type == LKS_CUDA)
        return settle_on_gpus(run);
    if (chosen(run, "nccl"))
        return lks_fail(
            LKS_INVALID,
            "train.collectives is nccl, which is between GPUs, but the device "
            "is %s: leave it out, or set train.device to cuda",
            lks_device_text(run->devices.items[0], device, sizeof device));
    run->job.train.collectives = "mpi";
    return LKS_OK;
}

static lks_status create(lks_replica *replica, lks_nccl_id *id, lks_comm **out)
{
    const lks_comm_nccl_options options = {
        .host = replica->comm,
        .watch = replica->run->watch,
        .device = replica->device.index,
        .timeout_s = (double)replica->run->job.report.rank_timeout_s + grace_s,
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

    if (!replica->run->watch)
        return LKS_OK;
    replica->exit_code = LKS_EXIT_FAILED;
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
