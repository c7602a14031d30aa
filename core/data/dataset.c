#include "data/dataset.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/try.h"
#include "data/content_hash.h"
#include "data/gather.h"
#include "data/pad.h"

struct lks_dataset {
    const lks_dataset_ops *ops;
    void *self;
    uint64_t n_samples;
    uint64_t fingerprint;
    int n_fields;
    bool varies; /* one of them does */
    lks_field fields[LKS_DATASET_MAX_FIELDS];
    char names[LKS_DATASET_MAX_FIELDS][LKS_FIELD_NAME_SIZE];
};

/* ---- creation ---- */

/* False: they overflow. */
static bool bytes_of(const lks_field *field, uint64_t n_samples, size_t *out)
{
    size_t n = lks_dtype_size_bytes(field->dtype);
    bool fits = true;

    for (int d = 0; d < field->n_dims; d++)
        fits &= !__builtin_mul_overflow(n, (size_t)field->sizes[d], &n);
    *out = n;
    return fits && !__builtin_mul_overflow(n, n_samples, &n);
}

static lks_status check_shape(const lks_field *field, uint64_t n_samples)
{
    size_t n_bytes;

    if (field->n_dims < 0 || field->n_dims > LKS_DATASET_MAX_DIMS)
        return lks_fail(LKS_INVALID, "field %s: %d dimensions; at most %d are allowed",
                        field->name, field->n_dims, LKS_DATASET_MAX_DIMS);
    for (int d = 0; d < field->n_dims; d++)
        if (field->sizes[d] < 1)
            return lks_fail(LKS_INVALID, "field %s: size %d of its samples is %lld",
                            field->name, d + 1, (long long)field->sizes[d]);
    if (!bytes_of(field, n_samples, &n_bytes))
        return lks_fail(LKS_INVALID, "field %s: its sizes overflow", field->name);
    return LKS_OK;
}

static lks_status check_variation(const lks_field *field)
{
    unsigned char pad[LKS_MAX_ELEMENT_BYTES];

    if (!field->varies)
        return LKS_OK;
    if (field->varying_dim < 0 || field->varying_dim >= field->n_dims)
        return lks_fail(LKS_INVALID, "field %s: dimension %d varies, of %d", field->name,
                        field->varying_dim, field->n_dims);
    if (!lks_pad_element(field->dtype, field->pad, pad))
        return lks_fail(LKS_INVALID, "field %s: %s does not hold its pad value %g",
                        field->name, lks_dtype_name(field->dtype), field->pad);
    return LKS_OK;
}

static lks_status add_field(lks_dataset *self, const lks_field *field)
{
    const int at = self->n_fields;

    if (!field->name || !field->name[0] || strlen(field->name) >= LKS_FIELD_NAME_SIZE)
        return lks_fail(LKS_INVALID, "field %d: a name has 1 to %d bytes", at,
                        LKS_FIELD_NAME_SIZE - 1);
    if (lks_dataset_find(self, field->name) >= 0)
        return lks_fail(LKS_INVALID, "field %s: there are two of that name", field->name);
    if ((unsigned)field->dtype >= LKS_N_DTYPES)
        return lks_fail(LKS_INVALID, "field %s: no such dtype", field->name);
    LKS_TRY(check_shape(field, self->n_samples));
    LKS_TRY(check_variation(field));
    self->fields[at] = *field;
    self->fields[at].name = strcpy(self->names[at], field->name);
    self->varies |= field->varies;
    self->n_fields++;
    return LKS_OK;
}

static lks_status set_fields(lks_dataset *self, const lks_field *fields, int n_fields)
{
    if (self->n_samples == 0)
        return lks_fail(LKS_INVALID, "a dataset without samples");
    if (n_fields < 1 || n_fields > LKS_DATASET_MAX_FIELDS)
        return lks_fail(LKS_INVALID, "a dataset of %d fields; 1 to %d are allowed",
                        n_fields, LKS_DATASET_MAX_FIELDS);
    for (int i = 0; i < n_fields; i++)
        LKS_TRY(add_field(self, &fields[i]));
    return LKS_OK;
}

static lks_status check_streams(const lks_dataset *self)
{
    const uint64_t n = lks_dataset_n_streams(self);

    if (n == 0 || self->n_samples % n == 0)
        return LKS_OK;
    return lks_fail(LKS_INVALID,
                    "%llu samples are no windows of %llu streams, each as many",
                    (unsigned long long)self->n_samples, (unsigned long long)n);
}

