/* Inputs changed on their way from the dataset to a batch: cropped, flipped, normalised.
 *
 * What is random in it is drawn from (seed, epoch, sample, which transform) alone, so it
 * is the same on any rank, in any thread and after a restart. Where nothing is drawn, as
 * in evaluation, a transform does what stands in its place there. */
#ifndef LKS_DATA_TRANSFORM_H
#define LKS_DATA_TRANSFORM_H

#include "base/option_rule.h"
#include "data/dataset.h"

typedef struct lks_transform lks_transform;

/* What a transform is: the library's, or one of a program's own. */
typedef struct lks_transform_type {
    const char *name;
    const lks_option_rule *options; /* [n_options], read into `config` */
    size_t n_options;
    size_t config_size_bytes;

    /* What goes out, being a copy of what comes in: dtype and sizes may change. An
     * lks_transform_refuse where it does not take such inputs. NULL: nothing changes. */
    lks_status (*infer)(const lks_transform *transform, lks_field *out);

    /* One sample, dense, of in to one of out; they are not the same memory. Called by
     * several threads at once; takes no memory.
     *   rng  NULL: nothing is drawn */
    void (*apply)(const lks_transform *transform, const lks_rng *rng, const void *in,
                  void *out);
} lks_transform_type;

/* A transform in its place. */
struct lks_transform {
    const lks_transform_type *type;
    lks_options options; /* as given */
    void *config;        /* what they were read into; NULL without options */
    const void *self;    /* of a program's own */
    lks_field in, out;
};

/* One of a list: of the library's by name, or a program's own. */
typedef struct lks_transform_spec {
    const char *type; /* "random_crop"; ignored with `own` */
    lks_options options;
    const lks_transform_type *own; /* borrowed, as long as the dataset lives */
    const void *self;
} lks_transform_spec;

/* A dataset whose field "inputs" has been through the transforms, one after the other.
 *   dataset  borrowed, outlives *out
 *   errors   LKS_INVALID: no such field or one that varies, options, inputs that a
 *            transform does not take, a dataset that collates */
lks_status lks_dataset_transform(const lks_dataset *dataset,
                                 const lks_transform_spec *transforms, size_t n,
                                 lks_dataset **out);

/* LKS_INVALID "transform random_crop: …". */
lks_status lks_transform_refuse(const lks_transform *transform, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Those there are. */
const lks_transform_type *lks_transform_type_find(const char *name);

#endif
