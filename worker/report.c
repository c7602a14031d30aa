#include "worker/report.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/rng.h"
#include "base/thread.h"
#include "base/try.h"
#include "proto/frame.h"
#include "worker/hello.h"
#include "worker/lifeline.h"
#include "worker/vitals.h"
#include "worker/worker.h"

enum {
    MIN_HEARTBEAT_MS = 10,
    WITH_REPORT_MS = 50, /* a report brings a heartbeat, too, unless one is that young */
    FIRST_RETRY_MS = 20,
    MAX_RETRY_MS = 2000,
    CONNECT_MS = 3000,  /* a connection must stand by then */
    WELCOME_MS = 10000, /* and the coordinator have proved itself so long after */
    GOODBYE_MS = 2000,
    CUT_MS = 10000,
    REFUSED_MS = 250, /* a coordinator's host says for so long that it is gone */
    QUEUE = 64,
    READ_BYTES = 4096,
    MAX_UNSENT_BYTES = 1 << 20, /* a coordinator that does not read gets no more */
};

typedef enum link_state {
    WAITING,    /* for the next try */
    CONNECTING, /* TCP */
    GREETING,   /* CHALLENGE, HELLO, WELCOME */
    TALKING,    /* with the coordinator, and nobody else */
    CLOSING,
} link_state;

struct lks_reporter {
    /* Shared with the main thread, under `lock`. */
    pthread_mutex_t lock;
    Lks__Proto__Progress queue[QUEUE];
    size_t head, n_queued;
    bool stopping;
    uint32_t goodbye_status;
    char goodbye_reason[512];

    /* Set before the thread starts. */
    pthread_t thread;
    lks_pulse *pulse;
    const _Atomic bool *is_leaving; /* NULL: never */
    lks_hello hello;
    lks_addresses addresses;
    double give_up_s;

    /* The thread's own. */
    uv_loop_t loop;
    uv_async_t wake;
    uv_timer_t heartbeat, retry, deadline;
    uv_tcp_t link;
    uv_connect_t connect;
    link_state state;
    bool link_is_open; /* the handle exists */
    bool has_answered; /* its challenge */
    bool has_refused;  /* and told so, since the last WELCOME */
    bool said_goodbye;
    bool is_over;                          /* all handles are closing */
    size_t tries;                          /* since the last WELCOME */
    const struct sockaddr_in *welcomed_at; /* the last time; NULL: never */
    uint64_t alone_since_ns;               /* without a coordinator; 0: with one */
    lks_frame_decoder decoder;
    uint64_t heartbeat_ns; /* when the last one went */
    lks_vitals vitals;
    char read_buffer[READ_BYTES];
};

static void try_to_connect(uv_timer_t *timer);
static void send_queue(lks_reporter *self);
static const struct sockaddr_in *address_of_now(const lks_reporter *self);

/* ---- sending ---- */

typedef struct outgoing {
    uv_write_t request;
    lks_reporter *reporter;
    uint8_t *frame;
    bool is_goodbye;
} outgoing;

static void end_loop(lks_reporter *self);
static void drop_link(lks_reporter *self, const char *why);

static void on_written(uv_write_t *request, int error)
{
    outgoing *out = request->data;
    lks_reporter *self = out->reporter;
    const bool is_goodbye = out->is_goodbye;

    lks_free(out->frame);
    lks_free(out);
    if (is_goodbye)
        end_loop(self);
    else if (error && error != UV_ECANCELED)
        drop_link(self, uv_strerror(error));
}

static void send_message(lks_reporter *self, const Lks__Proto__Message *message)
{
    outgoing *out = NULL;
    size_t n_bytes = 0;
    int error = UV_ENOMEM;

    if (uv_stream_get_write_queue_size((uv_stream_t *)&self->link) > MAX_UNSENT_BYTES)
        return;
    if ((out = lks_calloc(1, sizeof *out)) &&
        lks_frame_encode(message, &out->frame, &n_bytes) == LKS_OK) {
        uv_buf_t buffer = uv_buf_init((char *)out->frame, (unsigned)n_bytes);

        out->reporter = self;
        out->request.data = out;
        out->is_goodbye = message->body_case == LKS__PROTO__MESSAGE__BODY_GOODBYE;
        error =
            uv_write(&out->request, (uv_stream_t *)&self->link, &buffer, 1, on_written);
    }
    if (error) {
        lks_free(out ? out->frame : NULL);
        lks_free(out);
        lks_error_clear();
        drop_link(self, uv_strerror(error));
    }
}

