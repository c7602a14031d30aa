#include "daemon/uv/worker_conn.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/plain.h"
#include "base/try.h"
#include "daemon/uv/loop.h"

/* To one worker. What it is sent is small: until it is written a message costs about thirty
 * times its bytes, so that these are 8 MiB of memory. */
enum { MAX_QUEUED_BYTES = 256 << 10 };

/* Strangers. */

void lks_conn_be_stranger(lks_conn *conn)
{
    lks_worker_link *link = conn->link;

    conn->older = link->newest;
    *(link->newest ? &link->newest->newer : &link->oldest) = conn;
    link->newest = conn;
    link->n_strangers++;
}

void lks_conn_be_known(lks_conn *conn)
{
    lks_worker_link *link = conn->link;

    *(conn->older ? &conn->older->newer : &link->oldest) = conn->newer;
    *(conn->newer ? &conn->newer->older : &link->newest) = conn->older;
    link->n_strangers--;
}

/* Closing. */

void lks_worker_link_handle_closed(lks_worker_link *link)
{
    if (--link->n_handles > 0)
        return;
    lks_free(link->ranks);
    lks_free(link);
}

static void conn_closed(uv_handle_t *handle)
{
    lks_conn *conn = handle->data;
    lks_worker_link *link = conn->link;
    lks_event event = {.type = LKS_EVENT_CLOSED, .rank = conn->rank, .why = conn->why};

    if (conn->is_joined) {
        link->ranks[conn->rank] = NULL;
        if (conn->why[0] && !link->is_closing)
            link->options.on_event(link->options.context, &event);
    }
    lks_frame_decoder_release(&conn->decoder);
    lks_free(conn);
    lks_worker_link_handle_closed(link);
}

void lks_conn_close(lks_conn *conn, const char *why)
{
    if (conn->is_closing)
        return;
    conn->is_closing = true;
    if (!conn->is_joined) {
        lks_conn_be_known(conn);
        if (why[0])
            lks_debug("closed a stranger's connection: %s", why);
    }
    lks_plain_copy(conn->why, sizeof conn->why, why);
    uv_close((uv_handle_t *)&conn->tcp, conn_closed);
}

void lks_conn_close_because(lks_conn *conn, const char *what, const char *cause)
{
    char why[LKS_WHY_BYTES];

    snprintf(why, sizeof why, "%s: %s", what, cause);
    lks_conn_close(conn, why);
}

/* Writing. */

typedef struct lks_write {
    uv_write_t request;
    uint8_t *bytes;
} lks_write;

static void write_destroy(lks_write *write)
{
    if (write)
        lks_free(write->bytes);
    lks_free(write);
}

static void written(uv_write_t *request, int code)
{
    lks_conn *conn = request->handle->data;

    write_destroy(request->data);
    if (code < 0 && code != UV_ECANCELED)
        lks_conn_close_because(conn, "its connection broke", uv_strerror(code));
}

static lks_status send_message(lks_conn *conn, const Lks__Proto__Message *message)
{
    lks_write *write = NULL;
    size_t n_bytes = 0;
    uv_buf_t buffer;
    int code;
    lks_status st;

    if (uv_stream_get_write_queue_size((uv_stream_t *)&conn->tcp) > MAX_QUEUED_BYTES)
        LKS_FAIL(LKS_COMM, "it does not read what it is sent");
    if (!(write = lks_calloc(1, sizeof *write)))
        LKS_GO(LKS_NOMEM);
    LKS_GO(lks_frame_encode(message, &write->bytes, &n_bytes));
    write->request.data = write;
    buffer = uv_buf_init((char *)write->bytes, (unsigned)n_bytes);
    code = uv_write(&write->request, (uv_stream_t *)&conn->tcp, &buffer, 1, written);
    if (code != 0)
        LKS_GO(lks_uv_fail(code, "write"));
    write = NULL;
cleanup:
    write_destroy(write);
    return st;
}

void lks_conn_send(lks_conn *conn, const Lks__Proto__Message *message)
{
    if (conn->is_closing)
        return;
    lks_error_clear();
    if (send_message(conn, message) != LKS_OK)
        lks_conn_close_because(conn, "cannot write to it", lks_error_text());
}

void lks_conn_challenge(lks_conn *conn)
{
    Lks__Proto__Challenge challenge = LKS__PROTO__CHALLENGE__INIT;
    Lks__Proto__Message message = LKS__PROTO__MESSAGE__INIT;

    lks_nonce_create(&conn->challenge);
    challenge.protocol = LKS_PROTOCOL_VERSION;
    challenge.nonce.data = conn->challenge.bytes;
    challenge.nonce.len = sizeof conn->challenge.bytes;
    message.body_case = LKS__PROTO__MESSAGE__BODY_CHALLENGE;
    message.challenge = &challenge;
    lks_conn_send(conn, &message);
}

void lks_conn_welcome(lks_conn *conn, const lks_action *action)
{
    Lks__Proto__Welcome welcome = LKS__PROTO__WELCOME__INIT;
    Lks__Proto__Message message = LKS__PROTO__MESSAGE__INIT;
    uint8_t mac[LKS_MAC_BYTES];

    welcome.protocol = LKS_PROTOCOL_VERSION;
    welcome.lanes = action->welcome.lanes;
    welcome.first_lane = action->welcome.first_lane;
    welcome.end_lane = action->welcome.end_lane;
    welcome.heartbeat_ms = action->welcome.heartbeat_ms;
    welcome.mac.data = mac;
    welcome.mac.len = sizeof mac;
    message.body_case = LKS__PROTO__MESSAGE__BODY_WELCOME;
    message.welcome = &welcome;
    if (lks_welcome_mac(&conn->link->options.link_keys[conn->rank], &conn->challenge,
                        &conn->hello, &welcome, mac) == LKS_OK)
        lks_conn_send(conn, &message);
    else
        lks_conn_close_because(conn, "cannot write to it", lks_error_text());
}
