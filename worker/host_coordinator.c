/* The one file of the worker that knows the daemon's part. */
#include "worker/host_coordinator.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/try.h"
#include "daemon/uv/file_limit.h"
#include "daemon/uv/server.h"
#include "proto/run_dir.h"
#include "worker/lifeline.h"
#include "worker/worker.h"

static const double last_goodbyes_s = 3;

struct lks_host {
    lks_server *server;
    char *status_socket;
    lks_link_keys *link_keys; /* [world_size] */
    _Atomic int is_ending;    /* the ranks know already, and have said why */
};

/* From the coordinator's thread. The main thread may hang in a collective, which nothing
 * can end but the end of the process; or in printf, so stdio is left alone. */
static void on_failed(void *context, const char *reason)
{
    lks_host *self = context;

    if (atomic_load(&self->is_ending))
        return;
    lks_error("%s", reason);
    unlink(self->status_socket);
    lks_lifeline_exit(LKS_EXIT_FAILED);
}

/* "a.b.c.d:port" of each address of this host that others can reach; without DNS, which a
 * cluster's nodes may not have. */
static lks_status list_addresses(const char *port, char *out)
{
    struct ifaddrs *all = NULL;
    size_t n = 0;

    if (getifaddrs(&all) != 0)
        return lks_fail(LKS_IO, "cannot list this host's network addresses");
    for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
        char address[INET_ADDRSTRLEN];

        if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET ||
            !(i->ifa_flags & IFF_UP) || i->ifa_flags & IFF_LOOPBACK)
            continue;
        inet_ntop(AF_INET,
                  &((const struct sockaddr_in *)(const void *)i->ifa_addr)->sin_addr,
                  address, sizeof address);
        if (n + strlen(address) + strlen(port) + 3 > LKS_COORDINATOR_ADDRESSES)
            break;
        n += (size_t)sprintf(out + n, "%s%s:%s", n ? "," : "", address, port);
    }
    freeifaddrs(all);
    return n ? LKS_OK : lks_fail(LKS_IO, "this host has no network address but loopback");
}

static lks_status describe_place(const lks_host *self, bool one_host,
                                 lks_coordinator_place *place)
{
    const char *address = lks_server_worker_address(self->server);
    const char *colon = strrchr(address, ':');

    if (!one_host)
        return list_addresses(colon ? colon + 1 : address, place->addresses);
    snprintf(place->addresses, sizeof place->addresses, "%s", address);
    return LKS_OK;
}

/* The coordinator's key pair, of which only the public half and what it shares with each
 * rank is kept. */
static lks_status make_keys(lks_host *self, const lks_host_options *options,
                            lks_public_key *out)
{
    lks_key_pair own;
    lks_status st;

    self->link_keys = lks_calloc(options->world_size, sizeof *self->link_keys);
    if (!self->link_keys)
        return LKS_NOMEM;
    LKS_TRY(lks_key_pair_create(&own));
    for (uint32_t r = 0; r < options->world_size; r++)
        LKS_GO(lks_link_keys_of_coordinator(&own, &options->rank_keys[r],
                                            &self->link_keys[r]));
    *out = own.public_key;
    st = LKS_OK;
cleanup:
    lks_key_pair_wipe(&own);
    return st;
}

lks_status lks_host_start(const lks_host_options *options, lks_coordinator_place *place,
                          lks_host **out)
{
    lks_host *self = lks_calloc(1, sizeof *self);
    char *job_id = lks_run_dir_id(options->run_dir);
    lks_server_options server = {
        .job_id = job_id,
        .job_name = options->job_name,
        .world_size = options->world_size,
        .lanes = options->lanes,
        .total_steps = options->total_steps,
        .rank_timeout_s = options->rank_timeout_s,
        .worker_address = options->one_host ? "127.0.0.1" : "0.0.0.0",
        .on_failed = on_failed,
        .context = self,
    };
    lks_status st = self && job_id ? LKS_OK : LKS_NOMEM;

    if (st != LKS_OK)
        goto cleanup;
    self->status_socket = lks_run_dir_path(options->run_dir, LKS_RUN_SOCKET);
    if (!self->status_socket) {
        st = LKS_NOMEM;
        goto cleanup;
    }
    LKS_GO(make_keys(self, options, &place->key));
    server.link_keys = self->link_keys;
    server.status_socket = self->status_socket;
    lks_file_limit_raise(options->world_size);
    LKS_GO(lks_server_start(&server, &self->server));
    lks_lifeline_socket(self->status_socket);
    LKS_GO(describe_place(self, options->one_host, place));
    *out = self;
    self = NULL;
cleanup:
    lks_free(job_id);
    lks_host_stop(self);
    return st;
}

void lks_host_stop(lks_host *self)
{
    if (!self)
        return;
    atomic_store(&self->is_ending, 1);
    lks_server_stop(self->server, last_goodbyes_s);
    lks_lifeline_socket(NULL);
    lks_free(self->status_socket);
    lks_free(self->link_keys);
    lks_free(self);
}
