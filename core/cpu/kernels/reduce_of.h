/* Reductions of elements of type DTYPE to sums of type T (reference/for_sums.h). */

/* Add n rows of values to the totals, or n values to the only one. Of the rows for one
 * lane four are added at a time, for the lanes of many columns are in memory; the first
 * finds nothing there yet. */
LKS_INLINE T FOR(take)(T lane, const char *at, lks_reduce op)
{
    return OF(reduce_term)(op, lane,
                           (T)FOR(lks_load_element)(*(const FOR(lks_stored) *)at));
}

LKS_INLINE void FOR(lanes)(int n_rows, bool first, const char *row, int64_t stride,
                           int64_t column_stride, lks_reduce op, int64_t n_columns,
                           T *lanes)
{
    LKS_SIMD_FOR(j, n_columns)
    {
        T lane = first ? OF(reduce_start)(op, 0) : lanes[j];

        for (int i = 0; i < n_rows; i++)
            lane = FOR(take)(lane, row + j * column_stride + i * LANES * stride, op);
        lanes[j] = lane;
    }
}

LKS_INLINE void FOR(columns)(int64_t n, const char *data, int64_t stride,
                             int64_t column_stride, lks_reduce op, int64_t n_columns,
                             totals *to)
{
    const int64_t group = 4 * LANES;

    for (int64_t i = 0; i < n;
         i += i % group == LANES - 1 && i / group < n / group ? group - LANES + 1 : 1) {
        const char *row = data + i * stride;
        const bool four = i / group < n / group, first = to->r + i < LANES;
        T *lanes = to->OF(lanes)[(to->r + i) % LANES];

        if (four && first)
            FOR(lanes)(4, true, row, stride, column_stride, op, n_columns, lanes);
        else if (four)
            FOR(lanes)(4, false, row, stride, column_stride, op, n_columns, lanes);
        else
            FOR(lanes)(1, first, row, stride, column_stride, op, n_columns, lanes);
    }
}

LKS_INLINE void FOR(row)(int64_t n, const char *data, int64_t stride, lks_reduce op,
                         int64_t r, T *row)
{
    T lanes[LANES];
    int64_t i = 0;

    for (; i < n && (r + i) % LANES != 0; i++)
        row[(r + i) % LANES] = FOR(take)(row[(r + i) % LANES], data + i * stride, op);
    for (int j = 0; j < LANES; j++)
        lanes[j] = row[j];
    for (; i + LANES <= n; i += LANES)
        LKS_SIMD_FOR(j, LANES)
        {
            lanes[j] = FOR(take)(lanes[j], data + (i + j) * stride, op);
        }
    for (int j = 0; j < LANES; j++)
        row[j] = lanes[j];
    for (int64_t j = 0; i + j < n; j++)
        row[j] = FOR(take)(row[j], data + (i + j) * stride, op);
}

/* No more than the chunk has room for. */
LKS_INLINE void FOR(piece)(int64_t n, const char *data, int64_t stride, lks_reduce op,
                           totals *to)
{
    const int64_t size = sizeof(FOR(lks_stored));

    if (to->by_columns && to->column_stride == size && to->n_columns == MAX_COLUMNS)
        FOR(columns)(n, data, stride, size, op, MAX_COLUMNS, to);
    else if (to->by_columns && to->column_stride == size)
        FOR(columns)(n, data, stride, size, op, to->n_columns, to);
    else if (to->by_columns)
        FOR(columns)(n, data, stride, to->column_stride, op, to->n_columns, to);
    else if (stride == size)
        FOR(row)(n, data, size, op, to->r, to->OF(lanes)[0]);
    else
        FOR(row)(n, data, stride, op, to->r, to->OF(lanes)[0]);
    to->r += n;
}

static void FOR(end)(const totals *to, char *out, int64_t stride)
{
    for (int64_t j = 0; j < to->n_columns; j++)
        *(FOR(lks_stored) *)(out + j * stride) =
            FOR(lks_store_element)((FOR(lks_computed))to->OF(sum)[j]);
}

/* Chunk after chunk; of a row's squares, which are one instruction each, two at a time: a
 * chain of them waits for itself. */
LKS_INLINE void FOR(pair)(const char *data, lks_reduce op, totals *to)
{
    const int64_t size = sizeof(FOR(lks_stored));
    T a[LANES], b[LANES];

    for (int j = 0; j < LANES; j++)
        a[j] = b[j] = OF(reduce_start)(op, 0);
    for (int64_t i = 0; i < CHUNK; i += LANES) {
        LKS_SIMD_FOR(j, LANES)
        {
            a[j] = FOR(take)(a[j], data + (i + j) * size, op);
        }
        LKS_SIMD_FOR(k, LANES)
        {
            b[k] = FOR(take)(b[k], data + (CHUNK + i + k) * size, op);
        }
    }
    OF(add)(to, 0, OF(tree)(a, 1, op), op);
    to->has_sum = true;
    OF(add)(to, 0, OF(tree)(b, 1, op), op);
}

LKS_INLINE void FOR(reduce_op)(int64_t n, const char *data, int64_t stride, lks_reduce op,
                               totals *to)
{
    const bool in_pairs = op == LKS_REDUCE_SUM_SQUARES && !to->by_columns &&
                          stride == sizeof(FOR(lks_stored));

    while (n > 0) {
        const int64_t room = CHUNK - to->r;
        const bool pair = in_pairs && to->r == 0 && n >= 2 * CHUNK;
        const int64_t step = pair ? 2 * CHUNK : n < room ? n : room;

        if (pair)
            FOR(pair)(data, op, to);
        else
            FOR(piece)(step, data, stride, op, to);
        if (to->r == CHUNK)
            OF(close)(to);
        data += step * stride;
        n -= step;
    }
}

#define LKS_REDUCE(name, start, term, meet)                                              \
    static void FOR(reduce_##name)(int64_t n, char *const *data, const int64_t *strides, \
                                   const void *context)                                  \
    {                                                                                    \
        totals *to = (totals *)(uintptr_t)context;                                       \
                                                                                         \
        FOR(reduce_op)(n, data[0], strides[0], LKS_REDUCE_##name, to);                   \
    }
#include "reduce.def"

static const lks_row_fn FOR(reduce)[] = {
#define LKS_REDUCE(name, start, term, meet) [LKS_REDUCE_##name] = FOR(reduce_##name),
#include "reduce.def"
};
