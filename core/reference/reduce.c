/* Sums, maxima and the places of maxima. */
#include "reference/reference.h"

#include "element.h"
#include "numerics.h"

/* NaN wins; of equals the first. */
static double max_double(double a, double b)
{
    return a != a ? a : b != b || b > a ? b : a;
}

static int64_t max_int64_t(int64_t a, int64_t b)
{
    return b > a ? b : a;
}

/* Floats are added up in f64, integers in i64. Of the elements that go into one output,
 * counted row-major over the reduced dimensions, the r-th goes to lane r % 16 (squares
 * are rounded first); then the lanes meet (numerics.h). Maxima the same way, from the
 * lowest number there is. */
static double term_double(lks_reduce op, double lane, double v)
{
    return op == LKS_REDUCE_MAX   ? max_double(lane, v)
           : op == LKS_REDUCE_SUM ? lane + v
                                  : lane + v * v;
}

static int64_t term_int64_t(lks_reduce op, int64_t lane, int64_t v)
{
    return op == LKS_REDUCE_MAX   ? max_int64_t(lane, v)
           : op == LKS_REDUCE_SUM ? lane + v
                                  : lane + v * v;
}

#define REDUCE(dtype, stored, load, sum, lowest)                                         \
    static sum reduce_##dtype(lks_reduce op, const lks_view *x)                          \
    {                                                                                    \
        sum lanes[LKS_SUM_LANES];                                                        \
                                                                                         \
        for (int j = 0; j < LKS_SUM_LANES; j++)                                          \
            lanes[j] = op == LKS_REDUCE_MAX ? (lowest) : 0;                              \
        for (int64_t r = 0; r < lks_view_count(x); r++) {                                \
            sum *lane = &lanes[r % LKS_SUM_LANES];                                       \
                                                                                         \
            *lane = term_##sum(op, *lane,                                                \
                               (sum)load(*(const stored *)lks_reference_at(x, r)));      \
        }                                                                                \
        for (int step = LKS_SUM_LANES / 2; step > 0; step /= 2)                          \
            for (int j = 0; j < step; j++)                                               \
                lanes[j] = op == LKS_REDUCE_MAX ? max_##sum(lanes[j], lanes[j + step])   \
                                                : lanes[j] + lanes[j + step];            \
        return lanes[0];                                                                 \
    }
#define REDUCE_FLOAT(dtype, stored, computed, load, store)                               \
    REDUCE(dtype, stored, load, double, -(double)INFINITY)
#define REDUCE_INT(dtype, stored, computed, load, store)                                 \
    REDUCE(dtype, stored, load, int64_t, INT64_MIN)
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

/* The first of the largest along a row; the first NaN is larger than all. */
#define ARGMAX(dtype, stored, computed, load, store)                                     \
    static int64_t argmax_##dtype(const lks_view *row)                                   \
    {                                                                                    \
        computed best = load(*(const stored *)row->data);                                \
        int64_t best_at = 0;                                                             \
                                                                                         \
        for (int64_t j = 1; j < row->sizes[0] && best == best; j++) {                    \
            computed v = load(*(const stored *)lks_reference_at(row, j));                \
                                                                                         \
            if (v > best || v != v) {                                                    \
                best = v;                                                                \
                best_at = j;                                                             \
            }                                                                            \
        }                                                                                \
        return best_at;                                                                  \
    }
LKS_ELEMENTS(ARGMAX)

lks_status lks_reference_argmax(const lks_view *x, int dim, const lks_view *out)
{
    static int64_t (*const searches[LKS_N_DTYPES])(const lks_view *row) = {
#define ARGMAX_ENTRY(dtype, stored, computed, load, store) [LKS_##dtype] = argmax_##dtype,
        LKS_ELEMENTS(ARGMAX_ENTRY)};
    lks_view firsts = *x;

    firsts.ndim--;
    for (int d = dim; d < firsts.ndim; d++) {
        firsts.sizes[d] = x->sizes[d + 1];
        firsts.strides[d] = x->strides[d + 1];
    }
    for (int64_t i = 0; i < lks_view_count(out); i++) {
        const lks_view row = {.data = lks_reference_at(&firsts, i),
                              .dtype = x->dtype,
                              .ndim = 1,
                              .sizes = {x->sizes[dim]},
                              .strides = {x->strides[dim]}};

        *(int64_t *)lks_reference_at(out, i) = searches[x->dtype](&row);
    }
    return LKS_OK;
}
