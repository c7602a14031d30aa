/* Softmax and the cross-entropy on top of it, row by row. */
#include "cpu/cpu.h"

#include "base/try.h"
#include "cpu/kernels/simd.h"
#include "numerics.h"
#include "cpu/parallel.h"
#include "layout/index.h"

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

#define EXP(x) _Generic((x), float : lks_exp_f32, double : lks_exp_f64)(x)
#define LOG(x) _Generic((x), float : lks_log_f32, double : lks_log_f64)(x)

#define SOFTMAX(T)                                                                       \
    /* NaN may be passed over: it makes the sum NaN. */                                  \
    LKS_INLINE T row_max_##T(int64_t n, const T *x)                                      \
    {                                                                                    \
        T max = x[0];                                                                    \
                                                                                         \
        _Pragma("omp simd reduction(max : max)") for (int64_t i = 1; i < n; i++) max =   \
            x[i] > max ? x[i] : max;                                                     \
        return max;                                                                      \
    }                                                                                    \
                                                                                         \
    /* y = x - max, or e to that, whose sum is returned */                               \
    LKS_INLINE T exp_row_##T(int64_t n, bool log, const T *x, T *y, T *max)              \
    {                                                                                    \
        T lanes[LANES] = {0}, rest[LANES] = {0};                                         \
        int64_t whole = n / LANES * LANES;                                               \
                                                                                         \
        *max = row_max_##T(n, x);                                                        \
        for (int64_t i = 0; i < whole; i += LANES)                                       \
            LKS_SIMD_FOR(j, LANES)                                                       \
            {                                                                            \
                T e = EXP(x[i + j] - *max);                                              \
                                                                                         \
                if (!log)                                                                \
                    y[i + j] = e;                                                        \
                lanes[j] += e;                                                           \
            }                                                                            \
        if (whole == n)                                                                  \
            return lks_meet_lanes_##T(lanes, 1);                                         \
        for (int64_t j = 0; whole + j < n; j++)                                          \
            rest[j] = x[whole + j] - *max;                                               \
        LKS_SIMD_FOR(j, LANES)                                                           \
        {                                                                                \
            rest[j] = EXP(rest[j]);                                                      \
            lanes[j] += whole + j < n ? rest[j] : 0;                                     \
        }                                                                                \
        for (int64_t j = 0; !log && whole + j < n; j++)                                  \
            y[whole + j] = rest[j];                                                      \
        return lks_meet_lanes_##T(lanes, 1);                                             \
    }                                                                                    \
                                                                                         \
    LKS_INLINE void softmax_row_##T(int64_t n, bool log, const T *x, T *y)               \
    {                                                                                    \
        T max, sum = exp_row_##T(n, log, x, y, &max);                                    \
                                                                                         \
        if (log) {                                                                       \
            T log_sum = LOG(sum);                                                        \
                                                                                         \
            LKS_SIMD_FOR(i, n)                                                           \
            y[i] = x[i] - max - log_sum;                                                 \
        } else {                                                                         \
            LKS_SIMD_FOR(i, n)                                                           \
            y[i] /= sum;                                                                 \
        }                                                                                \
    }                                                                                    \
                                                                                         \
    /* The same of short rows, ABREAST at most: each column of them is a vector, and     \
     * each a lane of the sum. */                                                        \
    LKS_INLINE void softmax_abreast_##T(int64_t n_rows, int64_t n, bool log, const T *x, \
                                        T *y)                                            \
    {                                                                                    \
        T columns[SHORT][ABREAST], exps[SHORT][ABREAST], max[ABREAST], sum[ABREAST];     \
                                                                                         \
        for (int64_t i = 0; i < ABREAST; i++)                                            \
            max[i] = -(T)INFINITY;                                                       \
        for (int64_t j = 0; j < n; j++)                                                  \
            for (int64_t i = 0; i < ABREAST; i++) {                                      \
                columns[j][i] = x[(i < n_rows ? i : 0) * n + j];                         \
                max[i] = columns[j][i] > max[i] ? columns[j][i] : max[i];                \
            }                                                                            \
        for (int64_t j = 0; j < n; j++)                                                  \
            for (int64_t i = 0; i < ABREAST; i++) {                                      \
                columns[j][i] -= max[i];                                                 \
                exps[j][i] = EXP(columns[j][i]);                                         \
                if (!log)                                                                \
                    columns[j][i] = exps[j][i];                                          \
            }                                                                            \
        for (int64_t j = n; j < SHORT; j++)                                              \
            for (int64_t i = 0; i < ABREAST; i++)                                        \
                exps[j][i] = 0;                                                          \
        for (int64_t i = 0; i < ABREAST; i++) {                                          \
            T total = lks_meet_lanes_##T(&exps[0][i], ABREAST);                          \
                                                                                         \
            sum[i] = log ? LOG(total) : total;                                           \
        }                                                                                \
        for (int64_t i = 0; i < n_rows; i++)                                             \
            for (int64_t j = 0; j < n; j++)                                              \
                y[i * n + j] = log ? columns[j][i] - sum[i] : columns[j][i] / sum[i];    \
    }                                                                                    \
                                                                                         \
    LKS_INLINE void softmax_rows_##T(int64_t n_rows, int64_t n, bool log, const T *x,    \
                                     T *y)                                               \
    {                                                                                    \
        const int64_t step = n <= SHORT ? ABREAST : 1;                                   \
                                                                                         \
        for (int64_t i = 0; i < n_rows; i += step)                                       \
            if (n <= SHORT)                                                              \
                softmax_abreast_##T(n_rows - i < step ? n_rows - i : step, n, log,       \
                                    x + i * n, y + i * n);                               \
            else                                                                         \
                softmax_row_##T(n, log, x + i * n, y + i * n);                           \
    }                                                                                    \
                                                                                         \
    static void softmax_##T(int64_t first, int64_t last, void *context)                  \
    {                                                                                    \
        const rows *r = context;                                                         \
        int64_t n = r->n_columns;                                                        \
        const T *x = (const T *)r->a + first * n;                                        \
        T *y = (T *)r->out + first * n;                                                  \
                                                                                         \
        if (r->log)                                                                      \
            softmax_rows_##T(last - first, n, true, x, y);                               \
        else                                                                             \
            softmax_rows_##T(last - first, n, false, x, y);                              \
    }                                                                                    \
                                                                                         \
    /* sum(y dy), or sum(dy) if y is a logarithm */                                      \
    LKS_INLINE T sum_row_##T(int64_t n, bool log, const T *y, const T *dy)               \
    {                                                                                    \
        T lanes[LANES] = {0};                                                            \
        int64_t i = 0;                                                                   \
                                                                                         \
        for (; i + LANES <= n; i += LANES)                                               \
            LKS_SIMD_FOR(j, LANES)                                                       \
        lanes[j] = log ? lanes[j] + dy[i + j] : LKS_FMA(y[i + j], dy[i + j], lanes[j]);  \
        for (int64_t j = 0; i + j < n; j++)                                              \
            lanes[j] =                                                                   \
                log ? lanes[j] + dy[i + j] : LKS_FMA(y[i + j], dy[i + j], lanes[j]);     \
        return lks_meet_lanes_##T(lanes, 1);                                             \
    }                                                                                    \
                                                                                         \
    /* dx = y (dy - sum(y dy)), or dy - e^y sum(dy) if y is a logarithm */               \
    static void softmax_backward_##T(int64_t first, int64_t last, void *context)         \
    {                                                                                    \
        const rows *r = context;                                                         \
        int64_t n = r->n_columns;                                                        \
                                                                                         \
        for (int64_t row = first; row < last; row++) {                                   \
            const T *y = (const T *)r->a + row * n, *dy = (const T *)r->b + row * n;     \
            T *dx = (T *)r->out + row * n;                                               \
                                                                                         \
            if (r->log) {                                                                \
                T sum = sum_row_##T(n, true, y, dy);                                     \
                                                                                         \
                LKS_SIMD_FOR(i, n)                                                       \
                dx[i] = LKS_FMA(-EXP(y[i]), sum, dy[i]);                                 \
            } else {                                                                     \
                T sum = sum_row_##T(n, false, y, dy);                                    \
                                                                                         \
                LKS_SIMD_FOR(i, n)                                                       \
                dx[i] = y[i] * (dy[i] - sum);                                            \
            }                                                                            \
        }                                                                                \
    }                                                                                    \
                                                                                         \
    static void cross_entropy_##T(int64_t first, int64_t last, void *context)            \
    {                                                                                    \
        const rows *r = context;                                                         \
        int64_t n = r->n_columns;                                                        \
        T *log_p = (T *)r->out, *loss = (T *)r->loss;                                    \
                                                                                         \
        softmax_rows_##T(last - first, n, true, (const T *)r->a + first * n,             \
                         log_p + first * n);                                             \
        for (int64_t row = first; row < last; row++) {                                   \
            int64_t target = r->target[row * r->target_stride];                          \
                                                                                         \
            loss[row * r->loss_stride] =                                                 \
                target == r->ignored ? 0 : -log_p[row * n + target];                     \
        }                                                                                \
    }                                                                                    \
                                                                                         \
    /* Some short rows, whose exponentials are those of one long one. */                 \
    LKS_INLINE void cross_entropy_rows_##T(const rows *r, int64_t first, int64_t n_rows) \
    {                                                                                    \
        const int64_t n = r->n_columns;                                                  \
        const T *log_p = (const T *)r->a + first * n;                                    \
        T *dx = (T *)r->out + first * n;                                                 \
                                                                                         \
        LKS_SIMD_FOR(i, n_rows *n)                                                       \
        dx[i] = EXP(log_p[i]);                                                           \
        for (int64_t row = first; row < first + n_rows; row++, dx += n) {                \
            int64_t target = r->target[row * r->target_stride];                          \
            bool counts = target != r->ignored;                                          \
            T scale = counts ? ((const T *)r->b)[row * r->scale_stride] : 0;             \
                                                                                         \
            if (counts)                                                                  \
                dx[target] -= 1;                                                         \
            for (int64_t i = 0; i < n; i++)                                              \
                dx[i] = counts ? scale * dx[i] : 0;                                      \
        }                                                                                \
    }                                                                                    \
                                                                                         \
    static void cross_entropy_backward_##T(int64_t first, int64_t last, void *context)   \
    {                                                                                    \
        const rows *r = context;                                                         \
        const int64_t step = r->n_columns <= SHORT ? ABREAST : 1;                        \
                                                                                         \
        for (int64_t row = first; row < last; row += step)                               \
            cross_entropy_rows_##T(r, row, last - row < step ? last - row : step);       \
    }
SOFTMAX(float)
SOFTMAX(double)

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
