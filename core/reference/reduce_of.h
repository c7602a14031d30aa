/* The formulas of reduce.def for sums of type T, which the includer defines: double or
 * int64_t. For the kernels of every device. */
#include "reference/of.h"

/* `like` only says of which type. */
LKS_INLINE T OF(reduce_start)(lks_reduce op, T like)
{
    (void)like;
    switch (op) {
#define LKS_REDUCE(name, start, term, meet)                                              \
    case LKS_REDUCE_##name:                                                              \
        return (start);
#include "reduce.def"
    default:
        return like;
    }
}

LKS_INLINE T OF(reduce_term)(lks_reduce op, T lane, T v)
{
    switch (op) {
#define LKS_REDUCE(name, start, term, meet)                                              \
    case LKS_REDUCE_##name:                                                              \
        return (term);
#include "reduce.def"
    default:
        return lane;
    }
}

LKS_INLINE T OF(reduce_meet)(lks_reduce op, T a, T b)
{
    switch (op) {
#define LKS_REDUCE(name, start, term, meet)                                              \
    case LKS_REDUCE_##name:                                                              \
        return (meet);
#include "reduce.def"
    default:
        return a;
    }
}
