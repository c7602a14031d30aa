#include "reference/reference.h"

typedef struct pooling {
    const lks_pool2d_params *params;
    int64_t h, w, oh, ow;
} pooling;

/* Windows side by side, or with gaps. */
static bool are_apart(const pooling *p)
{
    const lks_pool2d_params *k = p->params;

    return k->stride[0] > (k->kernel[0] - 1) * k->dilation[0] &&
           k->stride[1] > (k->kernel[1] - 1) * k->dilation[1];
}

/* The place along dimension d that tap k of window `at` takes, of n; -1 in the padding.
 */
static int64_t tap_at(const pooling *p, int d, int64_t at, int64_t k, int64_t n)
{
    int64_t place =
        at * p->params->stride[d] - p->params->padding[d] + k * p->params->dilation[d];

    return place >= 0 && place < n ? place : -1;
}

/* The flat place in a plane of a window's tap; -1 in the padding. */
static int64_t place_of(const pooling *p, int64_t at, int64_t kh, int64_t kw)
{
    int64_t h = tap_at(p, 0, at / p->ow, kh, p->h);
    int64_t w = tap_at(p, 1, at % p->ow, kw, p->w);

    return h < 0 || w < 0 ? -1 : h * p->w + w;
}

#define T float
#include "reference/pool_of.h"
#undef T
#define T double
#include "reference/pool_of.h"
#undef T

static pooling pooling_of(const lks_view *x, const lks_view *y,
                          const lks_pool2d_params *params)
{
    return (pooling){params, x->sizes[2], x->sizes[3], y->sizes[2], y->sizes[3]};
}

lks_status lks_reference_max_pool2d(const lks_view *x, const lks_pool2d_params *params,
                                    const lks_view *y, const lks_view *index)
{
    const pooling p = pooling_of(x, y, params);

    if (x->dtype != LKS_F32 && x->dtype != LKS_F64)
        return lks_reference_no_dtype("max_pool2d", x->dtype);
    if (lks_view_count(x) == 0) /* a plane may be beyond all products */
        return LKS_OK;
    for (int64_t i = 0; i < x->sizes[0] * x->sizes[1]; i++) {
        const int64_t in = i * p.h * p.w, out = i * p.oh * p.ow;
        int32_t *places = (int32_t *)index->data + out;

        if (x->dtype == LKS_F32)
            max_pool_float(&p, (const float *)x->data + in, (float *)y->data + out,
                           places);
        else
            max_pool_double(&p, (const double *)x->data + in, (double *)y->data + out,
                            places);
    }
    return LKS_OK;
}

lks_status lks_reference_max_pool2d_backward(const lks_view *dy, const lks_view *index,
                                             const lks_pool2d_params *params,
                                             const lks_view *dx)
{
    const pooling p = pooling_of(dx, dy, params);

    if (dy->dtype != LKS_F32 && dy->dtype != LKS_F64)
        return lks_reference_no_dtype("max_pool2d", dy->dtype);
    if (lks_view_count(dy) == 0)
        return LKS_OK;
    for (int64_t i = 0; i < dx->sizes[0] * dx->sizes[1]; i++) {
        const int64_t in = i * p.oh * p.ow, out = i * p.h * p.w;
        const int32_t *places = (const int32_t *)index->data + in;

        if (dy->dtype == LKS_F32)
            max_pool_backward_float(&p, (const float *)dy->data + in, places,
                                    (float *)dx->data + out);
        else
            max_pool_backward_double(&p, (const double *)dy->data + in, places,
                                     (double *)dx->data + out);
    }
    return LKS_OK;
}
