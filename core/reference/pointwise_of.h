/* The formulas of pointwise.def for elements that compute in T, which the includer
 * defines; IS_FLOAT says whether those for floats only are among them. No products are
 * fused. For the kernels of every device. */
#include "reference/of.h"

#if IS_FLOAT
#define FLOAT_ONLY(line) line
#else
#define FLOAT_ONLY(line)
#endif

LKS_INLINE bool OF(unary)(lks_unary op, T p, T q, T x, T *out)
{
    (void)p, (void)q;
    switch (op) {
#define LKS_UNARY(name, y, dx)                                                           \
    case LKS_UNARY_##name:                                                               \
        *out = (T)(y);                                                                   \
        return true;
#define LKS_UNARY_FLOAT(name, y, dx) FLOAT_ONLY(LKS_UNARY(name, y, dx))
#include "pointwise.def"
    default:
        return false;
    }
}

LKS_INLINE T OF(binary)(lks_binary op, T a, T b)
{
    switch (op) {
#define LKS_BINARY(name, y, da, db)                                                      \
    case LKS_BINARY_##name:                                                              \
        return (T)(y);
#include "pointwise.def"
    default:
        return 0;
    }
}

#if IS_FLOAT
LKS_INLINE T OF(unary_backward)(lks_unary op, T p, T q, T x, T y, T dy)
{
    (void)p, (void)q, (void)x, (void)y;
    switch (op) {
#define LKS_UNARY(name, y, dx)                                                           \
    case LKS_UNARY_##name:                                                               \
        return (T)(dx);
#include "pointwise.def"
    default:
        return 0;
    }
}

/* da, or db if for_b */
LKS_INLINE T OF(binary_backward)(lks_binary op, bool for_b, T a, T b, T y, T dy)
{
    (void)a, (void)b, (void)y;
    switch (op) {
#define LKS_BINARY(name, y, da, db)                                                      \
    case LKS_BINARY_##name:                                                              \
        return for_b ? (T)(db) : (T)(da);
#include "pointwise.def"
    default:
        return 0;
    }
}
#endif

#undef FLOAT_ONLY
