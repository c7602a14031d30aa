/* Operations in place: change and return their first argument, borrowed, whose shape and
 * dtype stay. LKS_SHAPE: the result has another shape; LKS_DTYPE: it is of a higher kind
 * (booleans, integers, floats) than the tensor.
 *
 * While recording, refused on a leaf that requires a gradient, as in PyTorch, and on a
 * view (PyTorch follows changes through views; here views taken before a recorded change
 * are refused where they are used next). The changed tensor's history is that of the
 * result: gradients are those of the same operation out of place. */
#ifndef LKS_OPS_IN_PLACE_H
#define LKS_OPS_IN_PLACE_H

#include "base/rng.h"
#include "tensor/tensor.h"

/* Every pointwise function: lks_exp_(x), lks_clamp_(x, min, max), lks_div_(a, b), whose
 * second operand broadcasts to the first. */
#define LKS_UNARY(name, y, dx)   lks_tensor *lks_##name##_(lks_tensor *x);
#define LKS_UNARY_P(name, y, dx) lks_tensor *lks_##name##_(lks_tensor *x, double p);
#define LKS_UNARY_PQ(name, y, dx)                                                        \
    lks_tensor *lks_##name##_(lks_tensor *x, double p, double q);
#define LKS_BINARY(name, y, da, db)                                                      \
    lks_tensor *lks_##name##_(lks_tensor *a, lks_tensor *b);
#include "pointwise.def"
lks_tensor *lks_add_scalar_(lks_tensor *x, double number);
lks_tensor *lks_sub_scalar_(lks_tensor *x, double number);
lks_tensor *lks_mul_scalar_(lks_tensor *x, double number);
lks_tensor *lks_div_scalar_(lks_tensor *x, double number);

/* The value in every place. */
lks_tensor *lks_fill_(lks_tensor *x, double value);
/* source broadcasts, and is cast as by lks_to; it may be on another device. Integers that
 * take floats keep no history. */
lks_tensor *lks_copy_(lks_tensor *x, lks_tensor *source);

/* Of others, X(name, parameters, the arguments of lks_<name>). */
/* clang-format off */
#define LKS_IN_PLACE_LIST(X)                                                             \
    X(lerp, (lks_tensor *x, lks_tensor *b, lks_tensor *weight), (x, b, weight))          \
    X(lerp_scalar, (lks_tensor *x, lks_tensor *b, double weight), (x, b, weight))        \
    X(addcmul, (lks_tensor *x, lks_tensor *a, lks_tensor *b, double value),              \
      (x, a, b, value))                                                                  \
    X(addcdiv, (lks_tensor *x, lks_tensor *a, lks_tensor *b, double value),              \
      (x, a, b, value))                                                                  \
    X(eq, (lks_tensor *x, lks_tensor *b), (x, b))                                        \
    X(eq_scalar, (lks_tensor *x, double b), (x, b))                                      \
    X(ne, (lks_tensor *x, lks_tensor *b), (x, b))                                        \
    X(ne_scalar, (lks_tensor *x, double b), (x, b))                                      \
    X(lt, (lks_tensor *x, lks_tensor *b), (x, b))                                        \
    X(lt_scalar, (lks_tensor *x, double b), (x, b))                                      \
    X(le, (lks_tensor *x, lks_tensor *b), (x, b))                                        \
    X(le_scalar, (lks_tensor *x, double b), (x, b))                                      \
    X(gt, (lks_tensor *x, lks_tensor *b), (x, b))                                        \
    X(gt_scalar, (lks_tensor *x, double b), (x, b))                                      \
    X(ge, (lks_tensor *x, lks_tensor *b), (x, b))                                        \
    X(ge_scalar, (lks_tensor *x, double b), (x, b))                                      \
    X(logical_and, (lks_tensor *x, lks_tensor *b), (x, b))                               \
    X(logical_or, (lks_tensor *x, lks_tensor *b), (x, b))                                \
    X(logical_not, (lks_tensor *x), (x))                                                 \
    X(masked_fill, (lks_tensor *x, lks_tensor *mask, lks_tensor *value),                 \
      (x, mask, value))                                                                  \
    X(masked_fill_scalar, (lks_tensor *x, lks_tensor *mask, double value),               \
      (x, mask, value))                                                                  \
    X(index_put,                                                                         \
      (lks_tensor *x, lks_tensor *const *indices, int n, lks_tensor *values, bool add),  \
      (x, indices, n, values, add))                                                      \
    X(index_add,                                                                         \
      (lks_tensor *x, int dim, lks_tensor *index, lks_tensor *source, double alpha),     \
      (x, dim, index, source, alpha))                                                    \
    X(scatter, (lks_tensor *x, int dim, lks_tensor *index, lks_tensor *source),          \
      (x, dim, index, source))                                                           \
    X(scatter_value, (lks_tensor *x, int dim, lks_tensor *index, double value),          \
      (x, dim, index, value))                                                            \
    X(scatter_add, (lks_tensor *x, int dim, lks_tensor *index, lks_tensor *source),      \
      (x, dim, index, source))                                                           \
    X(tril, (lks_tensor *x, int64_t diagonal), (x, diagonal))                            \
    X(triu, (lks_tensor *x, int64_t diagonal), (x, diagonal))                            \
    X(cumsum, (lks_tensor *x, int dim), (x, dim))                                        \
    X(cumprod, (lks_tensor *x, int dim), (x, dim))                                       \
    X(dropout, (lks_tensor *x, double p, const lks_rng *rng), (x, p, rng))
/* clang-format on */

#define LKS_DECLARE_IN_PLACE(name, parameters, arguments)                                \
    lks_tensor *lks_##name##_ parameters;

/* What the operation of this name, without the last _, gives, in x's place. */
LKS_IN_PLACE_LIST(LKS_DECLARE_IN_PLACE)
#undef LKS_DECLARE_IN_PLACE

#endif