/* ---- the fingerprint ----------------------------------------------------------------
 */

/* Of the field's length in one sample; all of it where it does not vary. */
static size_t bytes_of_sample(const lks_field *field, int64_t length)
{
    const size_t n = lks_field_bytes(field);

    return field->varies ? n / (size_t)field->sizes[field->varying_dim] * (size_t)length
                         : n;
}

static uint64_t hash_fields(const lks_dataset *self, const lks_field_place *places,
                            uint64_t hash)
{
    for (int i = 0; i < self->n_fields; i++) {
        const lks_field *field = &self->fields[i];

        if (field->varies)
            hash = lks_content_hash(hash, &places[i].length, sizeof places[i].length);
        hash = lks_content_hash(hash, places[i].data,
                                bytes_of_sample(field, places[i].length));
    }
    return hash;
}

static uint64_t hash_shapes(const lks_dataset *self)
{
    uint64_t hash = self->n_samples;

    for (int i = 0; i < self->n_fields; i++) {
        const lks_field *f = &self->fields[i];
        const int64_t shape[] = {f->dtype, f->n_dims, f->varies, f->varying_dim};

        hash = lks_content_hash(hash, f->name, strlen(f->name));
        hash = lks_content_hash(hash, shape, sizeof shape);
        hash = lks_content_hash(hash, f->sizes, (size_t)f->n_dims * sizeof *f->sizes);
    }
    return hash;
}

static lks_status hash_samples(lks_dataset *self)
{
    lks_field_place places[LKS_DATASET_MAX_FIELDS] = {{0}};
    uint64_t hash = hash_shapes(self);
    lks_status st = LKS_OK;

    for (int i = 0; i < self->n_fields; i++)
        if (!(places[i].data = lks_malloc_aligned(lks_field_bytes(&self->fields[i]))))
            LKS_GO(LKS_NOMEM);
    for (uint64_t index = 0; index < self->n_samples; index++) {
        LKS_GO(lks_dataset_get(self, index, places));
        hash = hash_fields(self, places, hash);
    }
    self->fingerprint = hash;
cleanup:
    for (int i = 0; i < self->n_fields; i++)
        lks_free(places[i].data);
    return st;
}

lks_status lks_dataset_create(const lks_dataset_ops *ops, void *self, uint64_t n_samples,
                              const lks_field *fields, int n_fields, lks_dataset **out)
{
    lks_dataset *dataset = lks_calloc(1, sizeof *dataset);
    lks_status st;

    if (!dataset)
        return LKS_NOMEM;
    dataset->ops = ops;
    dataset->self = self;
    dataset->n_samples = n_samples;
    LKS_GO(set_fields(dataset, fields, n_fields));
    LKS_GO(check_streams(dataset));
    if (ops->fingerprint)
        dataset->fingerprint = ops->fingerprint(self);
    else
        LKS_GO(hash_samples(dataset));
    *out = dataset;
    dataset = NULL;
cleanup:
    lks_free(dataset); /* `self` is still the caller's */
    return st;
}

void lks_dataset_destroy(lks_dataset *dataset)
{
    if (!dataset)
        return;
    if (dataset->ops->destroy)
        dataset->ops->destroy(dataset->self);
    lks_free(dataset);
}

/* ---- what it is ---- */

const void *lks_dataset_self(const lks_dataset *dataset, const lks_dataset_ops *ops)
{
    return dataset->ops == ops ? dataset->self : NULL;
}

lks_table lks_dataset_table(const lks_dataset *dataset)
{
    return dataset->ops->table ? dataset->ops->table(dataset->self) : (lks_table){0};
}

int64_t lks_dataset_length(const lks_dataset *dataset, uint64_t index)
{
    return dataset->ops->length ? dataset->ops->length(dataset->self, index) : -1;
}

uint64_t lks_dataset_n_streams(const lks_dataset *dataset)
{
    return dataset->ops->n_streams ? dataset->ops->n_streams(dataset->self) : 0;
}

uint64_t lks_dataset_n_samples(const lks_dataset *dataset)
{
    return dataset->n_samples;
}

int lks_dataset_n_fields(const lks_dataset *dataset)
{
    return dataset->n_fields;
}

const lks_field *lks_dataset_field(const lks_dataset *dataset, int field)
{
    return &dataset->fields[field];
}

bool lks_dataset_collates(const lks_dataset *dataset)
{
    return dataset->ops->collate != NULL;
}

int lks_dataset_find(const lks_dataset *dataset, const char *name)
{
    for (int i = 0; i < dataset->n_fields; i++)
        if (strcmp(dataset->fields[i].name, name) == 0)
            return i;
    return -1;
}

