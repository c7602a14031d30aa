#include "daemon/uv/server.h"

#include <stdatomic.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/try.h"
#include "daemon/coordinator.h"
#include "daemon/uv/file_limit.h"
#include "daemon/uv/loop.h"
#include "daemon/uv/status_socket.h"
#include "daemon/uv/worker_link.h"

struct lks_server {
    lks_loop loop;
    uv_timer_t tick;
    uv_timer_t deadline; /* of a stop */
    lks_coordinator *coordinator;
    lks_worker_link *link;
    lks_status_socket *status;
    void (*on_failed)(void *context, const char *reason);
    void *context;
    bool is_stopping, is_closed;
    _Atomic uint64_t stop_timeout_ms; /* set before the loop is woken */
};

/* On the loop's thread. */

static void close_handles(lks_server *server)
{
    if (server->is_closed)
        return;
    server->is_closed = true;
    uv_close((uv_handle_t *)&server->tick, NULL);
    uv_close((uv_handle_t *)&server->deadline, NULL);
    lks_worker_link_close(server->link);
    lks_status_socket_close(server->status);
    lks_loop_finish(&server->loop);
}

/* The handler may end the process, so nothing of ours may stay behind. */
static void report_failure(lks_server *server, const char *reason)
{
    lks_status_socket_unlink(server->status);
    if (server->on_failed)
        server->on_failed(server->context, reason);
}

static void handle(void *context, lks_event *event)
{
    lks_server *server = context;
    const lks_action *actions;
    size_t n_actions;

    event->now_s = lks_clock_s();
    n_actions = lks_coordinator_handle(server->coordinator, event, &actions);
    for (size_t i = 0; i < n_actions; i++) {
        if (actions[i].type == LKS_ACTION_ABORT)
            report_failure(server, actions[i].reason);
        else
            lks_worker_link_perform(server->link, &actions[i]);
    }
    if (server->is_stopping && lks_coordinator_n_live(server->coordinator) == 0)
        close_handles(server);
}

static void on_tick(uv_timer_t *timer)
{
    lks_server *server = timer->data;
    lks_event event = {.type = LKS_EVENT_TICK};

    lks_worker_link_tick(server->link);
    handle(server, &event);
}

static void on_deadline(uv_timer_t *timer)
{
    close_handles(timer->data);
}

/* lks_server_stop wants us to end. */
static void on_wake(void *context)
{
    lks_server *server = context;

    server->is_stopping = true;
    if (lks_coordinator_n_live(server->coordinator) == 0)
        close_handles(server);
    else
        uv_timer_start(&server->deadline, on_deadline,
                       atomic_load(&server->stop_timeout_ms), 0);
}

static lks_status respond(void *context, const char *method, const char *path,
                          lks_status_reply *reply)
{
    lks_server *server = context;
    const lks_coordinator *const jobs[] = {server->coordinator};
    const lks_status_source source = {jobs, 1, lks_clock_s()};

    return lks_status_respond(&source, method, path, reply);
}

/* On the caller's thread. */

static lks_status create_coordinator(lks_server *server,
                                     const lks_server_options *options)
{
    const lks_coordinator_options of_coordinator = {
        .job_id = options->job_id,
        .job_name = options->job_name,
        .world_size = options->world_size,
        .lanes = options->lanes,
        .total_steps = options->total_steps,
        .now_s = lks_clock_s(),
        .started_at_s = lks_wall_time_s(),
        .rank_timeout_s = options->rank_timeout_s,
    };

    return lks_coordinator_create(&of_coordinator, &server->coordinator);
}

static lks_status create_sockets(lks_server *server, const lks_server_options *options)
{
    const lks_descriptor_shares shares = lks_file_limit_share(options->world_size);
    const lks_worker_link_options of_link = {
        .address = options->worker_address,
        .world_size = options->world_size,
        .link_keys = options->link_keys,
        .max_strangers = shares.strangers,
        .on_event = handle,
        .context = server,
    };
    const lks_status_socket_options of_status = {
        .path = options->status_socket,
        .max_clients = shares.clients,
        .respond = respond,
        .context = server,
    };

    LKS_TRY(lks_worker_link_create(&server->loop.uv, &of_link, &server->link));
    return lks_status_socket_create(&server->loop.uv, &of_status, &server->status);
}

/* After close_handles, or while it is to come on the loop's thread. */
static void join_and_free(lks_server *server)
{
    lks_loop_join(&server->loop);
    lks_coordinator_destroy(server->coordinator);
    lks_free(server);
}

lks_status lks_server_start(const lks_server_options *options, lks_server **out)
{
    lks_server *server = lks_calloc(1, sizeof *server);
    lks_status st;

    if (!server)
        return LKS_NOMEM;
    if ((st = lks_loop_init(&server->loop, on_wake, server)) != LKS_OK) {
        lks_free(server);
        return st;
    }
    server->on_failed = options->on_failed;
    server->context = options->context;
    uv_timer_init(&server->loop.uv, &server->tick);
    uv_timer_init(&server->loop.uv, &server->deadline);
    server->tick.data = server->deadline.data = server;
    LKS_GO(create_coordinator(server, options));
    LKS_GO(create_sockets(server, options));
    uv_timer_start(&server->tick, on_tick, 0, (uint64_t)(LKS_TICK_S * 1e3));
    LKS_GO(lks_loop_start(&server->loop));
    *out = server;
    return LKS_OK;
cleanup:
    close_handles(server);
    join_and_free(server);
    return st;
}

const char *lks_server_worker_address(const lks_server *server)
{
    return lks_worker_link_address(server->link);
}

void lks_server_stop(lks_server *server, double timeout_s)
{
    if (!server)
        return;
    atomic_store(&server->stop_timeout_ms,
                 timeout_s > 0 ? (uint64_t)(timeout_s * 1e3) : 0);
    lks_loop_wake(&server->loop);
    join_and_free(server);
}
