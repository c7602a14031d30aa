#include "data/loader.h"

#include <pthread.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cores.h"
#include "base/thread.h"
#include "base/try.h"
#include "data/bucket.h"

/* Where nothing is said: one for so many cores, for the others compute. */
enum { CORES_PER_WORKER = 8, MAX_WORKERS = 8 };

/* A thread that gathers, and what it gathers with. */
typedef struct gatherer {
    struct lks_loader *loader;
    pthread_t thread;
    uint64_t *indices;  /* [max_batch] */
    lks_bucket *bucket; /* NULL: batches are of any lengths */
} gatherer;

/* The ring: slot i % n_slots holds batch i. The threads claim slots in order, fill them in
 * any, and the consumer takes them in order.
 *
 *     n_released <= n_lent <= n_released + 1        the consumer holds one batch at most
 *     n_lent <= n_claimed <= n_released + n_slots   the threads never overtake by a round
 *     n_claimed <= end                              what is behind the end is not wanted
 *
 * Threads that have filled the ring sleep until the consumer has gone through half of
 * it: waking them costs the consumer more than taking a batch does. */
struct lks_loader {
    lks_loader_options options;
    lks_batch *slots;
    int n_slots;

    gatherer *gatherers; /* [n_workers] */
    int n_workers, n_started;
    pthread_mutex_t lock;  /* guards what follows */
    pthread_cond_t freed;  /* slots, or there are no more to fill */
    pthread_cond_t filled; /* the slot that the consumer waits for */
    bool *is_filled;       /* [n_slots] */
    uint64_t n_claimed, n_lent, n_released;
    uint64_t end; /* the first item that there is not: the plan's end, or a failure */
    bool stop;    /* the consumer wants no more */
    lks_status status; /* of the item `end` */
    char error[1024];
};

bool lks_batches_plan(const void *batches, uint64_t item, lks_batch_slice *out)
{
    const lks_batches *self = batches;
    const uint64_t n = self->n_samples, size = (uint64_t)self->batch_size;
    const uint64_t per_epoch = self->drop_last ? n / size : (n + size - 1) / size;

    if (per_epoch == 0 || item / per_epoch >= self->n_epochs)
        return false;
    out->epoch = item / per_epoch;
    out->first = item % per_epoch * size;
    out->n = (int64_t)(n - out->first < size ? n - out->first : size);
    return true;
}

/* ---- the threads ----------------------------------------------------------------- */

static lks_status check_slice(const lks_loader *self, const lks_batch_slice *slice)
{
    const uint64_t n_samples = self->options.order.n_samples;

    if (slice->n < 0 || slice->n > self->options.max_batch)
        return lks_fail(LKS_INVALID, "loader: a batch of %lld samples; at most %lld fit",
                        (long long)slice->n, (long long)self->options.max_batch);
    if (slice->first > n_samples || (uint64_t)slice->n > n_samples - slice->first)
        return lks_fail(LKS_INVALID,
                        "loader: positions %llu to %llu of an epoch of %llu samples",
                        (unsigned long long)slice->first,
                        (unsigned long long)slice->first + (uint64_t)slice->n,
                        (unsigned long long)n_samples);
    return LKS_OK;
}

/* Wait for a free slot and claim it for the next item; NULL when there is none to come. */
static lks_batch *claim_slot(lks_loader *self, uint64_t *item)
{
    lks_batch *slot = NULL;

    pthread_mutex_lock(&self->lock);
    while (!self->stop && self->n_claimed < self->end &&
           self->n_claimed == self->n_released + (uint64_t)self->n_slots)
        pthread_cond_wait(&self->freed, &self->lock);
    if (!self->stop && self->n_claimed < self->end) {
        *item = self->n_claimed++;
        slot = &self->slots[*item % (uint64_t)self->n_slots];
    }
    pthread_mutex_unlock(&self->lock);
    return slot;
}

static void publish_batch(lks_loader *self, uint64_t item)
{
    bool is_awaited;

    pthread_mutex_lock(&self->lock);
    self->is_filled[item % (uint64_t)self->n_slots] = true;
    is_awaited = item == self->n_lent;
    pthread_mutex_unlock(&self->lock);
    if (is_awaited)
        pthread_cond_signal(&self->filled);
}

