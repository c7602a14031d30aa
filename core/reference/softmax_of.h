/* Softmax of rows of n numbers of T. Sums run in virtual lanes (numerics.h). */
#include "reference/of.h"

/* NaN may be passed over: it makes the sum NaN. */
static T OF(row_max)(int64_t n, const T *x)
{
    T max = x[0];

    for (int64_t i = 1; i < n; i++)
        max = x[i] > max ? x[i] : max;
    return max;
}

/* The sum of e^(x - max). */
static T OF(exp_sum)(int64_t n, const T *x, T max)
{
    T lanes[LKS_SUM_LANES] = {0};

    for (int64_t i = 0; i < n; i++)
        lanes[i % LKS_SUM_LANES] += EXP(x[i] - max);
    return OF(lks_meet_lanes)(lanes, 1);
}

static void OF(softmax)(int64_t n, const T *x, T *y)
{
    T max = OF(row_max)(n, x), sum = OF(exp_sum)(n, x, max);

    for (int64_t i = 0; i < n; i++)
        y[i] = EXP(x[i] - max) / sum;
}

static void OF(log_softmax)(int64_t n, const T *x, T *y)
{
    T max = OF(row_max)(n, x), log_sum = LOG(OF(exp_sum)(n, x, max));

    for (int64_t i = 0; i < n; i++)
        y[i] = x[i] - max - log_sum;
}

/* dx = y (dy - sum(y dy)), the products of the sum fused with their addition */
static void OF(softmax_backward)(int64_t n, const T *y, const T *dy, T *dx)
{
    T lanes[LKS_SUM_LANES] = {0}, sum;

    for (int64_t i = 0; i < n; i++)
        lanes[i % LKS_SUM_LANES] = LKS_FMA(y[i], dy[i], lanes[i % LKS_SUM_LANES]);
    sum = OF(lks_meet_lanes)(lanes, 1);
    for (int64_t i = 0; i < n; i++)
        dx[i] = y[i] * (dy[i] - sum);
}

/* dx = dy - e^y sum(dy), fused */
static void OF(log_softmax_backward)(int64_t n, const T *y, const T *dy, T *dx)
{
    T lanes[LKS_SUM_LANES] = {0}, sum;

    for (int64_t i = 0; i < n; i++)
        lanes[i % LKS_SUM_LANES] += dy[i];
    sum = OF(lks_meet_lanes)(lanes, 1);
    for (int64_t i = 0; i < n; i++)
        dx[i] = LKS_FMA(-EXP(y[i]), sum, dy[i]);
}

/* dx = scale (e^log_p - [i == target]), 0 if that is ignored */
static void OF(cross_entropy_backward)(int64_t n, const T *log_p, int64_t target,
                                       int64_t ignored, T scale, T *dx)
{
    for (int64_t i = 0; i < n; i++)
        dx[i] = target == ignored ? 0
                : i == target     ? scale * (EXP(log_p[i]) - 1)
                                  : scale * EXP(log_p[i]);
}