static void send_heartbeat(lks_reporter *self)
{
    Lks__Proto__Message message = LKS__PROTO__MESSAGE__INIT;
    Lks__Proto__Heartbeat heartbeat = LKS__PROTO__HEARTBEAT__INIT;
    Lks__Proto__PhaseTimes times = LKS__PROTO__PHASE_TIMES__INIT;

    lks_vitals_read(&self->vitals, self->pulse, &heartbeat, &times);
    self->heartbeat_ns = lks_clock_ns();
    message.body_case = LKS__PROTO__MESSAGE__BODY_HEARTBEAT;
    message.heartbeat = &heartbeat;
    send_message(self, &message);
}

static void on_heartbeat(uv_timer_t *timer)
{
    send_heartbeat(timer->data);
}

static bool take_progress(lks_reporter *self, Lks__Proto__Progress *out)
{
    bool any;

    pthread_mutex_lock(&self->lock);
    any = self->n_queued > 0;
    if (any) {
        *out = self->queue[self->head];
        self->head = (self->head + 1) % QUEUE;
        self->n_queued--;
    }
    pthread_mutex_unlock(&self->lock);
    return any;
}

static void send_goodbye(lks_reporter *self)
{
    Lks__Proto__Message message = LKS__PROTO__MESSAGE__INIT;
    Lks__Proto__Goodbye goodbye = LKS__PROTO__GOODBYE__INIT;

    goodbye.status = self->goodbye_status;
    goodbye.reason = self->goodbye_reason;
    message.body_case = LKS__PROTO__MESSAGE__BODY_GOODBYE;
    message.goodbye = &goodbye;
    self->said_goodbye = true;
    send_message(self, &message);
}

static bool is_stopping(lks_reporter *self)
{
    bool stopping;

    pthread_mutex_lock(&self->lock);
    stopping = self->stopping;
    pthread_mutex_unlock(&self->lock);
    return stopping;
}

static bool has_young_heartbeat(const lks_reporter *self)
{
    return lks_clock_ns() - self->heartbeat_ns < WITH_REPORT_MS * 1000000u;
}

/* What the main thread queued, and the goodbye behind it. */
static void send_queue(lks_reporter *self)
{
    Lks__Proto__Progress progress;
    bool has_reported = false;

    while (self->state == TALKING && take_progress(self, &progress)) {
        Lks__Proto__Message message = LKS__PROTO__MESSAGE__INIT;

        message.body_case = LKS__PROTO__MESSAGE__BODY_PROGRESS;
        message.progress = &progress;
        send_message(self, &message);
        has_reported = true;
    }
    if (self->state == TALKING && has_reported && !has_young_heartbeat(self))
        send_heartbeat(self); /* in which phase it is now, should it be the last */
    if (self->state == TALKING && !self->said_goodbye && is_stopping(self)) {
        send_heartbeat(self); /* the last state, so that status ends true */
        if (self->state == TALKING)
            send_goodbye(self);
    }
}

/* ---- receiving ---- */

/* Told once in a row of tries. */
static void refuse_link(lks_reporter *self, const char *why)
{
    if (!self->has_refused)
        lks_warn("what answers at the coordinator's address is refused: %s", why);
    self->has_refused = true;
    drop_link(self, why);
}

static void on_challenge(lks_reporter *self, const Lks__Proto__Message *received)
{
    Lks__Proto__Message message = LKS__PROTO__MESSAGE__INIT;

    if (self->state != GREETING || self->has_answered ||
        lks_hello_answer(&self->hello, received->challenge) != LKS_OK) {
        refuse_link(self, lks_error_text()[0] ? lks_error_text() : "it asks twice");
        return;
    }
    self->has_answered = true;
    message.body_case = LKS__PROTO__MESSAGE__BODY_HELLO;
    message.hello = &self->hello.message;
    send_message(self, &message);
}

