/* Softmax of rows of n numbers of T. Sums run in virtual lanes (numerics.h): each takes
 * its elements' terms in turn. */
#include "reference/softmax_of.h"

static T OF(row_max)(int64_t n, const T *x)
{
    T max = x[0];

    for (int64_t i = 1; i < n; i++)
        max = OF(softmax_max)(max, x[i]);
    return max;
}

/* The sum of e^(x - max). */
static T OF(exp_sum)(int64_t n, const T *x, T max)
{
    T lanes[LKS_SUM_LANES] = {0};

    for (int64_t i = 0; i < n; i++)
        lanes[i % LKS_SUM_LANES] += M(exp)(x[i] - max);
    return OF(lks_meet_lanes)(lanes, 1);
}

static void OF(softmax)(int64_t n, const T *x, T *y)
{
    T max = OF(row_max)(n, x), sum = OF(exp_sum)(n, x, max);

    for (int64_t i = 0; i < n; i++)
        y[i] = M(exp)(x[i] - max) / sum;
}

static void OF(log_softmax)(int64_t n, const T *x, T *y)
{
    T max = OF(row_max)(n, x), log_sum = M(log)(OF(exp_sum)(n, x, max));

    for (int64_t i = 0; i < n; i++)
        y[i] = OF(log_softmax_y)(x[i], max, log_sum);
}

static void OF(softmax_backward)(int64_t n, const T *y, const T *dy, T *dx)
{
    T lanes[LKS_SUM_LANES] = {0}, sum;

    for (int64_t i = 0; i < n; i++)
        lanes[i % LKS_SUM_LANES] =
            OF(softmax_term)(lanes[i % LKS_SUM_LANES], y[i], dy[i]);
    sum = OF(lks_meet_lanes)(lanes, 1);
    for (int64_t i = 0; i < n; i++)
        dx[i] = OF(softmax_dx)(y[i], dy[i], sum);
}

static void OF(log_softmax_backward)(int64_t n, const T *y, const T *dy, T *dx)
{
    T lanes[LKS_SUM_LANES] = {0}, sum;

    for (int64_t i = 0; i < n; i++)
        lanes[i % LKS_SUM_LANES] += dy[i];
    sum = OF(lks_meet_lanes)(lanes, 1);
    for (int64_t i = 0; i < n; i++)
        dx[i] = OF(log_softmax_dx)(y[i], dy[i], sum);
}

/* 0 in a row whose target is ignored */
static void OF(cross_entropy_backward)(int64_t n, const T *log_p, int64_t target,
                                       int64_t ignored, T scale, T *dx)
{
    for (int64_t i = 0; i < n; i++)
        dx[i] = target == ignored
                    ? 0
                    : OF(cross_entropy_dx)(M(exp)(log_p[i]), i == target, scale);
}
