#include "daemon/uv/worker_link.h"

#include <assert.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/try.h"
#include "daemon/uv/address.h"
#include "daemon/uv/worker_conn.h"
#include "proto/frame.h"

enum {
    MOST_BACKLOG = 4096,   /* the kernel cuts it to its own limit */
    EXTRA_BACKLOG = 128,   /* beyond twice the world size */
    EXTRA_STRANGERS = 256, /* beyond the world size */
    ARRIVALS_PER_S = 250,  /* or all ranks in a second, if these are more */
    CUT_MS = 3000,         /* as mpirun's own patience with its daemons */
    SEND_BYTES = 64 << 10, /* the kernel keeps of what is not read; else up to 4 MiB */
};

#define HELLO_TIMEOUT_S 5.0
#define LEAST_STAY_S    0.25 /* of a stranger in a steady flood, where places are few */

/* Actions. */

/* A host that answers nothing, not even its kernel: a program that is stopped or busy
 * does not matter. Heartbeats tell of that only when the timeout of the job is over. */
static void notice_a_cut(lks_conn *conn)
{
    static const int every_s = 1;
    const unsigned cut_ms = CUT_MS;
    uv_os_fd_t fd;

    if (uv_fileno((uv_handle_t *)&conn->tcp, &fd) != 0)
        return;
    (void)uv_tcp_keepalive(&conn->tcp, 1, (unsigned)every_s);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &every_s, sizeof every_s);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &cut_ms, sizeof cut_ms);
}

static void perform_welcome(lks_worker_link *link, const lks_action *action)
{
    lks_conn *conn = (lks_conn *)(uintptr_t)action->peer;

    assert(!link->ranks[action->rank] && !conn->is_joined);
    lks_conn_be_known(conn);
    lks_bucket_use(&link->arrivals, -1);
    conn->is_joined = true;
    conn->rank = action->rank;
    link->ranks[action->rank] = conn;
    notice_a_cut(conn);
    lks_conn_welcome(conn, action);
}

static void perform_refuse(lks_worker_link *link, const lks_action *action)
{
    (void)link;
    lks_conn_close((lks_conn *)(uintptr_t)action->peer, action->reason);
}

static void perform_control(lks_worker_link *link, const lks_action *action)
{
    Lks__Proto__Control control = LKS__PROTO__CONTROL__INIT;
    Lks__Proto__Message message = LKS__PROTO__MESSAGE__INIT;

    control.command = action->command;
    message.body_case = LKS__PROTO__MESSAGE__BODY_CONTROL;
    message.control = &control;
    if (link->ranks[action->rank])
        lks_conn_send(link->ranks[action->rank], &message);
}

static void perform_close(lks_worker_link *link, const lks_action *action)
{
    if (link->ranks[action->rank])
        lks_conn_close(link->ranks[action->rank], "");
}

void lks_worker_link_perform(lks_worker_link *link, const lks_action *action)
{
    static void (*const performers[LKS_N_ACTION_TYPES])(lks_worker_link *,
                                                        const lks_action *) = {
        [LKS_ACTION_WELCOME] = perform_welcome,
        [LKS_ACTION_REFUSE] = perform_refuse,
        [LKS_ACTION_CONTROL] = perform_control,
        [LKS_ACTION_CLOSE] = perform_close,
    };

    assert(performers[action->type]);
    performers[action->type](link, action);
}

/* Reading. */

/* Told once: anybody can say so, and nothing follows from it. */
static void note_protocol(lks_worker_link *link, const Lks__Proto__Hello *hello)
{
    if (hello->protocol == LKS_PROTOCOL_VERSION || link->has_told_protocol)
        return;
    link->has_told_protocol = true;
    lks_info(
        "turned away what speaks protocol %u, the coordinator speaks %d: a worker of "
        "another version of lockstep, or a stranger",
        hello->protocol, LKS_PROTOCOL_VERSION);
}

/* Only who holds the rank's own key can have answered this connection's challenge. */
static bool is_genuine(const lks_conn *conn, const Lks__Proto__Hello *hello)
{
    const lks_worker_link_options *options = &conn->link->options;

    return hello->rank < options->world_size &&
           lks_hello_is_genuine(&options->link_keys[hello->rank], &conn->challenge,
                                hello);
}

