#define _GNU_SOURCE
#include "daemon/uv/gate.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/try.h"
#include "daemon/bucket.h"
#include "daemon/uv/loop.h"

enum {
    TURNS_PER_S = 800, /* each takes a core from whoever computes on it */
    TURNS_AT_ONCE = 40,
    BURST = 64,            /* taken in or looked at, then it is the turn of others */
    FLOOD_BACKLOG = 8,     /* and burst: few at a time, and often, is soon for all */
    LONGEST_PAUSE_MS = 4,  /* what is owed beyond it is let off: honest clients wait */
    NO_DESCRIPTOR_MS = 50, /* when there is none to take in with */
};

/* Seconds of this thread's time: of each second, and at once. */
#define TIME_SHARE 0.04
#define TIME_MOST  0.02

struct lks_place {
    lks_place *older, *newer;
    double since_s;
    int fd;
    bool is_inside;
};

typedef struct place_list {
    lks_place *oldest, *newest;
} place_list;

struct lks_gate {
    lks_gate_options options;
    int epoll; /* the listener and who waits */
    uv_poll_t poll;
    uv_timer_t pause;
    int n_handles; /* not yet closed */
    bool is_paused, is_flooded;
    lks_bucket time;
    lks_bucket turns; /* of the loop in which somebody is taken in */
    place_list unused, waiting, inside;
    lks_place places[]; /* [n_places] */
};

/* ---- places ---- */

static void add(place_list *list, lks_place *place)
{
    place->older = list->newest;
    place->newer = NULL;
    *(list->newest ? &list->newest->newer : &list->oldest) = place;
    list->newest = place;
}

static void take_out(place_list *list, lks_place *place)
{
    *(place->older ? &place->older->newer : &list->oldest) = place->newer;
    *(place->newer ? &place->newer->older : &list->newest) = place->older;
}

static void send_away(lks_gate *gate, lks_place *waiting)
{
    close(waiting->fd); /* which takes it out of the epoll too */
    take_out(&gate->waiting, waiting);
    add(&gate->unused, waiting);
}

static lks_place *find_place(lks_gate *gate)
{
    if (!gate->unused.oldest && gate->waiting.oldest) {
        send_away(gate, gate->waiting.oldest);
    } else if (!gate->unused.oldest && gate->inside.oldest) {
        shutdown(gate->inside.oldest->fd, SHUT_RDWR);
        gate->options.make_room(gate->options.context);
    }
    return gate->unused.oldest;
}

void lks_gate_touch(lks_gate *gate, lks_place *place)
{
    take_out(&gate->inside, place);
    add(&gate->inside, place);
}

void lks_gate_leave(lks_gate *gate, lks_place *place)
{
    if (!place->is_inside)
        return;
    place->is_inside = false;
    take_out(&gate->inside, place);
    add(&gate->unused, place);
}

/* ---- coming in ---- */

static void let_in(lks_gate *gate, place_list *from, lks_place *place)
{
    take_out(from, place);
    add(&gate->inside, place);
    place->is_inside = true;
    if (!gate->options.admit(gate->options.context, place->fd, place))
        lks_gate_leave(gate, place);
}

