/* Teams: a caller and its helpers, who share ranges. Each helper has a slot, into which
 * the caller puts a part. Whoever gets to a part first does it: a helper that has not
 * begun, because another process has its core, is not waited for. Who waits spins a
 * little, for parts follow each other closely, and then sleeps, so that the core is free
 * for those that have work.
 *
 * A helper that has begun and then loses its core is waited for, though, and some ranges
 * are too short to be worth waking anybody. So a team keeps accounts: what it lost by
 * sharing is a debt, and while there is one the caller works alone, long enough that the
 * loss is a small share of the whole. */
#define _GNU_SOURCE
#include "cpu/parallel.h"

#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/thread.h"
#include "device.h"

enum {
    MAX_TEAMS =
        64, /* later ones share theirs: a range that finds it busy is done alone */
    MAX_HELPERS = 1023,
    LINE_BYTES = 128, /* what processors hand to each other, with the next line */
    PAUSES = 32,      /* between two looks at the clock */
    N_ACCOUNTS = 64,
    REPAY = 40, /* time alone that makes up for a loss, in losses */
};

static const uint64_t spin_ns = 50000;
static const int64_t most_credit_ns = 20000000; /* what gains of the past may excuse */

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

/* What sharing one kind of range has cost so far, of one size about. */
typedef struct account {
    lks_range_fn work;
    int size; /* log2 of its grains */
    int64_t debt_ns;
} account;

typedef struct team {
    _Atomic int n_allowed;
    pthread_mutex_t busy; /* with a range; the rest is its holder's */
    int n_helpers;
    helper *helpers[MAX_HELPERS];
    account accounts[N_ACCOUNTS];
} team;

static team teams[MAX_TEAMS] = {
    [0 ... MAX_TEAMS - 1] = {.n_allowed = 1, .busy = PTHREAD_MUTEX_INITIALIZER}};

static team *team_of(int device_index)
{
    return &teams[device_index % MAX_TEAMS];
}

void lks_set_num_threads(lks_device device, int n_threads)
{
    atomic_store(&team_of(device.index)->n_allowed, n_threads < 1 ? 1 : n_threads);
}

int lks_num_threads(lks_device device)
{
    return atomic_load_explicit(&team_of(device.index)->n_allowed, memory_order_relaxed);
}

int64_t lks_parallel_parts(int device_index, int64_t n, int64_t grain)
{
    const int64_t n_threads =
        atomic_load_explicit(&team_of(device_index)->n_allowed, memory_order_relaxed);
    const int64_t n_parts = n / (grain < 1 ? 1 : grain);

    return n_parts > n_threads ? n_threads : n_parts < 1 ? 1 : n_parts;
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

static bool hire_one(team *t)
{
    helper *h = aligned_alloc(LINE_BYTES, sizeof *h);

    if (!h)
        return false;
    memset(h, 0, sizeof *h);
    if (lks_thread_try(NULL, help, h) != 0) {
        free(h);
        return false;
    }
    t->helpers[t->n_helpers++] = h;
    return true;
}

/* As many helpers as `n`, or as can be had: the caller does what nobody takes. */
static void hire(team *t, int n)
{
    while (t->n_helpers < n && hire_one(t))
        ;
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

static void wait_for(helper *h)
{
    while (atomic_load_explicit(&h->state, memory_order_acquire) >= TAKEN)
        wait_while(&h->state, TAKEN, AWAITED);
}

/* What this thread has computed, whoever had its core meanwhile. */
static int64_t own_time_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/* Gives what the range took longer than the caller alone would have needed, which is
 * known from the parts that it did; below 0 for a gain. */
static int64_t share(team *t, const range *r)
{
    const uint64_t began_ns = lks_clock_ns();
    int64_t own_ns = -own_time_ns(), n_own = 1;
    int n_helped;

    hire(t, (int)r->n_parts - 1);
    n_helped = t->n_helpers < r->n_parts - 1 ? t->n_helpers : (int)r->n_parts - 1;
    for (int i = 0; i < n_helped; i++)
        open_part(r, i + 1, t->helpers[i]);
    r->work(0, begin_of(r, 1), r->context);
    if (n_helped + 1 < r->n_parts)
        r->work(begin_of(r, n_helped + 1), r->n, r->context);
    n_own += r->n_parts - n_helped - 1;
    for (int i = n_helped; i-- > 0;) /* the last were opened last */
        if (try_to_move(t->helpers[i], OPEN, IDLE)) {
            do_part(t->helpers[i]);
            n_own++;
        }
    own_ns += own_time_ns();
    for (int i = 0; i < n_helped; i++)
        wait_for(t->helpers[i]);
    return (int64_t)(lks_clock_ns() - began_ns) - own_ns / n_own * r->n_parts;
}

static account *account_of(team *t, lks_range_fn work, int64_t n_grains)
{
    const int size = 63 - __builtin_clzll((unsigned long long)n_grains);
    const size_t at = ((size_t)(uintptr_t)work / 16 * 31 + (size_t)size) % N_ACCOUNTS;
    account *a = &t->accounts[at];

    if (a->work != work || a->size != size)
        *a = (account){.work = work, .size = size};
    return a;
}

static void work_alone(const range *r, account *a)
{
    const uint64_t began_ns = lks_clock_ns();

    r->work(0, r->n, r->context);
    a->debt_ns -= (int64_t)(lks_clock_ns() - began_ns) / REPAY;
    if (a->debt_ns < 0)
        a->debt_ns = 0;
}

static void work_together(team *t, const range *r, account *a)
{
    a->debt_ns += share(t, r);
    if (a->debt_ns < -most_credit_ns)
        a->debt_ns = -most_credit_ns;
}

void lks_parallel_for(int device_index, int64_t n, int64_t grain, lks_range_fn work,
                      void *context)
{
    const int64_t wished = lks_parallel_parts(device_index, n, grain);
    const range r = {.n = n,
                     .n_parts = wished > MAX_HELPERS + 1 ? MAX_HELPERS + 1 : wished,
                     .work = work,
                     .context = context};
    team *t = team_of(device_index);
    account *a;

    if (r.n_parts > 1 && pthread_mutex_trylock(&t->busy) == 0) {
        a = account_of(t, work, n / (grain < 1 ? 1 : grain));
        if (a->debt_ns > 0)
            work_alone(&r, a);
        else
            work_together(t, &r, a);
        pthread_mutex_unlock(&t->busy);
    } else if (n > 0) { /* within a part, or while another thread shares: alone */
        work(0, n, context);
    }
}
