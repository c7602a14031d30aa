/* Softmax and the cross-entropy on top of it of rows of T, which the includer defines. */
#include "reference/softmax_of.h"

LKS_INLINE T OF(row_max)(int64_t n, const T *x)
{
    T max = x[0];

    LKS_SIMD_MAX_FOR(i, 1, n, max)
    max = OF(softmax_max)(max, x[i]);
    return max;
}

/* y = x - max, or e to that, whose sum is returned */
LKS_INLINE T OF(exp_row)(int64_t n, bool log, const T *x, T *y, T *max)
{
    T lanes[LANES] = {0}, rest[LANES] = {0};
    int64_t whole = n / LANES * LANES;

    *max = OF(row_max)(n, x);
    for (int64_t i = 0; i < whole; i += LANES)
        LKS_SIMD_FOR(j, LANES)
        {
            T e = M(exp)(x[i + j] - *max);

            if (!log)
                y[i + j] = e;
            lanes[j] += e;
        }
    if (whole == n)
        return OF(lks_meet_lanes)(lanes, 1);
    for (int64_t j = 0; whole + j < n; j++)
        rest[j] = x[whole + j] - *max;
    LKS_SIMD_FOR(j, LANES)
    {
        rest[j] = M(exp)(rest[j]);
        lanes[j] += whole + j < n ? rest[j] : 0;
    }
    for (int64_t j = 0; !log && whole + j < n; j++)
        y[whole + j] = rest[j];
    return OF(lks_meet_lanes)(lanes, 1);
}

LKS_INLINE void OF(softmax_row)(int64_t n, bool log, const T *x, T *y)
{
    T max, sum = OF(exp_row)(n, log, x, y, &max);

    if (log) {
        T log_sum = M(log)(sum);

        LKS_SIMD_FOR(i, n)
        y[i] = OF(log_softmax_y)(x[i], max, log_sum);
    } else {
        LKS_SIMD_FOR(i, n)
        y[i] /= sum;
    }
}

/* The same of short rows, ABREAST at most: each column of them is a vector, and
 * each a lane of the sum. */
LKS_INLINE void OF(softmax_abreast)(int64_t n_rows, int64_t n, bool log, const T *x, T *y)
{
    T columns[SHORT][ABREAST], exps[SHORT][ABREAST], max[ABREAST], sum[ABREAST];

    for (int64_t i = 0; i < ABREAST; i++)
        max[i] = -(T)INFINITY;
    for (int64_t j = 0; j < n; j++)
        for (int64_t i = 0; i < ABREAST; i++) {
            columns[j][i] = x[(i < n_rows ? i : 0) * n + j];
            max[i] = OF(softmax_max)(max[i], columns[j][i]);
        }
    for (int64_t j = 0; j < n; j++)
        for (int64_t i = 0; i < ABREAST; i++)
            exps[j][i] = M(exp)(columns[j][i] - max[i]);
    for (int64_t j = n; j < SHORT; j++)
        for (int64_t i = 0; i < ABREAST; i++)
            exps[j][i] = 0;
    for (int64_t i = 0; i < ABREAST; i++) {
        T total = OF(lks_meet_lanes)(&exps[0][i], ABREAST);

        sum[i] = log ? M(log)(total) : total;
    }
    for (int64_t j = 0; j < n; j++)
        for (int64_t i = 0; i < ABREAST; i++)
            columns[j][i] = log ? OF(log_softmax_y)(columns[j][i], max[i], sum[i])
                                : exps[j][i] / sum[i];
    for (int64_t i = 0; i < n_rows; i++)
        for (int64_t j = 0; j < n; j++)
            *y++ = columns[j][i];
}

LKS_INLINE void OF(softmax_rows)(int64_t n_rows, int64_t n, bool log, const T *x, T *y)
{
    const int64_t step = n <= SHORT ? ABREAST : 1;

    for (int64_t i = 0; i < n_rows; i += step, x += step * n, y += step * n) {
        const int64_t n_here = n_rows - i < step ? n_rows - i : step;

        if (n <= SHORT)
            OF(softmax_abreast)(n_here, n, log, x, y);
        else
            OF(softmax_row)(n, log, x, y);
    }
}