static bool watch(const lks_gate *gate, int fd, void *data)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = data};

    return epoll_ctl(gate->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

/* Whether it speaks: 1, 0: not yet, -1: it has gone. */
static int look_at(int fd)
{
    char byte;
    ssize_t n = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

    if (n > 0)
        return 1;
    return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

static void take_in(lks_gate *gate, int fd)
{
    const int speaks = look_at(fd);
    lks_place *place = speaks >= 0 ? find_place(gate) : NULL;

    if (!place || (!speaks && !watch(gate, fd, place))) {
        close(fd);
        return;
    }
    place->fd = fd;
    place->since_s = lks_clock_s();
    if (speaks) {
        let_in(gate, &gate->unused, place);
    } else {
        take_out(&gate->unused, place);
        add(&gate->waiting, place);
    }
}

static void wake_up(lks_gate *gate, lks_place *waiting)
{
    const int speaks = look_at(waiting->fd);

    if (speaks < 0)
        send_away(gate, waiting);
    else if (speaks && epoll_ctl(gate->epoll, EPOLL_CTL_DEL, waiting->fd, NULL) == 0)
        let_in(gate, &gate->waiting, waiting);
}

/* ---- the listener ---- */

static void listen_again(uv_timer_t *timer)
{
    lks_gate *gate = timer->data;

    gate->is_paused = !watch(gate, gate->options.listener, NULL);
    if (gate->is_paused)
        uv_timer_start(timer, listen_again, NO_DESCRIPTOR_MS, 0);
}

static void pause_for(lks_gate *gate, uint64_t ms)
{
    if (gate->is_paused)
        return;
    gate->is_paused = true;
    epoll_ctl(gate->epoll, EPOLL_CTL_DEL, gate->options.listener, NULL);
    uv_timer_start(&gate->pause, listen_again, ms, 0);
}

static bool means_no_descriptor(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

static void take_in_many(lks_gate *gate)
{
    const int most = gate->is_flooded ? FLOOD_BACKLOG : BURST;

    for (int i = 0; i < most; i++) {
        int fd =
            accept4(gate->options.listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0)
            take_in(gate, fd);
        else if (errno == EAGAIN)
            return;
        else if (means_no_descriptor(errno)) {
            if (gate->waiting.oldest)
                send_away(gate, gate->waiting.oldest);
            pause_for(gate, NO_DESCRIPTOR_MS);
            return;
        }
    }
}

/* A flood is to fail in connect(2), which costs only who comes with it; who waits there
 * is let in within a turn or two. */
static void mind_flood(lks_gate *gate)
{
    const bool is_flooded = gate->time.left < (gate->is_flooded ? TIME_MOST / 2 : 0);

    if (is_flooded != gate->is_flooded)
        listen(gate->options.listener,
               is_flooded ? FLOOD_BACKLOG : gate->options.backlog);
    gate->is_flooded = is_flooded;
}

/* Until both buckets have something again. */
static void rest(lks_gate *gate)
{
    const double time_s = lks_bucket_wait_s(&gate->time, 0);
    const double turns_s = lks_bucket_wait_s(&gate->turns, 0);
    const double wait_s = time_s > turns_s ? time_s : turns_s;
    const double longest_s = 1e-3 * LONGEST_PAUSE_MS;

    if (time_s > longest_s)
        lks_bucket_use(&gate->time, -(time_s - longest_s) * TIME_SHARE);
    if (wait_s > 0)
        pause_for(gate,
                  (uint64_t)(1e3 * (wait_s < longest_s ? wait_s : longest_s) + 0.5));
}

static void on_ready(uv_poll_t *poll, int code, int events)
{
    lks_gate *gate = poll->data;
    struct epoll_event ready[BURST];
    const int n = epoll_wait(gate->epoll, ready, BURST, 0);
    const double began_s = lks_thread_cpu_s();
    bool wants_in = false;

    (void)code;
    (void)events;
    /* those who wait come first: taking in may give their places to others */
    for (int i = 0; i < n; i++)
        if (ready[i].data.ptr)
            wake_up(gate, ready[i].data.ptr);
        else
            wants_in = true;
    if (wants_in)
        take_in_many(gate);
    lks_bucket_left(&gate->turns, lks_clock_s());
    lks_bucket_use(&gate->turns, wants_in);
    lks_bucket_left(&gate->time, lks_clock_s());
    lks_bucket_use(&gate->time, lks_thread_cpu_s() - began_s);
    mind_flood(gate);
    rest(gate);
}

void lks_gate_tick(lks_gate *gate)
{
    const double deadline_s = lks_clock_s() - gate->options.idle_timeout_s;

    while (gate->waiting.oldest && gate->waiting.oldest->since_s < deadline_s)
        send_away(gate, gate->waiting.oldest);
    lks_bucket_left(&gate->time, lks_clock_s());
    mind_flood(gate);
}

/* ---- all of it ---- */

static void handle_closed(uv_handle_t *handle)
{
    lks_gate *gate = handle->data;

    if (--gate->n_handles > 0)
        return;
    close(gate->epoll);
    lks_free(gate);
}

void lks_gate_close(lks_gate *gate)
{
    if (!gate)
        return;
    while (gate->waiting.oldest)
        send_away(gate, gate->waiting.oldest);
    close(gate->options.listener);
    uv_close((uv_handle_t *)&gate->pause, handle_closed);
    uv_close((uv_handle_t *)&gate->poll, handle_closed);
}

static lks_status fail(lks_gate *gate, int listener, int error)
{
    if (gate && gate->epoll >= 0)
        close(gate->epoll);
    lks_free(gate);
    close(listener);
    return lks_fail(LKS_IO, "cannot watch a socket: %s", strerror(error));
}

lks_status lks_gate_create(uv_loop_t *loop, const lks_gate_options *options,
                           lks_gate **out)
{
    lks_gate *gate =
        lks_calloc(1, sizeof *gate + options->n_places * sizeof gate->places[0]);
    int code;

    if (!gate) {
        close(options->listener);
        return LKS_NOMEM;
    }
    gate->options = *options;
    for (unsigned i = 0; i < options->n_places; i++)
        add(&gate->unused, &gate->places[i]);
    lks_bucket_init(&gate->time, TIME_SHARE, TIME_MOST, lks_clock_s());
    lks_bucket_init(&gate->turns, TURNS_PER_S, TURNS_AT_ONCE, lks_clock_s());
    gate->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (gate->epoll < 0 || !watch(gate, options->listener, NULL))
        return fail(gate, options->listener, errno);
    if ((code = uv_poll_init(loop, &gate->poll, gate->epoll)) != 0)
        return fail(gate, options->listener, -code);
    uv_timer_init(loop, &gate->pause);
    gate->poll.data = gate->pause.data = gate;
    gate->n_handles = 2;
    uv_poll_start(&gate->poll, UV_READABLE, on_ready);
    *out = gate;
    return LKS_OK;
}