static void on_welcome(lks_reporter *self, const Lks__Proto__Message *received)
{
    const Lks__Proto__Welcome *welcome = received->welcome;
    const uint64_t every_ms = welcome->heartbeat_ms > MIN_HEARTBEAT_MS
                                  ? welcome->heartbeat_ms
                                  : MIN_HEARTBEAT_MS;

    if (self->state != GREETING || !self->has_answered ||
        !lks_hello_is_welcomed(&self->hello, welcome)) {
        refuse_link(self, "it cannot prove that it is this run's coordinator");
        return;
    }
    uv_timer_stop(&self->retry);
    if (self->tries > 1)
        lks_info("the coordinator answers again");
    self->welcomed_at = address_of_now(self);
    self->tries = 0;
    self->alone_since_ns = 0;
    self->has_refused = false;
    self->state = TALKING;
    uv_timer_start(&self->heartbeat, on_heartbeat, every_ms, every_ms);
    send_heartbeat(self); /* from here on it is at work */
    send_queue(self);
}

static void on_control(lks_reporter *self, const Lks__Proto__Message *received)
{
    const Lks__Proto__Control *control = received->control;

    if (self->state != TALKING)
        refuse_link(self, "it gives orders before it has proved itself");
    else if (control->command == LKS__PROTO__CONTROL__COMMAND__CANCEL)
        lks_pulse_wish(self->pulse, LKS_WISH_CANCEL);
    else
        lks_info("the coordinator asks for what this version cannot do (command %d)",
                 (int)control->command);
}

static void on_message(lks_reporter *self, const Lks__Proto__Message *message)
{
    static const struct {
        Lks__Proto__Message__BodyCase kind;
        void (*take)(lks_reporter *self, const Lks__Proto__Message *received);
    } takers[] = {
        {LKS__PROTO__MESSAGE__BODY_CHALLENGE, on_challenge},
        {LKS__PROTO__MESSAGE__BODY_WELCOME, on_welcome},
        {LKS__PROTO__MESSAGE__BODY_CONTROL, on_control},
    };

    for (size_t i = 0; i < sizeof takers / sizeof *takers; i++)
        if (takers[i].kind == message->body_case)
            takers[i].take(self, message);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    lks_reporter *self = handle->data;

    (void)suggested;
    *out = uv_buf_init(self->read_buffer, READ_BYTES);
}

/* Bytes to messages; a status other than LKS_OK: the stream is beyond repair. */
static lks_status decode(lks_reporter *self, const char *bytes, size_t n_bytes)
{
    LKS_TRY(lks_frame_decoder_feed(&self->decoder, bytes, n_bytes));
    while (self->state == GREETING || self->state == TALKING) {
        Lks__Proto__Message *message;

        LKS_TRY(lks_frame_decoder_next(&self->decoder, &message));
        if (!message)
            return LKS_OK;
        on_message(self, message);
        lks__proto__message__free_unpacked(message, NULL);
    }
    return LKS_OK;
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
    lks_reporter *self = stream->data;

    if (n < 0)
        drop_link(self, n == UV_EOF ? "it closed the connection" : uv_strerror((int)n));
    else if (n > 0 && decode(self, buffer->base, (size_t)n) != LKS_OK)
        drop_link(self, lks_error_text());
}

/* ---- the connection ---- */

static uint64_t retry_ms(const lks_reporter *self)
{
    const lks_rng rng = {.seed = (uint64_t)getpid(), .lane = self->hello.message.rank};
    uint64_t ms = FIRST_RETRY_MS;

    for (size_t i = 1; i < self->tries && ms < MAX_RETRY_MS; i++)
        ms *= 2;
    ms = ms < MAX_RETRY_MS ? ms : MAX_RETRY_MS;
    return ms / 2 + lks_rng_bits(&rng, self->tries) % (ms / 2 + 1);
}

