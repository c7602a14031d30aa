#include "daemon/uv/status_socket.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/try.h"
#include "daemon/uv/gate.h"
#include "daemon/uv/loop.h"
#include "daemon/uv/unix_listen.h"

enum {
    MOST_CLIENTS = 256,
    IDLE_TIMEOUT_S = 10,
    LONGEST_WAIT_MS = 500,
    CLIENT_MEMORY_BYTES = 16 * 1024, /* for request line and headers */
};

struct lks_status_socket {
    lks_status_socket_options options;
    char *path;
    struct MHD_Daemon *http;
    lks_gate *gate;
    lks_place *admitted; /* while libmicrohttpd is given it */
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

static lks_place *place_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
        ->socket_context;
}

static enum MHD_Result answer(lks_status_socket *self, struct MHD_Connection *connection,
                              const char *method, const char *path)
{
    lks_status_reply reply;
    struct MHD_Response *response = NULL;
    enum MHD_Result result;

    lks_error_clear();
    lks_gate_touch(self->gate, place_of(connection));
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

/* Connections. */

static void on_connection(void *context, struct MHD_Connection *connection, void **place,
                          enum MHD_ConnectionNotificationCode what)
{
    lks_status_socket *self = context;

    (void)connection;
    if (what == MHD_CONNECTION_NOTIFY_STARTED)
        *place = self->admitted;
    else
        lks_gate_leave(self->gate, *place);
}

static void serve(lks_status_socket *self);

static bool admit(void *context, int fd, lks_place *place)
{
    static const struct sockaddr nobody = {.sa_family = AF_UNIX};
    lks_status_socket *self = context;
    bool is_in;

    self->admitted = place;
    is_in = MHD_add_connection(self->http, fd, &nobody, sizeof nobody) == MHD_YES;
    if (is_in)
        serve(self);
    return is_in;
}

static void make_room(void *context)
{
    serve(context);
}

/* The loop. */

static void on_timer(uv_timer_t *timer)
{
    lks_status_socket *self = timer->data;

    serve(self);
    lks_gate_tick(self->gate);
}

static void on_poll(uv_poll_t *poll, int code, int events)
{
    (void)code;
    (void)events;
    serve(poll->data);
}

/* Do what is to do, and come back when libmicrohttpd wants to, but at least now and then.
 */
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
    errno = 0;
    self->http = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET, 0, NULL, NULL, on_request, self,
        MHD_OPTION_CONNECTION_LIMIT, self->options.max_clients,
        MHD_OPTION_CONNECTION_TIMEOUT, self->options.idle_timeout_s,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CLIENT_MEMORY_BYTES,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, self,
        MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
    if (self->http)
        return LKS_OK;
    return lks_fail(LKS_IO, "cannot start HTTP on the status socket %s: %s", self->path,
                    strerror(errno));
}

static lks_status open_gate(lks_status_socket *self, uv_loop_t *loop)
{
    lks_gate_options options = {
        .listener = -1,
        .backlog = LKS_UNIX_BACKLOG,
        .n_places = self->options.max_clients,
        .idle_timeout_s = self->options.idle_timeout_s,
        .admit = admit,
        .make_room = make_room,
        .context = self,
    };

    LKS_TRY(lks_unix_listen(self->path, &options.listener));
    self->has_file = true;
    return lks_gate_create(loop, &options, &self->gate);
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
    if (options->max_clients == 0)
        self->options.max_clients = MOST_CLIENTS;
    self->path = path;
    uv_timer_init(loop, &self->timer);
    self->timer.data = self;
    self->n_handles = 1;
    LKS_GO(start_http(self));
    LKS_GO(watch_http(self, loop));
    LKS_GO(open_gate(self, loop));
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
        MHD_stop_daemon(self->http); /* all clients leave */
    lks_gate_close(self->gate);
}
