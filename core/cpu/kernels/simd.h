/* Loops that the compiler is to vectorise. */
#ifndef LKS_CPU_KERNELS_SIMD_H
#define LKS_CPU_KERNELS_SIMD_H

#include <stdint.h>

#include "element.h"

/* `body` for i in [0, n), the compiler being told that iterations do not meet: an output
 * is either apart from the inputs or element for element in the place of one. */
#define LKS_SIMD_FOR(i, n) _Pragma("omp simd") for (int64_t i = 0; i < (n); i++)

/* The same where the body takes the largest: `max` is of no particular order. */
#define LKS_SIMD_MAX_FOR(i, first, n, max)                                               \
    _Pragma("omp simd reduction(max : max)") for (int64_t i = (first); i < (n); i++)

#endif
