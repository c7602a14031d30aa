/* Max pooling of planes of T. */
#include "reference/of.h"

/* Whether v takes the place of the best so far: NaN does, but not of a NaN. */
static bool OF(beats)(T v, T best)
{
    return v > best || (v != v && best == best);
}

/* Places of a window in the padding do not count; of equals the first is taken. */
static void OF(max_pool)(const pooling *p, const T *x, T *y, int32_t *index)
{
    for (int64_t at = 0; at < p->oh * p->ow; at++) {
        int64_t best_at = -1;

        for (int64_t kh = 0; kh < p->params.kernel[0]; kh++)
            for (int64_t kw = 0; kw < p->params.kernel[1]; kw++) {
                int64_t place = place_of(p, at, kh, kw);

                if (place >= 0 && (best_at < 0 || OF(beats)(x[place], x[best_at])))
                    best_at = place;
            }
        y[at] = x[best_at];
        index[at] = (int32_t)best_at;
    }
}

/* +0 where no output came from; what came from there: itself if windows are apart, else
 * added to +0 in turn. */
static void OF(max_pool_backward)(const pooling *p, const T *dy, const int32_t *index,
                                  T *dx)
{
    for (int64_t i = 0; i < p->h * p->w; i++)
        dx[i] = 0;
    for (int64_t at = 0; at < p->oh * p->ow; at++)
        dx[index[at]] = are_apart(p) ? dy[at] : dx[index[at]] + dy[at];
}
