/* Softmax and the cross-entropy on top of it, row by row. */
#include "cpu/cpu.h"

#include "base/try.h"
#include "cpu/kernels/simd.h"
#include "cpu/parallel.h"
#include "layout/index.h"
#include "formulas.h"

typedef struct rows {
    int64_t n_columns;
    const void *a, *b;
    const int64_t *target;
    int64_t ignored, target_stride, scale_stride, loss_stride;
    bool log;
    void *out, *loss;
} rows;

/* Rows this short would leave vectors of their elements mostly empty. */
enum { LANES = LKS_SUM_LANES, SHORT = LANES, ABREAST = 16 };

#define T float
#include "cpu/kernels/softmax_of.h"
#undef T
#define T double
#include "cpu/kernels/softmax_of.h"
#undef T

static lks_status run(const char *kernel, const lks_view *x, rows *r, lks_range_fn f32,
                      lks_range_fn f64)
{
    if (x->dtype != LKS_F32 && x->dtype != LKS_F64)
        return lks_cpu_no_dtype(kernel, x->dtype);
    r->n_columns = x->ndim > 0 ? x->sizes[x->ndim - 1] : 1;
    if (r->n_columns > 0)
        lks_parallel_for(x->device.index, lks_view_count(x) / r->n_columns,
                         8192 / r->n_columns + 1, x->dtype == LKS_F32 ? f32 : f64, r);
    return LKS_OK;
}

lks_status LKS_CPU(softmax)(const lks_view *x, bool log, const lks_view *y)
{
    rows r = {.a = x->data, .log = log, .out = y->data};

    return run("softmax", x, &r, softmax_float, softmax_double);
}

lks_status LKS_CPU(softmax_backward)(const lks_view *y, const lks_view *dy, bool log,
                                     const lks_view *dx)
{
    rows r = {.a = y->data, .b = dy->data, .log = log, .out = dx->data};

    return run("softmax_backward", y, &r, softmax_backward_float,
               softmax_backward_double);
}

lks_status LKS_CPU(cross_entropy)(const lks_view *x, const lks_view *target,
                                  int64_t ignored, const lks_view *log_p,
                                  const lks_view *loss, const lks_view *n_counted)
{
    int64_t counted;
    rows r = {
        .a = x->data,
        .ignored = ignored,
        .target = target->data,
        .target_stride = target->strides[0],
        .loss_stride = loss->strides[0],
        .out = log_p->data,
        .loss = loss->data,
    };

    LKS_TRY(lks_targets_check("cross_entropy", target, x->sizes[1], ignored, &counted));
    if (n_counted)
        LKS_TRY(LKS_CPU(fill)(n_counted, (double)counted));
    return run("cross_entropy", x, &r, cross_entropy_float, cross_entropy_double);
}

lks_status LKS_CPU(cross_entropy_backward)(const lks_view *log_p, const lks_view *target,
                                           int64_t ignored, const lks_view *scale,
                                           const lks_view *dx)
{
    rows r = {
        .ignored = ignored,
        .a = log_p->data,
        .b = scale->data,
        .target = target->data,
        .target_stride = target->strides[0],
        .scale_stride = scale->strides[0],
        .out = dx->data,
    };

    return run("cross_entropy_backward", log_p, &r, cross_entropy_backward_float,
               cross_entropy_backward_double);
}
