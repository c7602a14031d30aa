#include "daemon/uv/status_socket.h"

#include <microhttpd.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/try.h"
#include "daemon/uv/loop.h"
#include "daemon/uv/unix_listen.h"

enum {
    MAX_CLIENTS = 256,
    IDLE_TIMEOUT_S = 10,
    LONGEST_WAIT_MS = 500,
    CLIENT_MEMORY_BYTES = 16 * 1024, /* request line and headers stand in half of it */
};

struct lks_status_socket {
    lks_status_socket_options options;
    char *path;
    struct MHD_Daemon *http;
    uv_poll_t poll;
    uv_timer_t timer;
    bool has_file, has_poll;
    int n_handles; /* not yet closed */
};

/* Requests. */

static void free_body(void *bytes)
{
    lks_free(bytes);
}

static const char out_of_memory[] =
    "{\"type\":\"about:blank\",\"title\":\"Internal Server Error\",\"status\":500,"
    "\"code\":\"out_of_memory\",\"detail\":\"out of memory for a status reply\"}\n";

/* The reply as libmicrohttpd's; owns the body from now on. */
static struct MHD_Response *make_response(lks_status_reply *reply)
{
    struct MHD_Response *response = MHD_create_response_from_buffer_with_free_callback(
        reply->body.n_bytes, reply->body.bytes, free_body);

    if (!response)
        lks_text_release(&reply->body);
    return response;
}

static struct MHD_Response *make_last_resort(lks_status_reply *reply)
{
    *reply = (lks_status_reply){.code = 500, .content_type = "application/problem+json"};
    return MHD_create_response_from_buffer(sizeof out_of_memory - 1,
                                           (void *)(uintptr_t)out_of_memory,
                                           MHD_RESPMEM_PERSISTENT);
}

static enum MHD_Result answer(lks_status_socket *self, struct MHD_Connection *connection,
                              const char *method, const char *path)
{
    lks_status_reply reply;
    struct MHD_Response *response = NULL;
    enum MHD_Result result;

    lks_error_clear();
    if (self->options.respond(self->options.context, method, path, &reply) == LKS_OK)
        response = make_response(&reply);
    if (!response)
        response = make_last_resort(&reply);
    if (!response)
        return MHD_NO; /* closes the connection */
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply.content_type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    if (reply.allow)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, reply.allow);
    result = MHD_queue_response(connection, reply.code, response);
    MHD_destroy_response(response);
    return result;
}

static bool has_header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name) != NULL;
}

/* libmicrohttpd calls once when it has the headers and again at the request's end. An
 * answer to the first call ends the connection: so it is for those who send a body, which
 * nobody here will read. */
static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
                                  const char *path, const char *method,
                                  const char *version, const char *body,
                                  size_t *n_body_bytes, void **seen)
{
    (void)version;
    (void)body;
    (void)n_body_bytes;
    if (!*seen) {
        *seen = context;
        if (!has_header(connection, MHD_HTTP_HEADER_CONTENT_LENGTH) &&
            !has_header(connection, MHD_HTTP_HEADER_TRANSFER_ENCODING))
            return MHD_YES;
    }
    return answer(context, connection, method, path);
}

/* The loop. */

static void serve(lks_status_socket *self);

static void on_timer(uv_timer_t *timer)
{
    serve(timer->data);
}

static void on_poll(uv_poll_t *poll, int code, int events)
{
    (void)code;
    (void)events;
    serve(poll->data);
}

/* Do what is to do, and come back when libmicrohttpd wants to, but at least now and then:
 * when it had stopped accepting (too many clients, no descriptors left), it takes that up
 * again in the run after the one that made room, which no event would bring. */
static void serve(lks_status_socket *self)
{
    MHD_UNSIGNED_LONG_LONG wait_ms;

    MHD_run(self->http);
    if (MHD_get_timeout(self->http, &wait_ms) != MHD_YES || wait_ms > LONGEST_WAIT_MS)
        wait_ms = LONGEST_WAIT_MS;
    uv_timer_start(&self->timer, on_timer, wait_ms, 0);
}

static lks_status start_http(lks_status_socket *self)
{
    int fd = -1;

    LKS_TRY(lks_unix_listen(self->path, &fd));
    self->has_file = true;
    self->http = MHD_start_daemon(
        MHD_USE_EPOLL, 0, NULL, NULL, on_request, self, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)MAX_CLIENTS, MHD_OPTION_CONNECTION_TIMEOUT,
        self->options.idle_timeout_s, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CLIENT_MEMORY_BYTES, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
        MHD_OPTION_END);
    if (self->http)
        return LKS_OK;
    /* the descriptor is libmicrohttpd's, to close on failure too */
    return lks_fail(LKS_IO, "cannot start HTTP on the status socket %s", self->path);
}

static lks_status watch_http(lks_status_socket *self, uv_loop_t *loop)
{
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(self->http, MHD_DAEMON_INFO_EPOLL_FD);
    int code = uv_poll_init(loop, &self->poll, info->epoll_fd);

    if (code != 0)
        return lks_uv_fail(code, "cannot watch the status socket");
    self->poll.data = self;
    self->has_poll = true;
    self->n_handles++;
    uv_timer_start(&self->timer, on_timer, LONGEST_WAIT_MS, 0);
    code = uv_poll_start(&self->poll, UV_READABLE, on_poll);
    return code == 0 ? LKS_OK : lks_uv_fail(code, "cannot watch the status socket");
}

lks_status lks_status_socket_create(uv_loop_t *loop,
                                    const lks_status_socket_options *options,
                                    lks_status_socket **out)
{
    lks_status_socket *self = lks_calloc(1, sizeof *self);
    char *path = lks_strdup(options->path);
    lks_status st;

    if (!self || !path) {
        lks_free(path);
        lks_free(self);
        return LKS_NOMEM;
    }
    self->options = *options;
    if (options->idle_timeout_s == 0)
        self->options.idle_timeout_s = IDLE_TIMEOUT_S;
    self->path = path;
    uv_timer_init(loop, &self->timer);
    self->timer.data = self;
    self->n_handles = 1;
    LKS_GO(start_http(self));
    LKS_GO(watch_http(self, loop));
    *out = self;
    self = NULL;
cleanup:
    lks_status_socket_close(self);
    return st;
}

void lks_status_socket_unlink(lks_status_socket *self)
{
    if (self && self->has_file)
        unlink(self->path);
    if (self)
        self->has_file = false;
}

static void handle_closed(uv_handle_t *handle)
{
    lks_status_socket *self = handle->data;

    if (--self->n_handles > 0)
        return;
    lks_free(self->path);
    lks_free(self);
}

void lks_status_socket_close(lks_status_socket *self)
{
    if (!self)
        return;
    lks_status_socket_unlink(self);
    uv_close((uv_handle_t *)&self->timer, handle_closed);
    if (self->has_poll)
        uv_close((uv_handle_t *)&self->poll, handle_closed);
    if (self->http)
        MHD_stop_daemon(self->http);
}
