/* Lanes and sums of type T (reference/for_sums.h), whatever they are of. */

/* What stands in the lanes before all, where the rows do not see to it; and the lanes'
 * tree, without those that took no element. */
static void OF(begin)(totals *to)
{
    const int64_t n = to->by_columns ? to->n_columns : LANES;
    const T none = OF(reduce_start)(to->op, 0);

    for (int64_t j = 0; j < n; j++)
        to->OF(lanes)[0][j] = none;
}

/* Written out, so that it stays in registers. */
LKS_INLINE T OF(four)(const T *lanes, int64_t stride, lks_reduce op)
{
    T a = OF(reduce_meet)(op, lanes[0], lanes[8 * stride]);
    T b = OF(reduce_meet)(op, lanes[4 * stride], lanes[12 * stride]);

    return OF(reduce_meet)(op, a, b);
}

LKS_INLINE T OF(tree)(const T *lanes, int64_t stride, lks_reduce op)
{
    T a = OF(four)(lanes, stride, op);
    T b = OF(four)(lanes + stride, stride, op);
    T c = OF(four)(lanes + 2 * stride, stride, op);
    T d = OF(four)(lanes + 3 * stride, stride, op);

    return OF(reduce_meet)(op, OF(reduce_meet)(op, a, c), OF(reduce_meet)(op, b, d));
}

LKS_INLINE void OF(add)(totals *to, int64_t j, T chunk, lks_reduce op)
{
    to->OF(sum)[j] = to->has_sum ? OF(reduce_meet)(op, to->OF(sum)[j], chunk) : chunk;
}

LKS_INLINE void OF(meet_op)(totals *to, lks_reduce op)
{
    T *first = to->OF(lanes)[0];

    if (!to->by_columns)
        first[0] = OF(tree)(first, 1, op);
    if (to->by_columns && to->r >= LANES && to->n_columns == MAX_COLUMNS) {
        LKS_SIMD_FOR(j, MAX_COLUMNS)
        {
            first[j] = OF(tree)(first + j, MAX_COLUMNS, op);
        }
        return;
    }
    if (to->by_columns && to->r >= LANES) {
        LKS_SIMD_FOR(j, to->n_columns)
        {
            first[j] = OF(tree)(first + j, MAX_COLUMNS, op);
        }
        return;
    }
    for (int step = LANES / 2; step > 0 && to->by_columns; step /= 2)
        for (int i = 0; i < step && i + step < to->r; i++)
            for (int64_t j = 0; j < to->n_columns; j++)
                to->OF(lanes)[i][j] =
                    OF(reduce_meet)(op, to->OF(lanes)[i][j], to->OF(lanes)[i + step][j]);
}

LKS_INLINE void OF(close_op)(totals *to, lks_reduce op)
{
    OF(meet_op)(to, op);
    for (int64_t j = 0; j < to->n_columns; j++)
        OF(add)(to, j, to->OF(lanes)[0][j], op);
    to->has_sum = true;
    to->r = 0;
    OF(begin)(to);
}

/* The end of a chunk. */
static void OF(close)(totals *to)
{
    if (to->r == 0 && to->has_sum)
        return;
    switch (to->op) {
#define LKS_REDUCE(name, start, term, meet)                                              \
    case LKS_REDUCE_##name:                                                              \
        OF(close_op)(to, LKS_REDUCE_##name);                                             \
        break;
#include "reduce.def"
    default:
        break;
    }
}
