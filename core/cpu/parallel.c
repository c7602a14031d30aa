/* A caller and its helpers, who share ranges: each helper has a slot, into which the
 * caller puts a part. Whoever gets to a part first does it: a helper that has not begun,
 * because another process has its core, is not waited for. Who waits spins a little, for
 * parts follow each other closely, and then sleeps, so that the core is free for those
 * that have work. */
#define _GNU_SOURCE
#include "cpu/parallel.h"

#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "device.h"

enum {
    MAX_HELPERS = 1023,
    LINE_BYTES = 128, /* what processors hand to each other, with the next line */
    PAUSES = 32,      /* between two looks at the clock */
};

static const uint64_t spin_ns = 50000;

/* Where a part stands. The caller opens and takes back, the helper takes and ends. */
enum part_state {
    IDLE,    /* none; the helper spins */
    ASLEEP,  /* none; the helper sleeps */
    OPEN,    /* for whoever comes first */
    TAKEN,   /* by the helper */
    AWAITED, /* taken, and the caller sleeps until it is done */
};

typedef struct helper {
    _Alignas(LINE_BYTES) _Atomic uint32_t state;
    lks_range_fn work;
    void *context;
    int64_t first, last;
} helper;

static struct {
    pthread_mutex_t busy; /* with a range; the rest is its holder's */
    int n_helpers;
    helper helpers[MAX_HELPERS];
} team = {.busy = PTHREAD_MUTEX_INITIALIZER};

static _Atomic int n_allowed = 1;

void lks_set_num_threads(int n_threads)
{
    atomic_store(&n_allowed, n_threads < 1 ? 1 : n_threads);
}

int lks_num_threads(void)
{
    return atomic_load_explicit(&n_allowed, memory_order_relaxed);
}

int64_t lks_parallel_parts(int64_t n, int64_t grain)
{
    int64_t n_parts = n / (grain < 1 ? 1 : grain);

    return n_parts > lks_num_threads() ? lks_num_threads() : n_parts < 1 ? 1 : n_parts;
}

/* ---- waiting ---- */

static void pause_a_moment(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void futex(_Atomic uint32_t *word, int operation, uint32_t value)
{
    syscall(SYS_futex, word, operation | FUTEX_PRIVATE_FLAG, value, NULL, NULL, 0);
}

/* While *word is `value`: spin for a while, then sleep, *word saying so with
 * `value_asleep`. Gives what it became. */
static uint32_t wait_while(_Atomic uint32_t *word, uint32_t value, uint32_t value_asleep)
{
    const uint64_t until_ns = lks_clock_ns() + spin_ns;
    uint32_t now = value;

    do {
        for (int i = 0; i < PAUSES; i++) {
            now = atomic_load_explicit(word, memory_order_acquire);
            if (now != value)
                return now;
            pause_a_moment();
        }
    } while (lks_clock_ns() < until_ns);
    if (!atomic_compare_exchange_strong(word, &now, value_asleep))
        return now;
    while ((now = atomic_load(word)) == value_asleep)
        futex(word, FUTEX_WAIT, value_asleep);
    return now;
}

/* Change *word, and wake who sleeps on it. */
static void set_and_wake(_Atomic uint32_t *word, uint32_t value, uint32_t value_asleep)
{
    if (atomic_exchange(word, value) == value_asleep)
        futex(word, FUTEX_WAKE, 1);
}

static bool try_to_move(helper *h, uint32_t from, uint32_t to)
{
    return atomic_compare_exchange_strong(&h->state, &from, to);
}

/* ---- the helpers ---- */

static void do_part(const helper *h)
{
    h->work(h->first, h->last, h->context);
}

static void *help(void *own_slot)
{
    helper *h = own_slot;

    for (;;) {
        wait_while(&h->state, IDLE, ASLEEP);
        if (!try_to_move(h, OPEN, TAKEN))
            continue; /* taken back */
        do_part(h);
        set_and_wake(&h->state, IDLE, AWAITED);
    }
    return NULL;
}

/* As many helpers as `n`, or as can be had: the caller does what nobody takes. Signals
 * are for the threads that make us. */
static void hire(int n)
{
    pthread_attr_t detached;
    sigset_t all, before;
    pthread_t thread;

    if (team.n_helpers >= n)
        return;
    sigfillset(&all);
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (team.n_helpers < n &&
           pthread_create(&thread, &detached, help, &team.helpers[team.n_helpers]) == 0)
        team.n_helpers++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&detached);
}

/* ---- the caller ---- */

typedef struct range {
    int64_t n, n_parts;
    lks_range_fn work;
    void *context;
} range;

static int64_t begin_of(const range *r, int64_t part)
{
    return r->n * part / r->n_parts;
}

static void open_part(const range *r, int64_t part, helper *h)
{
    h->work = r->work;
    h->context = r->context;
    h->first = begin_of(r, part);
    h->last = begin_of(r, part + 1);
    set_and_wake(&h->state, OPEN, ASLEEP);
}

static void share(const range *r)
{
    int n_helped;

    hire((int)r->n_parts - 1);
    n_helped = team.n_helpers < r->n_parts - 1 ? team.n_helpers : (int)r->n_parts - 1;
    for (int i = 0; i < n_helped; i++)
        open_part(r, i + 1, &team.helpers[i]);
    r->work(0, begin_of(r, 1), r->context);
    if (n_helped + 1 < r->n_parts)
        r->work(begin_of(r, n_helped + 1), r->n, r->context);
    for (int i = n_helped; i-- > 0;) /* the last were opened last */
        if (try_to_move(&team.helpers[i], OPEN, IDLE))
            do_part(&team.helpers[i]);
    for (int i = 0; i < n_helped; i++)
        while (atomic_load_explicit(&team.helpers[i].state, memory_order_acquire) >=
               TAKEN)
            wait_while(&team.helpers[i].state, TAKEN, AWAITED);
}

void lks_parallel_for(int64_t n, int64_t grain, lks_range_fn work, void *context)
{
    const int64_t wished = lks_parallel_parts(n, grain);
    const range r = {.n = n,
                     .n_parts = wished > MAX_HELPERS + 1 ? MAX_HELPERS + 1 : wished,
                     .work = work,
                     .context = context};

    if (r.n_parts > 1 && pthread_mutex_trylock(&team.busy) == 0) {
        share(&r);
        pthread_mutex_unlock(&team.busy);
    } else if (n > 0) { /* within a part, or while another thread shares: alone */
        work(0, n, context);
    }
}
