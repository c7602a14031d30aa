/* One random call of a kernel: what it is given is drawn from a stream, so the same seed
 * gives the same call to every table; what it leaves in memory is then compared. */
#ifndef LKS_TESTS_CORE_REFERENCE_TRIAL_H
#define LKS_TESTS_CORE_REFERENCE_TRIAL_H

#include "support/suite.h"

#include "base/rng.h"
#include "kernels.h"

enum { MAX_BLOCKS = 24 };

/* What numbers a trial's floats are. */
typedef enum values {
    UNIFORM,  /* in [-1, 1) */
    WIDE,     /* of many magnitudes */
    INTEGERS, /* small ones, zeros of both signs */
    TINY,     /* subnormal, or nearly */
    SPECIAL,  /* NaN, infinities, zeros and the largest among others */
    N_VALUES
} values;

/* Memory of an array, all of which is compared: between elements and around them too. */
typedef struct block {
    unsigned char *bytes;
    unsigned char *device; /* where the kernel has it; `bytes` if the host reads that */
    size_t n_bytes;
    lks_dtype dtype;
    int64_t numel;
} block;

typedef struct trial {
    const lks_kernels *k;
    lks_device device;
    lks_rng rng;
    uint64_t n_drawn;
    values values;
    int n_blocks;
    block blocks[MAX_BLOCKS];
} trial;

/* A number in [low, high]; one of them, small ones mostly; true once in n. */
int64_t draw(trial *t, int64_t low, int64_t high);
int64_t draw_size(trial *t, int64_t high);
bool chance(trial *t, int n);
lks_dtype draw_f32_or_f64(trial *t);
double draw_double(trial *t, double low, double high);

/* Arrays of drawn elements. Dense at any place in memory; an input with any strides, of 0
 * too; an output with any but 0. */
lks_view draw_dense(trial *t, lks_dtype dtype, int ndim, const int64_t *sizes);
lks_view draw_input(trial *t, lks_dtype dtype, int ndim, const int64_t *sizes);
lks_view draw_output(trial *t, lks_dtype dtype, int ndim, const int64_t *sizes);

/* Element i of a drawn i64 array of one dimension, before the call. */
void put_i64(trial *t, const lks_view *view, int64_t i, int64_t value);

/* The table to call, once all is drawn: what was is the device's now. */
const lks_kernels *ready(trial *t);

/* What the device has, to the host; and all memory back. */
void fetch(trial *t);
void release(trial *t);

/* 1 to max_ndim sizes of at most `numel` elements; their number. */
int draw_sizes(trial *t, int max_ndim, int64_t numel, int64_t *sizes);

#define SIZES(...)                                                                       \
    (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (int64_t[])               \
    {                                                                                    \
        __VA_ARGS__                                                                      \
    }

/* The cases, one a kernel: draw its arguments, call it. */
typedef void case_fn(trial *t);

#define TRIAL_CASE(kernel) case_fn kernel##_case;
LKS_KERNEL_LIST(TRIAL_CASE)
#undef TRIAL_CASE

#endif
