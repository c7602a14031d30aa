#include "train/deviation.h"

#include <math.h>

#include "base/alloc.h"
#include "base/try.h"
#include "ops/ops.h"
#include "tensor/scope.h"
#include "train/reduce_tree.h"

static void add_up(const double *values, const double *targets, size_t n,
                   double out[LKS_DEVIATION_ROWS])
{
    double absolute = 0, squared = 0, sum = 0, spread = 0, mean;

    for (size_t i = 0; i < n; i++) {
        const double difference = values[i] - targets[i];

        absolute += fabs(difference);
        squared += difference * difference;
        sum += targets[i];
    }
    mean = n > 0 ? sum / (double)n : 0;
    for (size_t i = 0; i < n; i++)
        spread += (targets[i] - mean) * (targets[i] - mean);
    out[LKS_DEVIATION_ABSOLUTE] = absolute;
    out[LKS_DEVIATION_SQUARED] = squared;
    out[LKS_DEVIATION_TARGETS] = sum;
    out[LKS_DEVIATION_SPREAD] = spread;
    out[LKS_DEVIATION_VALUES] = (double)n;
}

static lks_status take(lks_tensor *output, lks_tensor *target,
                       double out[LKS_DEVIATION_ROWS])
{
    const size_t n = (size_t)lks_numel(output);
    double *host = lks_calloc(2 * n, sizeof *host);
    lks_status st = host ? LKS_OK : LKS_NOMEM;

    if (st != LKS_OK)
        return st;
    LKS_GO(lks_to_host(lks_to(output, LKS_F64), host));
    LKS_GO(lks_to_host(lks_to(target, LKS_F64), host + n));
    add_up(host, host + n, n, out);
cleanup:
    lks_free(host);
    return st;
}

lks_status lks_deviation_of(lks_tensor *output, lks_tensor *target,
                            double out[LKS_DEVIATION_ROWS])
{
    lks_status st;
    bool was;

    if (!output || !target)
        return lks_error_status();
    if (lks_numel(output) != lks_numel(target))
        return lks_fail(LKS_SHAPE, "%lld values have %lld targets",
                        (long long)lks_numel(output), (long long)lks_numel(target));
    LKS_TRY(lks_scope_open());
    was = lks_set_grad_enabled(false);
    st = take(output, target, out);
    lks_set_grad_enabled(was);
    lks_scope_close();
    return st;
}

/* ---- of all chunks ---- */

static double sum_row(const double *rows, uint64_t n_chunks, uint64_t row)
{
    return lks_tree_sum(rows + row * n_chunks, (lks_range){0, n_chunks});
}

double lks_deviation_absolute_error(const double *rows, uint64_t n_chunks)
{
    const double n = sum_row(rows, n_chunks, LKS_DEVIATION_VALUES);

    return sum_row(rows, n_chunks, LKS_DEVIATION_ABSOLUTE) / (n > 0 ? n : 1);
}

/* Spreads about the chunks' means become spreads about the mean of all, which loses no
 * digits where the targets lie far from 0.
 * source: Chan, Golub & LeVeque 1983, Algorithms for computing the sample variance */
double lks_deviation_r2(double *rows, uint64_t n_chunks)
{
    const double *sums = rows + LKS_DEVIATION_TARGETS * n_chunks;
    const double *counts = rows + LKS_DEVIATION_VALUES * n_chunks;
    double *spreads = rows + LKS_DEVIATION_SPREAD * n_chunks;
    const double mean = sum_row(rows, n_chunks, LKS_DEVIATION_TARGETS) /
                        sum_row(rows, n_chunks, LKS_DEVIATION_VALUES);
    double spread;

    for (uint64_t i = 0; i < n_chunks; i++) {
        const double away = sums[i] / counts[i] - mean;

        spreads[i] += counts[i] * away * away;
    }
    spread = sum_row(rows, n_chunks, LKS_DEVIATION_SPREAD);
    return spread > 0 ? 1 - sum_row(rows, n_chunks, LKS_DEVIATION_SQUARED) / spread : NAN;
}