static void OF(softmax)(int64_t first, int64_t last, void *context)
{
    const rows *r = context;
    const int64_t n = r->n_columns, n_rows = last - first;
    const T *x = (const T *)r->a + first * n;
    T *y = (T *)r->out + first * n;

    if (r->log)
        OF(softmax_rows)(n_rows, n, true, x, y);
    else
        OF(softmax_rows)(n_rows, n, false, x, y);
}

/* sum(y dy), or sum(dy) if y is a logarithm */
LKS_INLINE T OF(sum_row)(int64_t n, bool log, const T *y, const T *dy)
{
    T lanes[LANES] = {0};
    int64_t i = 0;

    for (; i + LANES <= n; i += LANES)
        LKS_SIMD_FOR(j, LANES)
        {
            const T dy_j = dy[i + j];

            lanes[j] = log ? lanes[j] + dy_j : OF(softmax_term)(lanes[j], y[i + j], dy_j);
        }
    for (int64_t j = 0; i + j < n; j++)
        lanes[j] =
            log ? lanes[j] + dy[i + j] : OF(softmax_term)(lanes[j], y[i + j], dy[i + j]);
    return OF(lks_meet_lanes)(lanes, 1);
}

static void OF(softmax_backward)(int64_t first, int64_t last, void *context)
{
    const rows *r = context;
    int64_t n = r->n_columns;

    for (int64_t row = first; row < last; row++) {
        const T *y = (const T *)r->a + row * n, *dy = (const T *)r->b + row * n;
        T *dx = (T *)r->out + row * n;

        if (r->log) {
            T sum = OF(sum_row)(n, true, y, dy);

            LKS_SIMD_FOR(i, n)
            dx[i] = OF(log_softmax_dx)(y[i], dy[i], sum);
        } else {
            T sum = OF(sum_row)(n, false, y, dy);

            LKS_SIMD_FOR(i, n)
            dx[i] = OF(softmax_dx)(y[i], dy[i], sum);
        }
    }
}

static void OF(cross_entropy)(int64_t first, int64_t last, void *context)
{
    const rows *r = context;
    const int64_t n = r->n_columns, n_rows = last - first;
    const T *x = (const T *)r->a;
    T *log_p = (T *)r->out, *loss = (T *)r->loss;

    OF(softmax_rows)(n_rows, n, true, x + first * n, log_p + first * n);
    for (int64_t row = first; row < last; row++) {
        int64_t target = r->target[row * r->target_stride];

        loss[row * r->loss_stride] = target == r->ignored ? 0 : -log_p[row * n + target];
    }
}

/* Some short rows, whose exponentials are those of one long one. */
LKS_INLINE void OF(cross_entropy_rows)(const rows *r, int64_t first, int64_t n_rows)
{
    const int64_t n = r->n_columns;
    const T *log_p = (const T *)r->a + first * n;
    T *dx = (T *)r->out + first * n;

    LKS_SIMD_FOR(i, n_rows * n)
    dx[i] = M(exp)(log_p[i]);
    for (int64_t row = first; row < first + n_rows; row++, dx += n) {
        int64_t target = r->target[row * r->target_stride];
        bool counts = target != r->ignored;
        T scale = counts ? ((const T *)r->b)[row * r->scale_stride] : 0;

        if (counts)
            dx[target] -= 1;
        for (int64_t i = 0; i < n; i++)
            dx[i] = counts ? scale * dx[i] : 0;
    }
}

static void OF(cross_entropy_backward)(int64_t first, int64_t last, void *context)
{
    const rows *r = context;
    const int64_t step = r->n_columns <= SHORT ? ABREAST : 1;

    for (int64_t row = first; row < last; row += step)
        OF(cross_entropy_rows)(r, row, last - row < step ? last - row : step);
}