size_t lks_field_bytes(const lks_field *field)
{
    size_t n;

    bytes_of(field, 1, &n); /* checked when the dataset was made */
    return n;
}

const char *lks_dataset_origin(const lks_dataset *dataset, int field, uint64_t index,
                               uint64_t *index_there)
{
    uint64_t ignored;

    if (!index_there)
        index_there = &ignored;
    *index_there = index;
    return dataset->ops->origin
               ? dataset->ops->origin(dataset->self, field, index, index_there)
               : "the dataset";
}

const char *lks_dataset_class_name(const lks_dataset *dataset, int64_t number)
{
    return dataset->ops->class_name ? dataset->ops->class_name(dataset->self, number)
                                    : NULL;
}

uint64_t lks_dataset_row(const lks_dataset *dataset, uint64_t index)
{
    return dataset->ops->row ? dataset->ops->row(dataset->self, index) : index;
}

lks_status lks_dataset_class_names(const lks_dataset *dataset, int64_t n,
                                   const char ***out)
{
    const char **names;

    *out = NULL;
    for (int64_t i = 0; i < n; i++)
        if (!lks_dataset_class_name(dataset, i))
            return LKS_OK;
    if (!(names = lks_calloc((size_t)n, sizeof *names)))
        return LKS_NOMEM;
    for (int64_t i = 0; i < n; i++)
        names[i] = lks_dataset_class_name(dataset, i);
    *out = names;
    return LKS_OK;
}

uint64_t lks_dataset_fingerprint(const lks_dataset *dataset)
{
    return dataset->fingerprint;
}

/* ---- labels ---- */

static lks_status refuse_label(const lks_dataset *self, int field, uint64_t sample,
                               int64_t label, int64_t n_classes)
{
    uint64_t index;
    const char *file = lks_dataset_origin(self, field, sample, &index);

    return lks_fail(LKS_FORMAT,
                    "%s: sample %llu has label %lld; with %lld classes labels are 0 to "
                    "%lld",
                    file, (unsigned long long)index, (long long)label,
                    (long long)n_classes, (long long)n_classes - 1);
}

/* `labels` has room for one sample's. */
static lks_status check_samples(const lks_dataset *self, int field, int64_t n_classes,
                                int64_t ignored, int64_t *labels)
{
    const lks_field *f = &self->fields[field];
    lks_field_place places[LKS_DATASET_MAX_FIELDS] = {{0}};

    places[field].data = labels;
    for (uint64_t i = 0; i < self->n_samples; i++) {
        LKS_TRY(lks_dataset_get(self, i, places));
        for (size_t k = 0; k < bytes_of_sample(f, places[field].length) / sizeof *labels;
             k++)
            if ((labels[k] < 0 || labels[k] >= n_classes) && labels[k] != ignored)
                return refuse_label(self, field, i, labels[k], n_classes);
    }
    return LKS_OK;
}

lks_status lks_dataset_check_labels(const lks_dataset *dataset, int field,
                                    int64_t n_classes, int64_t ignored)
{
    const lks_field *f = &dataset->fields[field];
    int64_t *labels;
    lks_status st;

    if (f->dtype != LKS_I64)
        return lks_fail(LKS_DTYPE, "%s: the %s are %s values, not classes",
                        lks_dataset_origin(dataset, field, dataset->n_samples - 1, NULL),
                        f->name, lks_dtype_name(f->dtype));
    if (!(labels = lks_malloc(lks_field_bytes(f))))
        return LKS_NOMEM;
    st = check_samples(dataset, field, n_classes, ignored, labels);
    lks_free(labels);
    return st;
}

/* ---- numbers ---- */

/* The first of values[n] that is NaN or infinite; n: none is. */
static size_t find_not_finite(lks_dtype dtype, const void *values, size_t n)
{
    size_t i = 0;

    if (dtype == LKS_F32)
        while (i < n && isfinite(((const float *)values)[i]))
            i++;
    else
        while (i < n && isfinite(((const double *)values)[i]))
            i++;
    return i;
}

static lks_status refuse_number(const lks_dataset *self, int field, uint64_t sample,
                                size_t at, double value)
{
    uint64_t index;
    const char *file = lks_dataset_origin(self, field, sample, &index);

    return lks_fail(LKS_NUMERIC,
                    "%s: sample %llu has the value %s in its %s (number %zu)", file,
                    (unsigned long long)index,
                    isnan(value) ? "nan"
                    : value > 0  ? "inf"
                                 : "-inf",
                    self->fields[field].name, at);
}

