#include "worker/comm/nccl_watch.h"

#include <time.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/thread.h"
#include "worker/comm/nccl_flight.h"

enum { LOOK_MS = 50 };

static const double notice_s = 2; /* an abort brings a thread back at once */

struct lks_nccl_watch {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t stopped;
    bool stops;
    lks_nccl_flight *flights;
};

/* May take its time, or for ever: hence in a thread of its own. */
static void *abort_comm(void *context)
{
    lks_nccl_flight *flight = context;

    pthread_mutex_lock(&flight->calls); /* the last call of its thread returns */
    pthread_mutex_unlock(&flight->calls);
    flight->nccl->CommAbort(flight->comm);
    return NULL;
}

static void follow(lks_nccl_flight *flight, double now_s)
{
    if (!flight->is_aborted) {
        flight->failed_s = now_s;
        flight->is_aborted = lks_thread_try(&flight->aborter, abort_comm, flight) == 0;
    }
    if (!flight->is_told && !atomic_load(&flight->is_noticed) &&
        now_s - flight->failed_s >= notice_s) {
        flight->is_told = true;
        if (flight->on_stuck)
            flight->on_stuck(flight->context, flight->text);
    }
}

static void look(lks_nccl_watch *self)
{
    for (lks_nccl_flight *flight = self->flights; flight; flight = flight->next) {
        const double now_s = lks_clock_s();

        if (!atomic_load(&flight->has_failed))
            lks_nccl_flight_look(flight, now_s);
        if (atomic_load(&flight->has_failed))
            follow(flight, now_s);
    }
}

static void wait_a_little(lks_nccl_watch *self)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += LOOK_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_cond_timedwait(&self->stopped, &self->lock, &until);
}

static void *watch_main(void *context)
{
    lks_nccl_watch *self = context;

    pthread_mutex_lock(&self->lock);
    while (!self->stops) {
        look(self);
        wait_a_little(self);
    }
    pthread_mutex_unlock(&self->lock);
    return NULL;
}

lks_status lks_nccl_watch_start(lks_nccl_watch **out)
{
    lks_nccl_watch *self = lks_calloc(1, sizeof *self);
    pthread_condattr_t monotonic;
    lks_status st;

    if (!self)
        return LKS_NOMEM;
    pthread_mutex_init(&self->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&self->stopped, &monotonic);
    pthread_condattr_destroy(&monotonic);
    st = lks_thread_start(&self->thread, watch_main, self, "NCCL's watch");
    if (st == LKS_OK)
        *out = self;
    else
        lks_free(self);
    return st;
}

void lks_nccl_watch_stop(lks_nccl_watch *self)
{
    if (!self)
        return;
    pthread_mutex_lock(&self->lock);
    self->stops = true;
    pthread_cond_signal(&self->stopped);
    pthread_mutex_unlock(&self->lock);
    pthread_join(self->thread, NULL);
    pthread_cond_destroy(&self->stopped);
    pthread_mutex_destroy(&self->lock);
    lks_free(self);
}

void lks_nccl_watch_add(lks_nccl_watch *self, lks_nccl_flight *flight)
{
    pthread_mutex_lock(&self->lock);
    flight->next = self->flights;
    self->flights = flight;
    pthread_mutex_unlock(&self->lock);
}

bool lks_nccl_watch_remove(lks_nccl_watch *self, lks_nccl_flight *flight)
{
    pthread_mutex_lock(&self->lock);
    for (lks_nccl_flight **at = &self->flights; *at; at = &(*at)->next)
        if (*at == flight) {
            *at = flight->next;
            break;
        }
    pthread_mutex_unlock(&self->lock);
    if (flight->is_aborted)
        pthread_join(flight->aborter, NULL);
    return flight->is_aborted;
}