static void take_from_stranger(lks_conn *conn, const Lks__Proto__Message *message)
{
    lks_worker_link *link = conn->link;
    lks_event event = {.type = LKS_EVENT_HELLO, .peer = (uint64_t)(uintptr_t)conn};

    if (message->body_case != LKS__PROTO__MESSAGE__BODY_HELLO) {
        lks_conn_close(conn, "its first message is not a hello");
        return;
    }
    event.hello = message->hello;
    if (!is_genuine(conn, event.hello)) {
        note_protocol(link, event.hello);
        lks_conn_close(conn, "its hello is not of the rank it claims to be");
        return;
    }
    lks_nonce_take(&event.hello->nonce, &conn->hello);
    link->options.on_event(link->options.context, &event);
}

static void take_from_rank(lks_conn *conn, const Lks__Proto__Message *message)
{
    lks_worker_link *link = conn->link;
    lks_event event = {.rank = conn->rank};

    switch (message->body_case) {
    case LKS__PROTO__MESSAGE__BODY_HEARTBEAT:
        event.type = LKS_EVENT_HEARTBEAT;
        event.heartbeat = message->heartbeat;
        break;
    case LKS__PROTO__MESSAGE__BODY_PROGRESS:
        event.type = LKS_EVENT_PROGRESS;
        event.progress = message->progress;
        break;
    case LKS__PROTO__MESSAGE__BODY_GOODBYE:
        event.type = LKS_EVENT_GOODBYE;
        event.goodbye = message->goodbye;
        break;
    default:
        lks_conn_close(conn, "it sent a message that no worker sends");
        return;
    }
    link->options.on_event(link->options.context, &event);
}

static void take_bytes(lks_conn *conn, const void *bytes, size_t n_bytes)
{
    Lks__Proto__Message *message;

    lks_error_clear();
    if (lks_frame_decoder_feed(&conn->decoder, bytes, n_bytes) != LKS_OK) {
        lks_conn_close_because(conn, "it sent a malformed frame", lks_error_text());
        return;
    }
    while (!conn->is_closing) {
        if (lks_frame_decoder_next(&conn->decoder, &message) != LKS_OK) {
            lks_conn_close_because(conn, "it sent a malformed frame", lks_error_text());
            return;
        }
        if (!message)
            return;
        (conn->is_joined ? take_from_rank : take_from_stranger)(conn, message);
        lks__proto__message__free_unpacked(message, NULL);
    }
}

static void lend_input(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    lks_conn *conn = handle->data;

    (void)suggested;
    *out = uv_buf_init(conn->link->input, sizeof conn->link->input);
}

static void have_read(uv_stream_t *stream, ssize_t n_bytes, const uv_buf_t *buffer)
{
    lks_conn *conn = stream->data;

    if (n_bytes > 0)
        take_bytes(conn, buffer->base, (size_t)n_bytes);
    else if (n_bytes == UV_EOF)
        lks_conn_close(conn, "its connection closed");
    else if (n_bytes < 0)
        lks_conn_close_because(conn, "its connection broke", uv_strerror((int)n_bytes));
}

/* Connecting. */

static void on_later(uv_timer_t *timer);

/* Whether one more may come in now; else it is taken up later. */
static bool may_come_in(lks_worker_link *link)
{
    double wait_s;

    lks_bucket_left(&link->arrivals, lks_clock_s());
    wait_s = lks_bucket_wait_s(&link->arrivals, 1);
    if (wait_s > 0)
        uv_timer_start(&link->later, on_later, 1 + (uint64_t)(1e3 * wait_s), 0);
    return wait_s <= 0;
}

/* As long as libuv's one connection is not accepted, it takes no others. */
static void accept_one(lks_worker_link *link)
{
    lks_conn *conn = NULL;

    link->has_unaccepted = true;
    if (!may_come_in(link))
        return;
    if (!(conn = lks_calloc(1, sizeof *conn))) {
        lks_error_clear();
        return;
    }
    link->has_unaccepted = false;
    lks_bucket_use(&link->arrivals, 1);
    conn->link = link;
    conn->accepted_at_s = lks_clock_s();
    lks_frame_decoder_init(&conn->decoder);
    uv_tcp_init(link->listener.loop, &conn->tcp);
    conn->tcp.data = conn;
    link->n_handles++;
    lks_conn_be_stranger(conn);
    if (uv_accept((uv_stream_t *)&link->listener, (uv_stream_t *)&conn->tcp) != 0 ||
        uv_read_start((uv_stream_t *)&conn->tcp, lend_input, have_read) != 0) {
        lks_conn_close(conn, "it could not be accepted");
        return;
    }
    uv_tcp_nodelay(&conn->tcp, 1);
    (void)uv_send_buffer_size((uv_handle_t *)&conn->tcp, &(int){SEND_BYTES});
    lks_conn_challenge(conn);
    if (link->n_strangers > link->options.max_strangers)
        lks_conn_close(link->oldest, "too many connect without a hello");
}

