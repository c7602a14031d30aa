/* When a result is the one that is wanted.
 *
 * Same dtype and same shape; then element by element
 *     |got - want| <= relative |want| + absolute,
 * NaN being NaN, and an infinity that infinity. Integers and booleans are equal or not.
 *
 * The absolute floor is for elements that are zero, or nearly, in exact arithmetic: a sum
 * of terms that cancel comes out as their rounding. The tables' values are up to about 10
 * and their sums have up to some hundred products: 10^2 * 10^2 * 2^-53 = 1e-12. A
 * gradient has the same a hundred times over, as its relative bound has. f32 stands for
 * what the library holds in f32 alone (an optimiser's parameters). */
#ifndef LKS_TESTS_CONFORMANCE_COMPARE_H
#define LKS_TESTS_CONFORMANCE_COMPARE_H

#include <stddef.h>

#include "lockstep.h"
#include "sample.h"

typedef struct bounds {
    double relative, absolute;
} bounds;

static const bounds result_bounds = {1e-9, 1e-12};
static const bounds grad_bounds = {1e-7, 1e-10};

/* `got` beside a case's tensor. False: `why` has one line that begins with `what`: how
 * many elements differ, and the worst of them. LKS_OK unless the values cannot be had. */
lks_status compare_tensor(const char *what, const lks_tensor *got, const item *want,
                          bounds allowed, bool *same, char *why, size_t size);

/* The same of n numbers. */
bool compare_numbers(const char *what, const double *got, const double *want, size_t n,
                     bounds allowed, char *why, size_t size);

#endif
