/* Check a function's backward against central differences, in f64. */
#ifndef LKS_AUTOGRAD_GRADCHECK_H
#define LKS_AUTOGRAD_GRADCHECK_H

#include "tensor/tensor.h"

/* y = f(inputs); uses operations only. */
typedef lks_tensor *(*lks_gradcheck_function)(void *context, lks_tensor *const *inputs,
                                              int n);

/* For a fixed pseudo-random cotangent, compare the gradient of every input that requires
 * one with (f(x + h) - f(x - h)) / 2h per element. Inputs are f64 leaves, of any strides.
 * Agreement: |a - n|
 * <= tolerance * max(1, |a|, |n|). LKS_NUMERIC names the input, the element and both
 * values. */
lks_status lks_gradcheck(lks_gradcheck_function f, void *context,
                         lks_tensor *const *inputs, int n, double tolerance);

#endif
