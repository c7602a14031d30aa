/* Tensors of numbers that follow a rule: identities, ranges, scales. The host computes
 * them, in f64 or i64, so that they are the same on every device. */
#include <math.h>

#include "base/alloc.h"
#include "base/try.h"
#include "maths.h"
#include "tensor/tensor_impl.h"

lks_tensor *lks_eye(int64_t n_rows, int64_t n_columns, lks_dtype dtype, lks_device device)
{
    const lks_shape shape = LKS_SHAPE_OF(n_rows, n_columns);
    lks_tensor *t = lks_tensor_create(&shape, dtype, device);
    lks_view diagonal;

    if (!t)
        return NULL;
    diagonal = t->view;
    diagonal.ndim = 1;
    diagonal.sizes[0] = n_rows < n_columns ? n_rows : n_columns;
    diagonal.strides[0] = n_columns + 1;
    if (t->storage->kernels->fill(&t->view, 0) != LKS_OK ||
        t->storage->kernels->fill(&diagonal, 1) != LKS_OK) {
        lks_unref(t);
        return NULL;
    }
    return lks_scope_own(t);
}

/* Element i is start + i step; from the middle on, where there is an end to be met, end -
 * (n - 1 - i) step. */
typedef struct series {
    int64_t n;
    double start, end, step;
    bool meets_end;
    const double *base; /* to the power of these; NULL: they themselves */
} series;

static double at(const series *s, int64_t i)
{
    const double x = !s->meets_end || i < s->n / 2
                         ? s->start + s->step * (double)i
                         : s->end - s->step * (double)(s->n - 1 - i);

    return s->base ? lks_pow_f64(*s->base, x) : x;
}

/* What i64 holds of a float: the nearest to it, towards zero. */
static int64_t cut_off(double x)
{
    return x != x ? 0 : x <= -0x1p63 ? INT64_MIN : x >= 0x1p63 ? INT64_MAX : (int64_t)x;
}

static void compute(const series *s, bool is_float, void *out)
{
    for (int64_t i = 0; i < s->n; i++) {
        if (is_float)
            ((double *)out)[i] = at(s, i);
        else
            ((int64_t *)out)[i] = cut_off(at(s, i));
    }
}

static lks_tensor *create_series(const series *s, lks_dtype dtype, lks_device device)
{
    const bool is_float = lks_dtype_is_float(dtype);
    const lks_shape shape = LKS_SHAPE_OF(s->n);
    void *values = lks_calloc((size_t)s->n, sizeof(double));
    lks_tensor *t;

    if (!values)
        return NULL;
    compute(s, is_float, values);
    t = lks_tensor_of_host(values, &shape, is_float ? LKS_F64 : LKS_I64, device);
    lks_free(values);
    return lks_scope_own(lks_tensor_recast(t, dtype));
}

static lks_status check_finite(const char *what, double a, double b, double c)
{
    if (!isfinite(a) || !isfinite(b) || !isfinite(c))
        return lks_fail(LKS_INVALID, "%s: takes finite numbers, not %g, %g and %g", what,
                        a, b, c);
    return LKS_OK;
}

/* Integers are cut off once the steps are counted, as in PyTorch. */
static lks_status range_of(double start, double end, double step, lks_dtype dtype,
                           series *s)
{
    const bool is_float = lks_dtype_is_float(dtype);
    double n = ceil((end - start) / step);

    LKS_TRY(check_finite("arange", start, end, step));
    if (step == 0)
        return lks_fail(LKS_INVALID, "arange: a step of 0 goes nowhere");
    if (n < 0)
        return lks_fail(LKS_INVALID, "arange: steps of %g lead from %g away from %g",
                        step, start, end);
    if (n >= 0x1p63)
        return lks_fail(LKS_SHAPE, "arange: more than 2^63 - 1 steps of %g from %g to %g",
                        step, start, end);
    *s = (series){.n = (int64_t)n,
                  .start = is_float ? start : trunc(start),
                  .step = is_float ? step : trunc(step)};
    return LKS_OK;
}

lks_tensor *lks_arange_from(double start, double end, double step, lks_dtype dtype,
                            lks_device device)
{
    series s;

    if (range_of(start, end, step, dtype, &s) != LKS_OK)
        return NULL;
    return create_series(&s, dtype, device);
}

/* Of integers, the ends are cut off first, as PyTorch does. */
static lks_status scale_of(const char *what, double start, double end, int64_t n,
                           lks_dtype dtype, const double *base, series *s)
{
    LKS_TRY(check_finite(what, start, end, base ? *base : 0));
    if (n < 0)
        return lks_fail(LKS_INVALID, "%s: %lld numbers are less than none", what,
                        (long long)n);
    if (!lks_dtype_is_float(dtype)) {
        start = trunc(start);
        end = trunc(end);
    }
    *s = (series){.n = n,
                  .start = start,
                  .end = end,
                  .step = n > 1 ? (end - start) / (double)(n - 1) : 0,
                  .meets_end = n > 1,
                  .base = base};
    return LKS_OK;
}

lks_tensor *lks_linspace(double start, double end, int64_t n, lks_dtype dtype,
                         lks_device device)
{
    series s;

    if (scale_of("linspace", start, end, n, dtype, NULL, &s) != LKS_OK)
        return NULL;
    return create_series(&s, dtype, device);
}

lks_tensor *lks_logspace(double start, double end, int64_t n, double base,
                         lks_dtype dtype, lks_device device)
{
    series s;

    if (scale_of("logspace", start, end, n, dtype, &base, &s) != LKS_OK)
        return NULL;
    return create_series(&s, dtype, device);
}
