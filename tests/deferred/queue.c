/* The hostile device's queues, one a thread and device. Commands run in their queue's
 * order, when somebody waits or the dice say so; which queue goes next, the dice say too.
 * One lock for all of it: commands run one at a time. */
#include "deferred/deferred.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/try.h"

enum { MAX_PENDING = 512, ONE_IN = 4 /* calls let something run */ };

typedef struct queue {
    int index;
    deferred_command *first, **last;
    uint64_t n_pushed, n_run;
    lks_status st; /* of what failed since somebody waited */
    char text[512];
    lks_recording *noting;
    struct queue *next;
} queue;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static queue *queues;
static size_t n_pending;
static uint64_t dice;
static long fail_after = -1;

static _Thread_local queue *own[DEFERRED_MAX_DEVICES];

void deferred_seed(uint64_t seed)
{
    dice = seed * 0x9E3779B97F4A7C15u | 1;
}

void deferred_fail_after(long n)
{
    fail_after = n;
}

size_t deferred_n_pending(void)
{
    return n_pending;
}

/* source: Marsaglia, "Xorshift RNGs", 2003 */
static uint64_t roll(uint64_t n)
{
    if (dice == 0)
        deferred_seed(
            getenv("LKS_TEST_SEED") ? strtoull(getenv("LKS_TEST_SEED"), NULL, 10) : 1);
    dice ^= dice << 13;
    dice ^= dice >> 7;
    dice ^= dice << 17;
    return (dice >> 16) % n;
}

static queue *queue_of(int index)
{
    queue *q;

    if (index < 0 || index >= DEFERRED_MAX_DEVICES)
        deferred_die("there is no device %d", index);
    if (own[index])
        return own[index];
    if (!(q = calloc(1, sizeof *q)))
        deferred_die("no memory");
    q->index = index;
    q->last = &q->first;
    q->next = queues;
    return queues = own[index] = q;
}

static bool is_passed(const lks_mark *mark)
{
    const queue *q = mark->queue;

    return !q || q->n_run >= mark->at;
}

/* ---- running ---- */

static void open_views(const deferred_command *c, int index)
{
    for (int i = 0; i < DEFERRED_MAX_VIEWS; i++) {
        const lks_view *view = &c->views[i];

        if (!(c->has >> i & 1))
            continue;
        if (view->device.type != LKS_OTHER || view->device.index != index)
            deferred_die("%s of device %d is given a view of another", c->name, index);
        if (lks_view_count(view) > 0)
            deferred_open_block(c->name, index, view->data);
    }
}

static void close_views(const deferred_command *c)
{
    for (int i = 0; i < DEFERRED_MAX_VIEWS; i++)
        if ((c->has >> i & 1) && lks_view_count(&c->views[i]) > 0)
            deferred_close_block(c->views[i].data);
}

/* What fails here is the queue's: the thread that happens to run it keeps its own error.
 */
static void keep_error(queue *q, lks_status st)
{
    q->st = st;
    snprintf(q->text, sizeof q->text, "%s", lks_error_text());
}

static lks_status run_command(const queue *q, const deferred_command *c)
{
    lks_status st;

    if (fail_after >= 0 && !c->always && fail_after-- == 0)
        return lks_fail(LKS_DEVICE, "deferred: %s failed", c->name);
    open_views(c, q->index);
    st = c->run(c);
    close_views(c);
    return st;
}

static void run_first(queue *q)
{
    deferred_command *c = q->first;
    const lks_status standing = lks_error_status();

    if (c->run && (q->st == LKS_OK || c->always)) {
        char text[512];
        lks_status st;

        snprintf(text, sizeof text, "%s", lks_error_text()); /* which counts as read */
        st = run_command(q, c);
        if (st != LKS_OK && q->st == LKS_OK)
            keep_error(q, st);
        lks_error_clear();
        if (standing != LKS_OK)
            lks_fail(standing, "%s", text);
    }
    if (!(q->first = c->next))
        q->last = &q->first;
    q->n_run++;
    n_pending--;
    free(c->host);
    free(c);
}

static bool can_run(const queue *q)
{
    return q->first && is_passed(&q->first->mark);
}

/* One command of a queue that the dice choose; false if none can run. */
static bool run_any(void)
{
    size_t n = 0, chosen;

    for (queue *q = queues; q; q = q->next)
        n += can_run(q);
    if (n == 0)
        return false;
    chosen = roll(n);
    for (queue *q = queues; q; q = q->next)
        if (can_run(q) && chosen-- == 0) {
            run_first(q);
            return true;
        }
    return false;
}

/* ---- being told ---- */

lks_recording **deferred_noting(int index)
{
    lks_recording **noting;

    pthread_mutex_lock(&lock);
    noting = &queue_of(index)->noting;
    pthread_mutex_unlock(&lock);
    return noting;
}

lks_status deferred_check_plain(int index, const char *what)
{
    return *deferred_noting(index)
               ? lks_fail(LKS_STATE, "deferred: %s cannot be recorded", what)
               : LKS_OK;
}

lks_status deferred_push(int index, const deferred_command *c)
{
    deferred_command *copy;
    queue *q;

    if (*deferred_noting(index)) {
        deferred_note(*deferred_noting(index), c);
        return LKS_OK;
    }
    if (!(copy = malloc(sizeof *copy)))
        deferred_die("no memory");
    *copy = *c;
    copy->next = NULL;
    pthread_mutex_lock(&lock);
    q = queue_of(index);
    *q->last = copy;
    q->last = &copy->next;
    q->n_pushed++;
    n_pending++;
    for (uint64_t n = roll(ONE_IN) == 0 ? roll(8) : 0; n > 0 && run_any(); n--)
        ;
    while (n_pending > MAX_PENDING && run_any())
        ;
    pthread_mutex_unlock(&lock);
    return LKS_OK;
}

lks_status deferred_drain(int index)
{
    queue *q;
    lks_status st;

    LKS_TRY(deferred_check_plain(index, "a wait"));
    pthread_mutex_lock(&lock);
    q = queue_of(index);
    while (q->first)
        if (!run_any())
            deferred_die("device %d waits for a mark that nothing leads to", index);
    st = q->st;
    q->st = LKS_OK;
    if (st != LKS_OK)
        lks_fail(st, "%s", q->text);
    pthread_mutex_unlock(&lock);
    return st;
}

lks_status deferred_mark(int index, lks_mark *out)
{
    LKS_TRY(deferred_check_plain(index, "a mark"));
    pthread_mutex_lock(&lock);
    *out = (lks_mark){queue_of(index), queue_of(index)->n_pushed};
    pthread_mutex_unlock(&lock);
    return LKS_OK;
}
