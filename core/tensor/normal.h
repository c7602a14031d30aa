/* Normal numbers of a stream. */
#ifndef LKS_TENSOR_NORMAL_H
#define LKS_TENSOR_NORMAL_H

#include <math.h>

#include "base/rng.h"
#include "numerics.h"

/* Box-Muller; element i takes the stream's f64 elements 2i and 2i + 1. (1 - u is exact.)
 */
static inline double lks_normal_at(const lks_rng *rng, uint64_t i)
{
    double u[2];

    lks_rng_uniform_f64(rng, 2 * i, 2, u);
    return sqrt(-2 * lks_log_f64(1 - u[0])) * lks_cos_turn_f64(u[1]);
}

#endif
