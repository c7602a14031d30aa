/* Softmax and the cross-entropy on top of it, row by row. */
#include "reference/reference.h"

#include "base/try.h"
#include "layout/index.h"
#include "formulas.h"

#define T float
#include "reference/softmax_rows_of.h"
#undef T
#define T double
#include "reference/softmax_rows_of.h"
#undef T

static bool has_dtype(const lks_view *x)
{
    return x->dtype == LKS_F32 || x->dtype == LKS_F64;
}

/* Numbers in a row, and rows. */
static int64_t n_columns(const lks_view *x)
{
    return x->ndim > 0 ? x->sizes[x->ndim - 1] : 1;
}

static int64_t n_rows(const lks_view *x)
{
    return lks_view_count(x) > 0 ? lks_view_count(x) / n_columns(x) : 0;
}

/* Row `row` of a dense view; element i of a view of one dimension. */
#define ROW(T, x, row) ((T *)(x)->data + (row)*n_columns(x))
#define AT(T, x, i)    (*(T *)lks_reference_at(x, i))

lks_status lks_reference_softmax(const lks_view *x, bool log, const lks_view *y)
{
    if (!has_dtype(x))
        return lks_reference_no_dtype("softmax", x->dtype);
    for (int64_t row = 0; row < n_rows(x); row++)
        if (x->dtype == LKS_F32)
            (log ? log_softmax_float : softmax_float)(n_columns(x), ROW(float, x, row),
                                                      ROW(float, y, row));
        else
            (log ? log_softmax_double : softmax_double)(n_columns(x), ROW(double, x, row),
                                                        ROW(double, y, row));
    return LKS_OK;
}

lks_status lks_reference_softmax_backward(const lks_view *y, const lks_view *dy, bool log,
                                          const lks_view *dx)
{
    if (!has_dtype(y))
        return lks_reference_no_dtype("softmax_backward", y->dtype);
    for (int64_t row = 0; row < n_rows(y); row++)
        if (y->dtype == LKS_F32)
            (log ? log_softmax_backward_float
                 : softmax_backward_float)(n_columns(y), ROW(float, y, row),
                                           ROW(float, dy, row), ROW(float, dx, row));
        else
            (log ? log_softmax_backward_double
                 : softmax_backward_double)(n_columns(y), ROW(double, y, row),
                                            ROW(double, dy, row), ROW(double, dx, row));
    return LKS_OK;
}

/* loss = -log_p[target], 0 where that is ignored */
lks_status lks_reference_cross_entropy(const lks_view *x, const lks_view *target,
                                       int64_t ignored, const lks_view *log_p,
                                       const lks_view *loss, const lks_view *n_counted)
{
    int64_t counted;

    if (!has_dtype(x))
        return lks_reference_no_dtype("cross_entropy", x->dtype);
    LKS_TRY(lks_targets_check("cross_entropy", target, x->sizes[1], ignored, &counted));
    if (n_counted)
        LKS_TRY(lks_reference_fill(n_counted, (double)counted));
    for (int64_t row = 0; row < n_rows(x); row++) {
        int64_t t = AT(int64_t, target, row);

        if (x->dtype == LKS_F32) {
            log_softmax_float(n_columns(x), ROW(float, x, row), ROW(float, log_p, row));
            AT(float, loss, row) = t == ignored ? 0 : -ROW(float, log_p, row)[t];
        } else {
            log_softmax_double(n_columns(x), ROW(double, x, row),
                               ROW(double, log_p, row));
            AT(double, loss, row) = t == ignored ? 0 : -ROW(double, log_p, row)[t];
        }
    }
    return LKS_OK;
}

lks_status lks_reference_cross_entropy_backward(const lks_view *log_p,
                                                const lks_view *target, int64_t ignored,
                                                const lks_view *scale, const lks_view *dx)
{
    if (!has_dtype(log_p))
        return lks_reference_no_dtype("cross_entropy_backward", log_p->dtype);
    for (int64_t row = 0; row < n_rows(log_p); row++) {
        int64_t t = AT(int64_t, target, row);

        if (log_p->dtype == LKS_F32)
            cross_entropy_backward_float(n_columns(log_p), ROW(float, log_p, row), t,
                                         ignored, AT(float, scale, row),
                                         ROW(float, dx, row));
        else
            cross_entropy_backward_double(n_columns(log_p), ROW(double, log_p, row), t,
                                          ignored, AT(double, scale, row),
                                          ROW(double, dx, row));
    }
    return LKS_OK;
}
