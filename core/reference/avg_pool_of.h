/* Average pooling of planes of T. */
#include "reference/of.h"

/* +0 and what a window has inside, row after row, divided once. */
static void OF(avg_pool)(const averaging *p, const T *x, T *y)
{
    for (int64_t oh = 0; oh < p->out[0]; oh++) {
        const span rows = span_of(p, 0, oh);

        for (int64_t ow = 0; ow < p->out[1]; ow++) {
            const span columns = span_of(p, 1, ow);
            T sum = 0;

            for (int64_t h = rows.begin; h < rows.end; h++)
                for (int64_t w = columns.begin; w < columns.end; w++)
                    sum += x[h * p->in[1] + w];
            *y++ = sum / (T)divisor_of(p, rows, columns);
        }
    }
}

/* +0 and the shares of the windows that have the place, in turn. */
static void OF(avg_pool_backward)(const averaging *p, const T *dy, T *dx)
{
    for (int64_t i = 0; i < p->in[0] * p->in[1]; i++)
        dx[i] = 0;
    for (int64_t oh = 0; oh < p->out[0]; oh++) {
        const span rows = span_of(p, 0, oh);

        for (int64_t ow = 0; ow < p->out[1]; ow++) {
            const span columns = span_of(p, 1, ow);
            const T share = *dy++ / (T)divisor_of(p, rows, columns);

            for (int64_t h = rows.begin; h < rows.end; h++)
                for (int64_t w = columns.begin; w < columns.end; w++)
                    dx[h * p->in[1] + w] += share;
        }
    }
}