static void on_link_closed(uv_handle_t *handle)
{
    lks_reporter *self = handle->data;

    self->link_is_open = false;
    lks_frame_decoder_release(&self->decoder);
    lks_frame_decoder_init(&self->decoder);
    if (self->is_over)
        return;
    self->state = WAITING;
    uv_timer_start(&self->retry, try_to_connect, retry_ms(self), 0);
}

static bool is_leaving(const lks_reporter *self)
{
    return self->is_leaving && atomic_load(self->is_leaving);
}

static void drop_link(lks_reporter *self, const char *why)
{
    if (self->state == CLOSING || self->state == WAITING)
        return;
    if (self->said_goodbye) { /* it hung up first: nothing more to say */
        end_loop(self);
        return;
    }
    if (self->state == TALKING && self->tries == 0 && !is_leaving(self))
        lks_warn("lost the coordinator: %s; trying again", why);
    if (self->alone_since_ns == 0)
        self->alone_since_ns = lks_clock_ns();
    self->state = CLOSING;
    uv_timer_stop(&self->heartbeat);
    uv_timer_stop(&self->retry);
    uv_close((uv_handle_t *)&self->link, on_link_closed);
}

static void on_link_silent(uv_timer_t *timer)
{
    drop_link(timer->data, "no answer");
}

static const struct sockaddr_in *address_of_now(const lks_reporter *self)
{
    return &self->addresses.items[(self->tries - 1) % self->addresses.n_items];
}

static double alone_s(const lks_reporter *self)
{
    return self->alone_since_ns ? 1e-9 * (double)(lks_clock_ns() - self->alone_since_ns)
                                : 0;
}

/* Where the coordinator is gone for good mpirun ends the ranks; unless it is gone or
 * stopped itself, or cannot be reached from here either. */
static void leave_if_alone_for_too_long(const lks_reporter *self)
{
    if (self->give_up_s == 0 || alone_s(self) < self->give_up_s)
        return;
    lks_error("rank %u has had no coordinator for %.0f s: it leaves",
              self->hello.message.rank, alone_s(self));
    lks_lifeline_leave(LKS_EXIT_FAILED);
}

/* Its host answers that nobody is there: rank 0 is dead. mpirun knows and will say so; it
 * takes seconds to end each of the others, which end by themselves sooner. */
static void leave_if_rank_0_is_dead(lks_reporter *self, int error)
{
    if (error != UV_ECONNREFUSED || self->give_up_s == 0 || is_stopping(self) ||
        address_of_now(self) != self->welcomed_at || 1e3 * alone_s(self) < REFUSED_MS)
        return;
    lks_warn("rank 0 is gone: rank %u leaves", self->hello.message.rank);
    lks_lifeline_lost();
    lks_lifeline_exit(LKS_EXIT_FAILED);
}

/* What a cut link leaves unacknowledged is an error after a while, not after the kernel's
 * quarter of an hour. */
static void notice_a_cut(lks_reporter *self)
{
    const unsigned cut_ms = CUT_MS;
    uv_os_fd_t fd;

    if (uv_fileno((uv_handle_t *)&self->link, &fd) == 0)
        (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &cut_ms, sizeof cut_ms);
}

static void on_connected(uv_connect_t *request, int error)
{
    lks_reporter *self = request->data;

    if (error == UV_ECANCELED || self->state != CONNECTING)
        return;
    leave_if_rank_0_is_dead(self, error);
    if (error || (error = uv_read_start((uv_stream_t *)&self->link, on_alloc, on_read))) {
        drop_link(self, uv_strerror(error));
        return;
    }
    self->state = GREETING;
    self->has_answered = false;
    uv_tcp_nodelay(&self->link, 1);
    notice_a_cut(self);
    uv_timer_start(&self->retry, on_link_silent, WELCOME_MS, 0);
}

static void try_to_connect(uv_timer_t *timer)
{
    lks_reporter *self = timer->data;

    leave_if_alone_for_too_long(self);
    self->tries++;
    uv_tcp_init(&self->loop, &self->link);
    self->link.data = self->connect.data = self;
    self->link_is_open = true;
    self->state = CONNECTING;
    uv_timer_start(&self->retry, on_link_silent, CONNECT_MS, 0);
    if (uv_tcp_connect(&self->connect, &self->link,
                       (const struct sockaddr *)address_of_now(self), on_connected) != 0)
        drop_link(self, "cannot connect");
}

