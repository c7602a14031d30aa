/* Start-up's stages about the ranks, their devices and their replicas. */
#include "worker/start.h"

#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/try.h"
#include "worker/log_file.h"

lks_status lks_session_choose_devices(lks_session *session)
{
    const char *list = session->options->devices, *fault;

    LKS_TRY(lks_devices_choose(&session->job, list, &session->world.devices));
    if ((fault = lks_devices_fault(&session->job, list)))
        lks_warn("the CPU trains: %s", fault);
    return LKS_OK;
}

lks_status lks_session_open_world(lks_session *session)
{
    lks_session_world *world = &session->world;

    LKS_TRY(lks_world_open(world->devices.n > 1, &world->ranks));
    lks_log_file_init(world->ranks->rank);
    return LKS_OK;
}

lks_status lks_session_share_devices(lks_session *session)
{
    return lks_devices_share_out(session->world.ranks, &session->job,
                                 &session->world.devices);
}

lks_status lks_session_place_ranks(lks_session *session)
{
    return lks_world_placement(session->world.ranks, &session->world.placement);
}

/* ---- replicas ---- */

lks_status lks_session_make_replicas(lks_session *session)
{
    const lks_devices *devices = &session->world.devices;
    lks_session_replicas *replicas = &session->replicas;

    replicas->items = lks_calloc((size_t)devices->n, sizeof *replicas->items);
    if (!replicas->items)
        return LKS_NOMEM;
    for (; replicas->n < devices->n; replicas->n++) {
        lks_replica *replica = &replicas->items[replicas->n];

        replica->session = session;
        replica->device = devices->items[replicas->n];
        replica->comm = session->world.ranks; /* if it is the only one */
        lks_pulse_init(&replica->pulse);
    }
    return LKS_OK;
}

lks_status lks_session_make_mail(lks_session *session)
{
    lks_session_replicas *replicas = &session->replicas;

    if (strcmp(session->job.train.collectives, "nccl") == 0)
        LKS_TRY(lks_nccl_watch_start(&replicas->watch));
    return replicas->n > 1 ? lks_mail_create(replicas->n, &replicas->mail) : LKS_OK;
}

lks_status lks_session_make_link(lks_session *session)
{
    lks_session_replicas *replicas = &session->replicas;

    if (replicas->n == 1 || session->world.ranks->size == 1)
        return LKS_OK;
    return lks_link_create(replicas->n, &replicas->link) == LKS_OK ? LKS_OK : LKS_COMM;
}

lks_status lks_session_connect_replicas(lks_session *session)
{
    lks_session_replicas *replicas = &session->replicas;
    lks_status st = LKS_OK;

    if (replicas->n == 1)
        return LKS_OK;
    for (int i = 0; i < replicas->n; i++)
        replicas->items[i].comm = NULL;
    for (int i = 0; i < replicas->n && st == LKS_OK; i++)
        st = lks_comm_local_create(replicas->mail, replicas->link, i,
                                   &replicas->items[i].comm);
    return st;
}