/* `values` has room for one sample's. */
static lks_status check_numbers(const lks_dataset *self, int field, void *values)
{
    const lks_field *f = &self->fields[field];
    lks_field_place places[LKS_DATASET_MAX_FIELDS] = {{0}};

    places[field].data = values;
    for (uint64_t i = 0; i < self->n_samples; i++) {
        size_t n, at;

        LKS_TRY(lks_dataset_get(self, i, places));
        n = bytes_of_sample(f, places[field].length) / lks_dtype_size_bytes(f->dtype);
        if ((at = find_not_finite(f->dtype, values, n)) < n)
            return refuse_number(self, field, i, at,
                                 f->dtype == LKS_F32 ? ((const float *)values)[at]
                                                     : ((const double *)values)[at]);
    }
    return LKS_OK;
}

lks_status lks_dataset_check_finite(const lks_dataset *dataset, int field)
{
    const lks_field *f = &dataset->fields[field];
    void *values;
    lks_status st;

    if (f->dtype != LKS_F32 && f->dtype != LKS_F64)
        return LKS_OK;
    if (!(values = lks_malloc_aligned(lks_field_bytes(f))))
        return LKS_NOMEM;
    st = check_numbers(dataset, field, values);
    lks_free(values);
    return st;
}

/* ---- samples ------------------------------------------------------------------------
 */

static lks_status check_lengths(const lks_dataset *self, uint64_t index,
                                const lks_field_place *places)
{
    for (int i = 0; i < self->n_fields; i++) {
        const lks_field *f = &self->fields[i];
        const int64_t most = f->sizes[f->varying_dim];

        if (f->varies && places[i].data &&
            (places[i].length < 0 || places[i].length > most))
            return lks_fail(LKS_INVALID,
                            "%s: sample %llu has %s of length %lld; at most %lld were "
                            "announced",
                            lks_dataset_origin(self, i, index, NULL),
                            (unsigned long long)index, f->name,
                            (long long)places[i].length, (long long)most);
    }
    return LKS_OK;
}

lks_status lks_dataset_visit(const lks_dataset *dataset, uint64_t index,
                             const lks_rng *rng, lks_field_place *places)
{
    const lks_dataset_ops *ops = dataset->ops;

    LKS_TRY(ops->visit ? ops->visit(dataset->self, index, rng, places)
                       : ops->get(dataset->self, index, places));
    return dataset->varies ? check_lengths(dataset, index, places) : LKS_OK;
}

lks_status lks_dataset_get(const lks_dataset *dataset, uint64_t index,
                           lks_field_place *places)
{
    return lks_dataset_visit(dataset, index, NULL, places);
}

/* What does not fit into the counter goes into the key. */
lks_rng lks_visit_rng(uint64_t seed, uint64_t epoch, uint64_t index)
{
    return (lks_rng){.seed = seed ^ (index >> 32) ^ (epoch & 0xffffffff00000000u),
                     .step = (uint32_t)epoch,
                     .lane = (uint32_t)index,
                     .layer = LKS_RNG_VISIT};
}

/* ---- batches ------------------------------------------------------------------------
 */

static lks_status check_longest(const lks_dataset *self, const lks_field_batch *fields)
{
    for (int i = 0; i < self->n_fields; i++) {
        const lks_field *f = &self->fields[i];
        const int64_t most = f->sizes[f->varying_dim];

        if (f->varies && fields[i].data &&
            (fields[i].longest < 0 || fields[i].longest > most))
            return lks_fail(LKS_INVALID,
                            "a batch has %s of length %lld; at most %lld were announced",
                            f->name, (long long)fields[i].longest, (long long)most);
    }
    return LKS_OK;
}

lks_status lks_dataset_gather_drawn(const lks_dataset *dataset, const lks_draws *draws,
                                    const uint64_t *indices, int64_t n,
                                    lks_field_batch *fields)
{
    if (!dataset->ops->collate)
        return lks_gather_each(dataset, draws, indices, n, fields);
    LKS_TRY(dataset->ops->collate(dataset->self, draws, indices, n, fields));
    return dataset->varies ? check_longest(dataset, fields) : LKS_OK;
}

lks_status lks_dataset_gather(const lks_dataset *dataset, const uint64_t *indices,
                              int64_t n, lks_field_batch *fields)
{
    return lks_dataset_gather_drawn(dataset, NULL, indices, n, fields);
}
