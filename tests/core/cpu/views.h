/* Arrays for kernel tests: filled from a fixed stream, laid out as the test asks, with
 * guard elements around so that a kernel that writes beside its output is caught. */
#ifndef LKS_TESTS_CORE_CPU_VIEWS_H
#define LKS_TESTS_CORE_CPU_VIEWS_H

#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/suite.h"

#include "base/rng.h"
#include "cpu/cpu.h"
#include "device.h"
#include "layout/dtype.h"

enum { GUARD_BYTES = 64, GUARD = 0xa5 };

typedef struct array {
    lks_view view;
    unsigned char *block; /* guard, payload, guard */
    size_t n_bytes;
} array;

/* Run `body` with `k` each table that this machine can run, `isa` its name. */
#define FOR_EACH_TABLE(k, isa)                                                           \
    for (const char *const *isa##_at = instruction_sets, *isa; (isa = *isa##_at);        \
         isa##_at++)                                                                     \
        for (const lks_kernels *k = lks_cpu_kernels_for(isa); k; k = NULL)

static const char *const instruction_sets[] = {"avx512f", "avx2", "neon", "reference",
                                               NULL};

static inline int64_t view_numel(const lks_view *view)
{
    int64_t n = 1;

    for (int d = 0; d < view->ndim; d++)
        n *= view->sizes[d];
    return n;
}

static inline double get_at(const lks_view *view, int64_t at)
{
    switch (view->dtype) {
    case LKS_F64:
        return ((const double *)view->data)[at];
    case LKS_I64:
        return (double)((const int64_t *)view->data)[at];
    case LKS_I32:
        return ((const int32_t *)view->data)[at];
    case LKS_I16:
        return ((const int16_t *)view->data)[at];
    case LKS_U8:
    case LKS_BOOL:
        return ((const uint8_t *)view->data)[at];
    case LKS_F16:
        return lks_f16_to_f32(((const uint16_t *)view->data)[at]);
    case LKS_BF16:
        return lks_bf16_to_f32(((const uint16_t *)view->data)[at]);
    default:
        return ((const float *)view->data)[at];
    }
}

static inline void put_at(const lks_view *view, int64_t at, double value)
{
    switch (view->dtype) {
    case LKS_F64:
        ((double *)view->data)[at] = value;
        break;
    case LKS_I64:
        ((int64_t *)view->data)[at] = (int64_t)value;
        break;
    case LKS_I32:
        ((int32_t *)view->data)[at] = (int32_t)value;
        break;
    case LKS_I16:
        ((int16_t *)view->data)[at] = (int16_t)value;
        break;
    case LKS_U8:
        ((uint8_t *)view->data)[at] = (uint8_t)value;
        break;
    case LKS_BOOL:
        ((uint8_t *)view->data)[at] = value != 0;
        break;
    case LKS_F16:
        ((uint16_t *)view->data)[at] = lks_f16_from_f32((float)value);
        break;
    case LKS_BF16:
        ((uint16_t *)view->data)[at] = lks_bf16_from_f32((float)value);
        break;
    default:
        ((float *)view->data)[at] = (float)value;
    }
}

/* Where the i-th element in row-major order lies, in elements from data. */
static inline int64_t offset_of(const lks_view *view, int64_t i)
{
    int64_t offset = 0;

    for (int d = view->ndim - 1; d >= 0; d--) {
        offset += i % view->sizes[d] * view->strides[d];
        i /= view->sizes[d];
    }
    return offset;
}

static inline double get(const array *a, int64_t i)
{
    return get_at(&a->view, offset_of(&a->view, i));
}

/* A dense array. `misaligned` elements are left before it, so that vectors straddle. */
static inline array array_new(lks_dtype dtype, int ndim, const int64_t *sizes,
                              int misaligned)
{
    array a = {.view = {.dtype = dtype, .ndim = ndim}};
    size_t size = lks_dtype_size_bytes(dtype), lead;
    int64_t n = 1;

    for (int d = ndim - 1; d >= 0; d--) {
        a.view.sizes[d] = sizes[d];
        a.view.strides[d] = n;
        n *= sizes[d];
    }
    lead = GUARD_BYTES + (size_t)misaligned * size;
    a.n_bytes = lead + (size_t)n * size + GUARD_BYTES;
    a.block = aligned_alloc(64, (a.n_bytes + 63) / 64 * 64);
    memset(a.block, GUARD, a.n_bytes);
    a.view.data = a.block + lead;
    memset(a.view.data, 0, (size_t)n * size);
    return a;
}

/* The same filled with numbers in [-1, 1), or small integers, from stream `seed`. */
static inline array array_random(lks_dtype dtype, int ndim, const int64_t *sizes,
                                 int misaligned, uint64_t seed)
{
    array a = array_new(dtype, ndim, sizes, misaligned);
    const lks_rng rng = {.seed = seed};
    bool is_float = lks_dtype_is_float(dtype);
    double low = is_float ? -1 : dtype == LKS_U8 || dtype == LKS_BOOL ? 0 : -9;

    for (int64_t i = 0; i < view_numel(&a.view); i++) {
        double u = lks_rng_bits(&rng, (uint64_t)i) * 0x1p-32;

        put_at(&a.view, i, is_float ? 2 * u - 1 : floor(low + u * (10 - low)));
    }
    return a;
}

/* Free, having checked the guards. */
static inline void array_free(array *a)
{
    size_t n = 0;

    for (size_t i = 0; i < GUARD_BYTES; i++)
        n += a->block[i] != GUARD || a->block[a->n_bytes - 1 - i] != GUARD;
    free(a->block);
    ck_assert_msg(n == 0, "a kernel wrote beside its output");
}

#define SIZES(...)                                                                       \
    (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (int64_t[])               \
    {                                                                                    \
        __VA_ARGS__                                                                      \
    }

/* Threads of this process: helpers stay once they are made. */
static inline int count_threads(void)
{
    DIR *tasks = opendir("/proc/self/task");
    int n = 0;

    ck_assert_ptr_nonnull(tasks);
    for (const struct dirent *entry; (entry = readdir(tasks));)
        n += entry->d_name[0] != '.';
    closedir(tasks);
    return n;
}

/* Every element within `tolerance` of max(1, |want|); NaN only where NaN is wanted. */
static inline void assert_close(const char *what, const array *got, const array *want,
                                double tolerance)
{
    for (int64_t i = 0; i < view_numel(&want->view); i++) {
        double g = get(got, i), w = get(want, i);
        double scale = fabs(w) > 1 ? fabs(w) : 1;
        bool same = g == w || (isnan(g) && isnan(w)) || fabs(g - w) <= tolerance * scale;

        ck_assert_msg(same, "%s: element %lld is %.9g, not %.9g", what, (long long)i, g,
                      w);
    }
}

/* Bit for bit, both dense. */
static inline void assert_same_bits(const char *what, const array *got, const array *want)
{
    size_t n = (size_t)view_numel(&want->view) * lks_dtype_size_bytes(want->view.dtype);

    ck_assert_msg(memcmp(got->view.data, want->view.data, n) == 0, "%s: other bits",
                  what);
}

#endif
