#include "data/split.h"

#include "base/alloc.h"
#include "base/rng.h"
#include "base/try.h"
#include "data/content_hash.h"
#include "data/wrapper.h"

/* The samples are n_held_out blocks, whose sizes differ by one at most; of each, one is
 * held out. */
typedef struct part {
    lks_wrapper wrapper;
    uint64_t seed, n_samples, n_held_out;
    bool is_held_out;
} part;

/* Where block j begins, j * n_samples / n_held_out: the product would not fit. */
static uint64_t block_at(const part *self, uint64_t j)
{
    const uint64_t n = self->n_samples, v = self->n_held_out;

    return j * (n / v) + j * (n % v) / v;
}

/* The sample of block j that is held out. */
static uint64_t held_out_of(const part *self, uint64_t j)
{
    const lks_rng rng = {.seed = self->seed, .layer = LKS_RNG_SPLIT};
    const uint64_t begin = block_at(self, j), n = block_at(self, j + 1) - begin;
    double u;

    lks_rng_uniform_f64(&rng, j, 1, &u);
    return begin + (uint64_t)(u * (double)n);
}

/* The block with the i-th of the samples that are left: the last one before which there
 * are i of them or fewer. */
static uint64_t block_of(const part *self, uint64_t i)
{
    const double n_rest = (double)(self->n_samples - self->n_held_out);
    uint64_t j = (uint64_t)((double)i / n_rest * (double)self->n_held_out);

    if (j >= self->n_held_out)
        j = self->n_held_out - 1;
    while (block_at(self, j) - j > i)
        j--;
    while (j + 1 < self->n_held_out && block_at(self, j + 1) - (j + 1) <= i)
        j++;
    return j;
}

static uint64_t index_of(const void *context, uint64_t index)
{
    const part *self = context;
    uint64_t j, at;

    if (self->is_held_out)
        return held_out_of(self, index);
    j = block_of(self, index);
    at = index + j;
    return at >= held_out_of(self, j) ? at + 1 : at;
}

static lks_status visit(const void *self, uint64_t index, const lks_rng *rng,
                        lks_field_place *places)
{
    const part *p = self;

    return lks_dataset_visit(p->wrapper.inner, index_of(self, index), rng, places);
}

static int64_t length(const void *self, uint64_t index)
{
    const part *p = self;

    return lks_dataset_length(p->wrapper.inner, index_of(self, index));
}

static const char *origin(const void *self, int field, uint64_t index,
                          uint64_t *index_there)
{
    const part *p = self;

    return lks_dataset_origin(p->wrapper.inner, field, index_of(self, index),
                              index_there);
}

static uint64_t fingerprint(const void *self)
{
    const part *p = self;
    const uint64_t what[] = {p->seed, p->n_held_out, p->is_held_out};

    return lks_content_hash(lks_dataset_fingerprint(p->wrapper.inner), what, sizeof what);
}

static lks_status create(part about, uint64_t n_samples, lks_dataset **out)
{
    static const lks_dataset_ops ops = {
        .visit = visit,
        .fingerprint = fingerprint,
        .origin = origin,
        .class_name = lks_wrapper_class_name,
        .length = length,
        .destroy = lks_free,
    };
    part *self = lks_malloc(sizeof *self);
    lks_status st;

    if (!self)
        return LKS_NOMEM;
    *self = about;
    st = lks_wrapper_create(&ops, self, n_samples, NULL, out);
    if (st != LKS_OK)
        lks_free(self);
    return st;
}

lks_status lks_dataset_split(const lks_dataset *dataset, uint64_t seed,
                             uint64_t n_held_out, lks_dataset **rest,
                             lks_dataset **held_out)
{
    part about = {.wrapper = {dataset},
                  .seed = seed,
                  .n_samples = lks_dataset_n_samples(dataset),
                  .n_held_out = n_held_out};
    lks_dataset *left = NULL;
    lks_status st;

    if (n_held_out < 1 || n_held_out >= about.n_samples || n_held_out > UINT32_MAX)
        return lks_fail(LKS_INVALID,
                        "%llu samples of %llu cannot be held out: at least one, and at "
                        "least one is left",
                        (unsigned long long)n_held_out,
                        (unsigned long long)about.n_samples);
    LKS_TRY(create(about, about.n_samples - n_held_out, &left));
    about.is_held_out = true;
    st = create(about, n_held_out, held_out);
    if (st == LKS_OK)
        *rest = left;
    else
        lks_dataset_destroy(left);
    return st;
}