static void on_later(uv_timer_t *timer)
{
    lks_worker_link *link = timer->data;

    if (link->has_unaccepted && !link->is_closing)
        accept_one(link);
}

static void connected(uv_stream_t *listener, int code)
{
    if (code == 0)
        accept_one(listener->data);
    else
        lks_debug("cannot accept a worker's connection: %s", uv_strerror(code));
}

static lks_status listen_on(lks_worker_link *link, const struct sockaddr_storage *address)
{
    const uint32_t ranks = link->options.world_size;
    const int backlog =
        ranks < MOST_BACKLOG / 4 ? 2 * (int)ranks + EXTRA_BACKLOG : MOST_BACKLOG;
    int code = uv_tcp_bind(&link->listener, (const struct sockaddr *)address, 0);

    if (code == 0)
        code = uv_listen((uv_stream_t *)&link->listener, backlog, connected);
    if (code != 0)
        return lks_fail(LKS_IO, "cannot listen for workers on %s: %s",
                        link->options.address, uv_strerror(code));
    return lks_address_of(&link->listener, link->address);
}

/* A full house at once, then so many a second, slower where few have a place: each is to
 * have time for its hello before another takes its place, but for the first after a
 * burst. */
static void limit_arrivals(lks_worker_link *link)
{
    const double places = link->options.max_strangers, ranks = link->options.world_size;
    const double most = ranks > ARRIVALS_PER_S ? ranks : ARRIVALS_PER_S;
    const double steady = places / LEAST_STAY_S;

    lks_bucket_init(&link->arrivals, steady < most ? steady : most, places,
                    lks_clock_s());
}

static lks_status allocate(const lks_worker_link_options *options, lks_worker_link **out)
{
    lks_worker_link *link = lks_calloc(1, sizeof *link);
    lks_conn **ranks = lks_calloc(options->world_size, sizeof(lks_conn *));

    if (!link || !ranks) {
        lks_free(ranks);
        lks_free(link);
        return LKS_NOMEM;
    }
    link->ranks = ranks;
    link->options = *options;
    if (options->hello_timeout_s == 0)
        link->options.hello_timeout_s = HELLO_TIMEOUT_S;
    if (options->max_strangers == 0)
        link->options.max_strangers = options->world_size + EXTRA_STRANGERS;
    limit_arrivals(link);
    *out = link;
    return LKS_OK;
}

static void own_closed(uv_handle_t *handle)
{
    lks_worker_link_handle_closed(handle->data);
}

lks_status lks_worker_link_create(uv_loop_t *loop, const lks_worker_link_options *options,
                                  lks_worker_link **out)
{
    lks_worker_link *link = NULL;
    struct sockaddr_storage address;
    lks_status st;

    LKS_GO(lks_address_parse(options->address, &address));
    LKS_GO(allocate(options, &link));
    uv_tcp_init(loop, &link->listener);
    uv_timer_init(loop, &link->later);
    link->listener.data = link->later.data = link;
    link->n_handles = 2;
    LKS_GO(listen_on(link, &address));
    *out = link;
    link = NULL;
cleanup:
    lks_worker_link_close(link);
    return st;
}

const char *lks_worker_link_address(const lks_worker_link *link)
{
    return link->address;
}

void lks_worker_link_tick(lks_worker_link *link)
{
    double deadline_s = lks_clock_s() - link->options.hello_timeout_s;

    on_later(&link->later);
    while (link->oldest && link->oldest->accepted_at_s < deadline_s)
        lks_conn_close(link->oldest, "it said no hello in time");
}

void lks_worker_link_close(lks_worker_link *link)
{
    if (!link || link->is_closing)
        return;
    link->is_closing = true;
    uv_close((uv_handle_t *)&link->listener, own_closed);
    uv_close((uv_handle_t *)&link->later, own_closed);
    while (link->oldest)
        lks_conn_close(link->oldest, "");
    for (uint32_t r = 0; r < link->options.world_size; r++)
        if (link->ranks[r])
            lks_conn_close(link->ranks[r], "");
}