/* ---- the thread ---- */

static void close_handle(uv_handle_t *handle, void *reporter)
{
    lks_reporter *self = reporter;

    if (!uv_is_closing(handle))
        uv_close(handle, handle == (uv_handle_t *)&self->link ? on_link_closed : NULL);
}

static void end_loop(lks_reporter *self)
{
    if (self->is_over)
        return;
    self->is_over = true;
    self->state = CLOSING;
    uv_walk(&self->loop, close_handle, self);
}

static void on_deadline(uv_timer_t *timer)
{
    end_loop(timer->data);
}

static void on_wake(uv_async_t *async)
{
    lks_reporter *self = async->data;

    send_queue(self);
    if (is_stopping(self) && !self->is_over &&
        !uv_is_active((uv_handle_t *)&self->deadline))
        uv_timer_start(&self->deadline, on_deadline, GOODBYE_MS, 0);
}

static void *run(void *reporter)
{
    lks_reporter *self = reporter;

    try_to_connect(&self->retry);
    uv_run(&self->loop, UV_RUN_DEFAULT);
    lks_frame_decoder_release(&self->decoder);
    return NULL;
}

static void release(lks_reporter *self)
{
    pthread_mutex_destroy(&self->lock);
    lks_hello_release(&self->hello);
    lks_free(self);
}

static void init_handles(lks_reporter *self)
{
    uv_async_init(&self->loop, &self->wake, on_wake);
    uv_timer_init(&self->loop, &self->heartbeat);
    uv_timer_init(&self->loop, &self->retry);
    uv_timer_init(&self->loop, &self->deadline);
    self->wake.data = self->heartbeat.data = self->retry.data = self->deadline.data =
        self;
}

lks_status lks_reporter_start(const lks_reporter_options *options, lks_reporter **out)
{
    lks_reporter *self = lks_calloc(1, sizeof *self);
    lks_status st;

    if (!self)
        return LKS_NOMEM;
    pthread_mutex_init(&self->lock, NULL);
    lks_frame_decoder_init(&self->decoder);
    self->pulse = options->pulse;
    self->is_leaving = options->is_leaving;
    self->vitals.device = options->place;
    self->give_up_s = options->give_up_s;
    LKS_GO(lks_hello_init(options, &self->hello));
    LKS_GO(lks_addresses_parse(options->addresses, &self->addresses));
    if (uv_loop_init(&self->loop) != 0)
        LKS_FAIL(LKS_NOMEM, "cannot make an event loop for the reporter");
    init_handles(self);
    st = lks_thread_start(&self->thread, run, self, "the reporter");
    if (st != LKS_OK) {
        end_loop(self);
        uv_run(&self->loop, UV_RUN_DEFAULT);
        uv_loop_close(&self->loop);
        goto cleanup;
    }
    *out = self;
    self = NULL;
cleanup:
    if (self)
        release(self);
    return st;
}

void lks_reporter_progress(lks_reporter *self, const Lks__Proto__Progress *progress)
{
    pthread_mutex_lock(&self->lock);
    if (self->n_queued == QUEUE) {
        self->head = (self->head + 1) % QUEUE;
        self->n_queued--;
    }
    self->queue[(self->head + self->n_queued) % QUEUE] = *progress;
    self->n_queued++;
    pthread_mutex_unlock(&self->lock);
    uv_async_send(&self->wake);
}

void lks_reporter_stop(lks_reporter *self, lks_status status, const char *reason)
{
    if (!self)
        return;
    pthread_mutex_lock(&self->lock);
    self->goodbye_status = (uint32_t)status;
    snprintf(self->goodbye_reason, sizeof self->goodbye_reason, "%s", reason);
    self->stopping = true;
    pthread_mutex_unlock(&self->lock);
    uv_async_send(&self->wake);
    pthread_join(self->thread, NULL);
    uv_loop_close(&self->loop);
    release(self);
}