/* Item `item` and those behind it are none; the first to end counts. */
static void publish_end(lks_loader *self, uint64_t item, lks_status status)
{
    pthread_mutex_lock(&self->lock);
    if (item < self->end) {
        self->end = item;
        self->status = status;
        if (status != LKS_OK) /* the text is this thread's: carry it over */
            strncpy(self->error, lks_error_text(), sizeof self->error - 1);
    }
    pthread_cond_broadcast(&self->freed);
    pthread_cond_signal(&self->filled);
    pthread_mutex_unlock(&self->lock);
}

static lks_status gather(const gatherer *g, lks_batch *batch)
{
    const lks_loader_options *o = &g->loader->options;
    const lks_draws draws = {.seed = o->order.seed, .epoch = batch->slice.epoch};

    if (g->bucket)
        lks_bucket_run(g->bucket, batch->slice.epoch, batch->slice.first,
                       (size_t)batch->slice.n, g->indices);
    else
        lks_order_run(&o->order, batch->slice.epoch, batch->slice.first,
                      (size_t)batch->slice.n, g->indices);
    return lks_dataset_gather_drawn(o->dataset, o->draws ? &draws : NULL, g->indices,
                                    batch->slice.n, batch->fields);
}

static void *run(void *context)
{
    const gatherer *g = context;
    lks_loader *self = g->loader;
    const lks_loader_options *o = &self->options;
    lks_batch *slot;
    uint64_t item;

    while ((slot = claim_slot(self, &item)) != NULL) {
        lks_status st = LKS_OK;

        if (!o->plan(o->plan_context, item, &slot->slice)) {
            publish_end(self, item, LKS_OK);
            break;
        }
        if ((st = check_slice(self, &slot->slice)) != LKS_OK ||
            (st = gather(g, slot)) != LKS_OK) {
            publish_end(self, item, st);
            break;
        }
        publish_batch(self, item);
    }
    return NULL;
}

static lks_status start(lks_loader *self)
{
    for (; self->n_started < self->n_workers; self->n_started++)
        LKS_TRY(lks_thread_start(&self->gatherers[self->n_started].thread, run,
                                 &self->gatherers[self->n_started], "the loader"));
    return LKS_OK;
}

int lks_loader_workers(void)
{
    const uint32_t n = lks_cores_usable() / CORES_PER_WORKER;

    return n < 1 ? 1 : n > MAX_WORKERS ? MAX_WORKERS : (int)n;
}

/* ---- the consumer ---------------------------------------------------------------- */

static lks_status check_options(const lks_loader_options *options)
{
    const uint64_t n_samples = lks_dataset_n_samples(options->dataset);

    if (options->max_batch < 1 || options->n_ahead < 1)
        return lks_fail(LKS_INVALID,
                        "loader: max_batch %lld and n_ahead %d must be at least 1",
                        (long long)options->max_batch, options->n_ahead);
    if (options->n_workers < 0)
        return lks_fail(LKS_INVALID, "loader: %d workers", options->n_workers);
    if (options->order.n_samples < 1 || options->order.n_samples > n_samples)
        return lks_fail(
            LKS_INVALID, "loader: an order of %llu samples over a dataset of %llu",
            (unsigned long long)options->order.n_samples, (unsigned long long)n_samples);
    if (options->order.n_batches > 0 && options->order.batch_size < 1)
        return lks_fail(LKS_INVALID, "loader: batches of like length, of no samples");
    return LKS_OK;
}

/* Bytes of one batch of `max_batch` samples with these sizes, the product checked. */
static lks_status fail_size(int64_t max_batch)
{
    return lks_fail(LKS_INVALID, "loader: a batch of %lld samples is too large",
                    (long long)max_batch);
}

static lks_status allocate_field(const lks_field *field, int64_t max_batch,
                                 lks_field_batch *out)
{
    size_t n_bytes;

    if (__builtin_mul_overflow(lks_field_bytes(field), (size_t)max_batch, &n_bytes))
        return fail_size(max_batch);
    if (!(out->data = lks_malloc_aligned(n_bytes)))
        return LKS_NOMEM;
    if (!field->varies)
        return LKS_OK;
    out->lengths = lks_calloc((size_t)max_batch, sizeof *out->lengths);
    return out->lengths ? LKS_OK : LKS_NOMEM;
}

