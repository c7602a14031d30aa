/* Sums, maxima and the like, and the places of maxima and minima. */
#include "reference/reference.h"

#include "element.h"
#include "formulas.h"

#define T double
#include "reference/reduce_of.h"
#undef T
#define T int64_t
#include "reference/reduce_of.h"
#undef T

/* Floats are added up in f64, integers in i64. The elements that go into one output,
 * counted row-major over the reduced dimensions, fall into chunks of 4096. In a chunk the
 * r-th goes to lane r % 16 (squares are fused); then the lanes meet (numerics.h).
 * The chunks are added in turn. reduce.def has the formulas. */
#define REDUCE(dtype, stored, load, sum)                                                 \
    static sum chunk_##dtype(lks_reduce op, const lks_view *x, int64_t first,            \
                             int64_t last)                                               \
    {                                                                                    \
        sum lanes[LKS_SUM_LANES];                                                        \
                                                                                         \
        for (int j = 0; j < LKS_SUM_LANES; j++)                                          \
            lanes[j] = reduce_start_##sum(op, 0);                                        \
        for (int64_t r = first; r < last; r++) {                                         \
            sum *lane = &lanes[r % LKS_SUM_LANES];                                       \
                                                                                         \
            *lane = reduce_term_##sum(                                                   \
                op, *lane, (sum)load(*(const stored *)lks_reference_at(x, r)));          \
        }                                                                                \
        for (int step = LKS_SUM_LANES / 2; step > 0; step /= 2)                          \
            for (int j = 0; j < step; j++)                                               \
                lanes[j] = reduce_meet_##sum(op, lanes[j], lanes[j + step]);             \
        return lanes[0];                                                                 \
    }                                                                                    \
                                                                                         \
    static sum reduce_##dtype(lks_reduce op, const lks_view *x)                          \
    {                                                                                    \
        const int64_t n = lks_view_count(x), chunk = LKS_SUM_CHUNK;                      \
        sum total = chunk_##dtype(op, x, 0, n < chunk ? n : chunk);                      \
                                                                                         \
        for (int64_t r = chunk; r < n; r += chunk) {                                     \
            sum more = chunk_##dtype(op, x, r, n - r < chunk ? n : r + chunk);           \
                                                                                         \
            total = reduce_meet_##sum(op, total, more);                                  \
        }                                                                                \
        return total;                                                                    \
    }
#define REDUCE_FLOAT(dtype, stored, computed, load, store)                               \
    REDUCE(dtype, stored, load, double)
#define REDUCE_INT(dtype, stored, computed, load, store)                                 \
    REDUCE(dtype, stored, load, int64_t)
LKS_FLOAT_ELEMENTS(REDUCE_FLOAT)
LKS_INT_ELEMENTS(REDUCE_INT)

/* x's elements that go into the i-th output. */
static lks_view part_of(const lks_view *x, const lks_view *out, int64_t i)
{
    lks_view kept = *x, part = *x;

    for (int d = 0; d < x->ndim; d++) {
        kept.sizes[d] = out->sizes[d];
        if (out->sizes[d] == x->sizes[d])
            part.sizes[d] = 1;
    }
    part.data = lks_reference_at(&kept, i);
    return part;
}

lks_status lks_reference_reduce(lks_reduce op, const lks_view *x, const lks_view *out)
{
    if (x->dtype == LKS_BOOL)
        return lks_reference_no_dtype("reduce", x->dtype);
    for (int64_t i = 0; i < lks_view_count(out); i++) {
        lks_view part = part_of(x, out, i);
        char *to = lks_reference_at(out, i);

        switch (x->dtype) {
#define CASE_FLOAT(name, stored, computed, load, store)                                  \
    case LKS_##name: {                                                                   \
        double sum = reduce_##name(op, &part);                                           \
                                                                                         \
        if (out->dtype == LKS_F64)                                                       \
            *(double *)to = sum;                                                         \
        else if (out->dtype == LKS_F32)                                                  \
            *(float *)to = (float)sum;                                                   \
        else                                                                             \
            *(stored *)to = store((computed)sum);                                        \
        break;                                                                           \
    }
#define CASE_INT(name, stored, computed, load, store)                                    \
    case LKS_##name:                                                                     \
        *(stored *)to = store((computed)reduce_##name(op, &part));                       \
        break;
            LKS_FLOAT_ELEMENTS(CASE_FLOAT)
            LKS_INT_ELEMENTS(CASE_INT)
        default:
            break;
        }
    }
    return LKS_OK;
}

/* The first of the largest along a row, or of the smallest; the first NaN is before all.
 */
#define ARG(dtype, stored, computed, load, store)                                        \
    static int64_t arg_##dtype(lks_reduce op, const lks_view *row)                       \
    {                                                                                    \
        computed best = load(*(const stored *)row->data);                                \
        int64_t best_at = 0;                                                             \
                                                                                         \
        for (int64_t j = 1; j < row->sizes[0] && best == best; j++) {                    \
            computed v = load(*(const stored *)lks_reference_at(row, j));                \
                                                                                         \
            if ((op == LKS_REDUCE_MIN ? v < best : v > best) || v != v) {                \
                best = v;                                                                \
                best_at = j;                                                             \
            }                                                                            \
        }                                                                                \
        return best_at;                                                                  \
    }
LKS_ELEMENTS(ARG)

lks_status lks_reference_arg_reduce(lks_reduce op, const lks_view *x, int dim,
                                    const lks_view *out)
{
    static int64_t (*const searches[LKS_N_DTYPES])(lks_reduce, const lks_view *row) = {
#define ARG_ENTRY(dtype, stored, computed, load, store) [LKS_##dtype] = arg_##dtype,
        LKS_ELEMENTS(ARG_ENTRY)};
    const lks_view firsts = lks_view_without(x, dim);

    for (int64_t i = 0; i < lks_view_count(out); i++) {
        const lks_view row = {.data = lks_reference_at(&firsts, i),
                              .dtype = x->dtype,
                              .ndim = 1,
                              .sizes = {x->sizes[dim]},
                              .strides = {x->strides[dim]}};

        *(int64_t *)lks_reference_at(out, i) = searches[x->dtype](op, &row);
    }
    return LKS_OK;
}
