/* The formulas of softmax for elements of type T, which the includer defines, for the
 * kernels of every device. */
#include "reference/of.h"

/* NaN may be passed over: it makes the sum NaN. */
LKS_INLINE T OF(softmax_max)(T max, T x)
{
    return x > max ? x : max;
}

LKS_INLINE T OF(log_softmax_y)(T x, T max, T log_sum)
{
    return x - max - log_sum;
}

/* dx = y (dy - sum(y dy)), the products of the sum fused with their addition */
LKS_INLINE T OF(softmax_term)(T lane, T y, T dy)
{
    return LKS_FMA(y, dy, lane);
}

LKS_INLINE T OF(softmax_dx)(T y, T dy, T sum)
{
    return y * (dy - sum);
}

/* dx = dy - e^y sum(dy), fused */
LKS_INLINE T OF(log_softmax_dx)(T y, T dy, T sum)
{
    return LKS_FMA(-M(exp)(y), sum, dy);
}

/* dx = scale (p - [this is the target]), p = e^log_p */
LKS_INLINE T OF(cross_entropy_dx)(T p, bool is_target, T scale)
{
    return scale * (is_target ? p - 1 : p);
}
