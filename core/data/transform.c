#include "data/transform.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/transform_options.h"
#include "base/try.h"
#include "data/wrapper.h"

#define DECLARE(name) extern const lks_transform_type lks_transform_##name;
LKS_TRANSFORM_LIST(DECLARE)

static const lks_transform_type *const types[] = {
#define ADDRESS(name) &lks_transform_##name,
    LKS_TRANSFORM_LIST(ADDRESS)};

enum { N_TYPES = sizeof types / sizeof *types, MAX_TRANSFORMS = 32 };

/* Room for a sample on its way, twice. Threads take one each and put it back, so that no
 * memory is taken once there are as many as threads. */
typedef struct scratch {
    struct scratch *next;
    void *halves[2];
} scratch;

typedef struct transformed {
    lks_wrapper wrapper;
    int field; /* "inputs" */
    size_t n;
    lks_transform *transforms; /* [n] */
    size_t largest;            /* bytes of a sample, of those on the way */
    pthread_mutex_t lock;      /* guards what follows */
    scratch *spare;
} transformed;

const lks_transform_type *lks_transform_type_find(const char *name)
{
    for (size_t i = 0; i < N_TYPES; i++)
        if (strcmp(types[i]->name, name) == 0)
            return types[i];
    return NULL;
}

lks_status lks_transform_refuse(const lks_transform *transform, const char *format, ...)
{
    char why[256];
    va_list args;

    va_start(args, format);
    vsnprintf(why, sizeof why, format, args);
    va_end(args);
    return lks_fail(LKS_INVALID, "transform %s: %s", transform->type->name, why);
}

/* ---- scratch ---- */

static void free_scratch(scratch *s)
{
    if (!s)
        return;
    lks_free(s->halves[0]);
    lks_free(s->halves[1]);
    lks_free(s);
}

static lks_status create_scratch(const transformed *self, scratch **out)
{
    scratch *s = lks_calloc(1, sizeof *s);

    if (!s)
        return LKS_NOMEM;
    for (int i = 0; i < 2; i++)
        if (!(s->halves[i] = lks_malloc_aligned(self->largest))) {
            free_scratch(s);
            return LKS_NOMEM;
        }
    *out = s;
    return LKS_OK;
}

static lks_status take_scratch(transformed *self, scratch **out)
{
    pthread_mutex_lock(&self->lock);
    *out = self->spare;
    if (*out)
        self->spare = (*out)->next;
    pthread_mutex_unlock(&self->lock);
    return *out ? LKS_OK : create_scratch(self, out);
}

static void put_back(transformed *self, scratch *s)
{
    pthread_mutex_lock(&self->lock);
    s->next = self->spare;
    self->spare = s;
    pthread_mutex_unlock(&self->lock);
}

/* ---- samples ---- */

/* From half 0 on, to and fro, the last one to where the sample belongs. */
static void apply(const transformed *self, const lks_rng *rng, void *const halves[2],
                  void *out)
{
    for (size_t i = 0; i < self->n; i++) {
        const lks_transform *t = &self->transforms[i];
        lks_rng own;

        if (rng) {
            own = *rng;
            own.layer += 1 + (uint32_t)i;
        }
        t->type->apply(t, rng ? &own : NULL, halves[i % 2],
                       i + 1 < self->n ? halves[1 - i % 2] : out);
    }
}

static lks_status visit(const void *context, uint64_t index, const lks_rng *rng,
                        lks_field_place *places)
{
    /* the spare scratch alone changes, under its lock */
    transformed *self = (transformed *)(uintptr_t)context;
    void *const out = places[self->field].data;
    scratch *s;
    lks_status st;

    if (!out || self->n == 0)
        return lks_dataset_visit(self->wrapper.inner, index, rng, places);
    LKS_TRY(take_scratch(self, &s));
    places[self->field].data = s->halves[0];
    st = lks_dataset_visit(self->wrapper.inner, index, rng, places);
    places[self->field].data = out;
    if (st == LKS_OK)
        apply(self, rng, s->halves, out);
    put_back(self, s);
    return st;
}

