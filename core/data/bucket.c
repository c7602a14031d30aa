#include "data/bucket.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/try.h"

/* A sample of a pool: sorted by its length, and then by where it stood. */
typedef struct entry {
    int64_t length;
    uint64_t sample, place;
} entry;

struct lks_bucket {
    const lks_dataset *dataset;
    lks_order order;
    uint64_t pool_size; /* samples of all pools but the last */
    bool has_pool;
    uint64_t epoch, first; /* of the pool that is kept, its first position */
    uint64_t *samples;     /* [pool_size] by position */
    entry *entries;        /* [pool_size] */
};

lks_status lks_bucket_create(const lks_dataset *dataset, const lks_order *order,
                             lks_bucket **out)
{
    lks_bucket *self = NULL;
    uint64_t n;
    lks_status st;

    if (lks_dataset_length(dataset, 0) < 0)
        return lks_fail(LKS_INVALID, "data.bucket: the samples have no lengths to be "
                                     "sorted by");
    if (__builtin_mul_overflow(order->batch_size, order->n_batches, &n) ||
        n > order->n_samples)
        n = order->n_samples;
    if (!(self = lks_calloc(1, sizeof *self)))
        return LKS_NOMEM;
    self->dataset = dataset;
    self->order = *order;
    self->pool_size = n;
    self->samples = lks_calloc((size_t)n, sizeof *self->samples);
    self->entries = lks_calloc((size_t)n, sizeof *self->entries);
    if (!self->samples || !self->entries)
        LKS_GO(LKS_NOMEM);
    *out = self;
    return LKS_OK;
cleanup:
    lks_bucket_destroy(self);
    return st;
}

void lks_bucket_destroy(lks_bucket *bucket)
{
    if (!bucket)
        return;
    lks_free(bucket->samples);
    lks_free(bucket->entries);
    lks_free(bucket);
}

static int by_length(const void *a, const void *b)
{
    const entry *m = a, *n = b;

    return m->length != n->length ? (m->length > n->length) - (m->length < n->length)
                                  : (m->place > n->place) - (m->place < n->place);
}

/* Which of n sorted batches is the i-th of the pool: drawn by another key for each pool. */
static uint64_t batch_of(const lks_bucket *self, uint64_t i, uint64_t n)
{
    const lks_order batches = {.seed = self->order.seed ^
                                       (self->first + 1) * UINT64_C(0x9e3779b97f4a7c15),
                               .n_samples = n,
                               .shuffle = self->order.shuffle};

    return lks_order_at(&batches, self->epoch, i);
}

/* The pool from its first position on. */
static void fill_pool(lks_bucket *self, uint64_t epoch, uint64_t first)
{
    const uint64_t left = self->order.n_samples - first, size = self->order.batch_size;
    const uint64_t n = left < self->pool_size ? left : self->pool_size;
    const uint64_t n_batches = n / size, n_whole = n_batches * size;

    self->epoch = epoch;
    self->first = first;
    self->has_pool = true;
    lks_order_run(&self->order, epoch, first, (size_t)n, self->samples);
    for (uint64_t i = 0; i < n_whole; i++)
        self->entries[i] = (entry){lks_dataset_length(self->dataset, self->samples[i]),
                                   self->samples[i], i};
    qsort(self->entries, (size_t)n_whole, sizeof *self->entries, by_length);
    for (uint64_t i = 0; i < n_batches; i++) {
        const entry *batch = self->entries + batch_of(self, i, n_batches) * size;

        for (uint64_t k = 0; k < size; k++)
            self->samples[i * size + k] = batch[k].sample;
    }
}

void lks_bucket_run(lks_bucket *bucket, uint64_t epoch, uint64_t first, size_t n,
                    uint64_t *out)
{
    while (n > 0) {
        const uint64_t at = first % bucket->pool_size, pool = first - at;
        const uint64_t left = bucket->pool_size - at;
        const size_t n_here = n < left ? n : (size_t)left;

        if (!bucket->has_pool || bucket->epoch != epoch || bucket->first != pool)
            fill_pool(bucket, epoch, pool);
        memcpy(out, bucket->samples + at, n_here * sizeof *out);
        first += n_here;
        out += n_here;
        n -= n_here;
    }
}
