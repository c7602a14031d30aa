#include "data/loader.h"

#include <pthread.h>
#include <string.h>

#include "base/alloc.h"
#include "base/thread.h"
#include "base/try.h"

/* The ring: slot i % n_slots holds batch i. The thread fills, the consumer takes.
 *
 *     n_released <= n_lent <= n_released + 1        the consumer holds one batch at most
 *     n_lent <= n_filled <= n_released + n_slots    the thread never overtakes by a round
 *
 * A thread that has filled the ring sleeps until the consumer has gone through half of
 * it: waking it costs the consumer more than taking a batch does. */
struct lks_loader {
    lks_loader_options options;
    lks_batch *slots;
    int n_slots;
    uint64_t *indices; /* [max_batch], the thread's */

    pthread_t thread;
    bool started;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    uint64_t n_filled, n_lent, n_released;
    bool stop;         /* the consumer wants no more */
    bool ended;        /* the thread fills no more: the plan's end, or a failure */
    lks_status status; /* of the thread */
    char error[1024];
};

/* ---- the thread ------------------------------------------------------------------ */

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

/* Wait for a free slot; NULL when the loader is being destroyed. */
static lks_batch *wait_for_slot(lks_loader *self)
{
    lks_batch *slot = NULL;

    pthread_mutex_lock(&self->lock);
    while (!self->stop && self->n_filled == self->n_released + (uint64_t)self->n_slots)
        pthread_cond_wait(&self->changed, &self->lock);
    if (!self->stop)
        slot = &self->slots[self->n_filled % (uint64_t)self->n_slots];
    pthread_mutex_unlock(&self->lock);
    return slot;
}

static void publish_batch(lks_loader *self)
{
    pthread_mutex_lock(&self->lock);
    self->n_filled++;
    pthread_mutex_unlock(&self->lock);
    pthread_cond_broadcast(&self->changed);
}

static void publish_end(lks_loader *self, lks_status status)
{
    pthread_mutex_lock(&self->lock);
    self->ended = true;
    self->status = status;
    if (status != LKS_OK) /* the text is this thread's: carry it over */
        strncpy(self->error, lks_error_text(), sizeof self->error - 1);
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
}

static lks_status gather(const lks_loader *self, lks_batch *batch)
{
    const lks_loader_options *o = &self->options;
    const lks_draws draws = {.seed = o->order.seed, .epoch = batch->slice.epoch};

    lks_order_run(&o->order, batch->slice.epoch, batch->slice.first,
                  (size_t)batch->slice.n, self->indices);
    return lks_dataset_gather_drawn(o->dataset, o->draws ? &draws : NULL, self->indices,
                                    batch->slice.n, batch->fields);
}

static void *run(void *context)
{
    lks_loader *self = context;
    const lks_loader_options *o = &self->options;
    lks_status st = LKS_OK;
    lks_batch *slot;

    for (uint64_t item = 0; (slot = wait_for_slot(self)) != NULL; item++) {
        if (!o->plan(o->plan_context, item, &slot->slice))
            break;
        if ((st = check_slice(self, &slot->slice)) != LKS_OK ||
            (st = gather(self, slot)) != LKS_OK)
            break;
        publish_batch(self);
    }
    publish_end(self, st);
    return NULL;
}

static lks_status start(lks_loader *self)
{
    LKS_TRY(lks_thread_start(&self->thread, run, self, "the loader"));
    self->started = true;
    return LKS_OK;
}

/* ---- the consumer ---------------------------------------------------------------- */

static lks_status check_options(const lks_loader_options *options)
{
    const uint64_t n_samples = lks_dataset_n_samples(options->dataset);

    if (options->max_batch < 1 || options->n_ahead < 1)
        return lks_fail(LKS_INVALID,
                        "loader: max_batch %lld and n_ahead %d must be at least 1",
                        (long long)options->max_batch, options->n_ahead);
    if (options->order.n_samples < 1 || options->order.n_samples > n_samples)
        return lks_fail(
            LKS_INVALID, "loader: an order of %llu samples over a dataset of %llu",
            (unsigned long long)options->order.n_samples, (unsigned long long)n_samples);
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

    if ((uint64_t)o->max_batch > PTRDIFF_MAX / sizeof *self->indices)
        return fail_size(o->max_batch);
    self->slots = lks_calloc((size_t)self->n_slots, sizeof *self->slots);
    self->indices = lks_calloc((size_t)o->max_batch, sizeof *self->indices);
    if (!self->slots || !self->indices)
        return LKS_NOMEM;
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
    self->n_slots = options->n_ahead + 1; /* and the one lent */
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->changed, NULL);
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
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
    pthread_join(self->thread, NULL);
}

void lks_loader_destroy(lks_loader *loader)
{
    if (!loader)
        return;
    if (loader->started)
        stop(loader);
    for (int i = 0; loader->slots && i < loader->n_slots; i++)
        for (int f = 0; f < LKS_DATASET_MAX_FIELDS; f++) {
            lks_free(loader->slots[i].fields[f].data);
            lks_free(loader->slots[i].fields[f].lengths);
        }
    lks_free(loader->slots);
    lks_free(loader->indices);
    pthread_cond_destroy(&loader->changed);
    pthread_mutex_destroy(&loader->lock);
    lks_free(loader);
}

lks_status lks_loader_next(lks_loader *loader, const lks_batch **out)
{
    const lks_batch *batch = NULL;
    lks_status st = LKS_OK;
    bool low;

    pthread_mutex_lock(&loader->lock);
    loader->n_released = loader->n_lent; /* the batch lent before comes back */
    while (loader->n_filled == loader->n_lent && !loader->ended)
        pthread_cond_wait(&loader->changed, &loader->lock);
    if (loader->n_lent < loader->n_filled)
        batch = &loader->slots[loader->n_lent++ % (uint64_t)loader->n_slots];
    else
        st = loader->status;
    low = loader->n_filled - loader->n_lent <= (uint64_t)loader->options.n_ahead / 2;
    pthread_mutex_unlock(&loader->lock);
    if (low)
        pthread_cond_broadcast(&loader->changed);
    if (st != LKS_OK)
        return lks_fail(st, "%s", loader->error);
    *out = batch;
    return LKS_OK;
}
