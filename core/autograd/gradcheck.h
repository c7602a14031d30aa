/* Check a function's backward against central differences, in f64. */
#ifndef LKS_AUTOGRAD_GRADCHECK_H
#define LKS_AUTOGRAD_GRADCHECK_H

#include "tensor/tensor.h"

/* y = f(inputs); uses operations only. */
typedef lks_tensor *(*lks_gradcheck_function)(void *context, lks_tensor *const *inputs,
                                              int n);

/* For a fixed pseudo-random cotangent, compare the gradient of every input that requires
 * one, a, with n = (s(x + h) - s(x - h)) / 2h per element, where s = sum(cotangent * f)
 * and h = 1e-5 max(1, |x|). Inputs are f64 leaves, of any strides. They agree where
 *
 *     |a - n| <= tolerance * max(|a|, |n|) + eps * m / h
 *
 * with eps = 2^-52 and m the sum of |cotangent * f|: the last term is what rounding alone
 * may do to n. An infinity agrees with nothing. LKS_NUMERIC names the input, the element
 * and both values. */
lks_status lks_gradcheck(lks_gradcheck_function f, void *context,
                         lks_tensor *const *inputs, int n, double tolerance);

#endif