/* ---- creation ---- */

static void destroy(void *context)
{
    transformed *self = context;
    scratch *next;

    if (!self)
        return;
    for (scratch *s = self->spare; s; s = next) {
        next = s->next;
        free_scratch(s);
    }
    for (size_t i = 0; self->transforms && i < self->n; i++)
        lks_free(self->transforms[i].config);
    lks_free(self->transforms);
    pthread_mutex_destroy(&self->lock);
    lks_free(self);
}

static lks_status make_one(const lks_transform_spec *spec, const lks_field *in,
                           lks_transform *out)
{
    const lks_transform_type *type = spec->own ? spec->own : NULL;
    char owner[64];

    if (!type && !(type = lks_transform_type_find(spec->type)))
        return lks_fail(LKS_INVALID, "there is no transform named %s", spec->type);
    *out = (lks_transform){.type = type,
                           .options = spec->options,
                           .self = spec->self,
                           .in = *in,
                           .out = *in};
    if (!(out->config = lks_calloc(1, type->config_size_bytes)))
        return LKS_NOMEM;
    snprintf(owner, sizeof owner, "transform %s", type->name);
    LKS_TRY(lks_option_read(type->options, type->n_options, spec->options, owner,
                            out->config));
    return type->infer ? type->infer(out, &out->out) : LKS_OK;
}

static lks_status make_all(transformed *self, const lks_transform_spec *specs, size_t n)
{
    const lks_field *in = lks_dataset_field(self->wrapper.inner, self->field);

    if (n > MAX_TRANSFORMS)
        return lks_fail(LKS_INVALID, "%zu transforms; at most %d are possible", n,
                        MAX_TRANSFORMS);
    if (!(self->transforms = lks_calloc(n, sizeof *self->transforms)))
        return LKS_NOMEM;
    self->largest = lks_field_bytes(in);
    for (; self->n < n; in = &self->transforms[self->n++].out) {
        lks_transform *t = &self->transforms[self->n];
        lks_status st = make_one(&specs[self->n], in, t);

        if (st != LKS_OK) {
            lks_free(t->config);
            return st;
        }
        if (lks_field_bytes(&t->out) > self->largest)
            self->largest = lks_field_bytes(&t->out);
    }
    return LKS_OK;
}

static lks_status find_inputs(transformed *self)
{
    const lks_dataset *inner = self->wrapper.inner;

    self->field = lks_dataset_find(inner, "inputs");
    if (self->field < 0)
        return lks_fail(LKS_INVALID, "transforms: the data have no field named inputs");
    return lks_dataset_field(inner, self->field)->varies
               ? lks_fail(LKS_INVALID, "transforms take inputs of one size")
               : LKS_OK;
}

lks_status lks_dataset_transform(const lks_dataset *dataset,
                                 const lks_transform_spec *transforms, size_t n,
                                 lks_dataset **out)
{
    static const lks_dataset_ops ops = {
        .visit = visit,
        .fingerprint = lks_wrapper_fingerprint,
        .origin = lks_wrapper_origin,
        .class_name = lks_wrapper_class_name,
        .n_streams = lks_wrapper_n_streams,
        .length = lks_wrapper_length,
        .row = lks_wrapper_row,
        .destroy = destroy,
    };
    transformed *self = lks_calloc(1, sizeof *self);
    lks_status st;

    if (!self)
        return LKS_NOMEM;
    self->wrapper.inner = dataset;
    pthread_mutex_init(&self->lock, NULL);
    LKS_GO(find_inputs(self));
    LKS_GO(make_all(self, transforms, n));
    LKS_GO(lks_wrapper_create(&ops, self, lks_dataset_n_samples(dataset),
                              n > 0 ? &self->transforms[n - 1].out : NULL, out));
    self = NULL;
cleanup:
    destroy(self);
    return st;
}