static lks_status allocate(lks_loader *self)
{
    const lks_loader_options *o = &self->options;

    if ((uint64_t)o->max_batch > PTRDIFF_MAX / sizeof *self->gatherers->indices)
        return fail_size(o->max_batch);
    self->slots = lks_calloc((size_t)self->n_slots, sizeof *self->slots);
    self->is_filled = lks_calloc((size_t)self->n_slots, sizeof *self->is_filled);
    self->gatherers = lks_calloc((size_t)self->n_workers, sizeof *self->gatherers);
    if (!self->slots || !self->is_filled || !self->gatherers)
        return LKS_NOMEM;
    for (int i = 0; i < self->n_workers; i++) {
        gatherer *g = &self->gatherers[i];

        g->loader = self;
        if (!(g->indices = lks_calloc((size_t)o->max_batch, sizeof *g->indices)))
            return LKS_NOMEM;
        if (o->order.n_batches > 0)
            LKS_TRY(lks_bucket_create(o->dataset, &o->order, &g->bucket));
    }
    for (int i = 0; i < self->n_slots; i++)
        for (int f = 0; f < lks_dataset_n_fields(o->dataset); f++)
            LKS_TRY(allocate_field(lks_dataset_field(o->dataset, f), o->max_batch,
                                   &self->slots[i].fields[f]));
    return LKS_OK;
}

lks_status lks_loader_create(const lks_loader_options *options, lks_loader **out)
{
    lks_loader *self = NULL;
    lks_status st;

    LKS_GO(check_options(options));
    if (!(self = lks_calloc(1, sizeof *self)))
        LKS_GO(LKS_NOMEM);
    self->options = *options;
    self->n_workers = options->n_workers > 0 ? options->n_workers : lks_loader_workers();
    self->n_slots = /* and the one lent */
        1 + (options->n_ahead > self->n_workers ? options->n_ahead : self->n_workers);
    self->end = UINT64_MAX;
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->freed, NULL);
    pthread_cond_init(&self->filled, NULL);
    LKS_GO(allocate(self));
    LKS_GO(start(self));
    *out = self;
    self = NULL;
cleanup:
    lks_loader_destroy(self);
    return st;
}

static void stop(lks_loader *self)
{
    pthread_mutex_lock(&self->lock);
    self->stop = true;
    pthread_cond_broadcast(&self->freed);
    pthread_mutex_unlock(&self->lock);
    for (int i = 0; i < self->n_started; i++)
        pthread_join(self->gatherers[i].thread, NULL);
}

void lks_loader_destroy(lks_loader *loader)
{
    if (!loader)
        return;
    stop(loader);
    for (int i = 0; loader->slots && i < loader->n_slots; i++)
        for (int f = 0; f < LKS_DATASET_MAX_FIELDS; f++) {
            lks_free(loader->slots[i].fields[f].data);
            lks_free(loader->slots[i].fields[f].lengths);
        }
    for (int i = 0; loader->gatherers && i < loader->n_workers; i++) {
        lks_free(loader->gatherers[i].indices);
        lks_bucket_destroy(loader->gatherers[i].bucket);
    }
    lks_free(loader->gatherers);
    lks_free(loader->is_filled);
    lks_free(loader->slots);
    pthread_cond_destroy(&loader->freed);
    pthread_cond_destroy(&loader->filled);
    pthread_mutex_destroy(&loader->lock);
    lks_free(loader);
}

/* The batch lent before comes back. */
static void release_lent(lks_loader *self)
{
    for (; self->n_released < self->n_lent; self->n_released++)
        self->is_filled[self->n_released % (uint64_t)self->n_slots] = false;
}

lks_status lks_loader_next(lks_loader *loader, const lks_batch **out)
{
    const lks_batch *batch = NULL;
    lks_status st = LKS_OK;
    uint64_t slot;
    bool low;

    pthread_mutex_lock(&loader->lock);
    release_lent(loader);
    slot = loader->n_lent % (uint64_t)loader->n_slots;
    while (!loader->is_filled[slot] && loader->n_lent < loader->end)
        pthread_cond_wait(&loader->filled, &loader->lock);
    if (loader->n_lent < loader->end) {
        batch = &loader->slots[slot];
        loader->n_lent++;
    } else {
        st = loader->status;
    }
    low = loader->n_claimed - loader->n_lent <= (uint64_t)(loader->n_slots - 1) / 2;
    pthread_mutex_unlock(&loader->lock);
    if (low)
        pthread_cond_broadcast(&loader->freed);
    if (st != LKS_OK)
        return lks_fail(st, "%s", loader->error);
    *out = batch;
    return LKS_OK;
}
