/* Images as columns of patches, channels as places: in terms of views, stack and pad. */
#include "base/alloc.h"
#include "base/try.h"
#include "ops/op.h"
#include "ops/window.h"

/* Params with their defaults, and how many places the window finds. */
static lks_status fill_in(const lks_tensor *x, const lks_pool2d_params *params,
                          lks_pool2d_params *p, int64_t *places)
{
    *p = *params;
    if (x->view.ndim != 4)
        return lks_fail(LKS_SHAPE, "unfold: takes (N, C, H, W) or (C, H, W), not %s",
                        LKS_TEXT(x));
    for (int i = 0; i < 2; i++) {
        p->stride[i] = p->stride[i] ? p->stride[i] : 1;
        p->dilation[i] = p->dilation[i] ? p->dilation[i] : 1;
        if (p->stride[i] < 0 || p->dilation[i] < 0 || p->padding[i] < 0)
            return lks_fail(LKS_INVALID,
                            "unfold: stride, dilation and padding are not below 0");
        places[i] = lks_window_count(x->view.sizes[2 + i], p->kernel[i], p->stride[i],
                                     p->padding[i], p->dilation[i]);
        if (places[i] < 0)
            return lks_fail(
                LKS_SHAPE, "unfold: %s has no room for a window of %lld x %lld",
                LKS_TEXT(x), (long long)p->kernel[0], (long long)p->kernel[1]);
    }
    return LKS_OK;
}

/* Of each place, the element (row, column) of its window: (N, C, OH, OW), a view. */
static lks_tensor *element_of_windows(lks_tensor *x, const lks_pool2d_params *p,
                                      const int64_t *places, int64_t row, int64_t column)
{
    const int64_t at[2] = {row * p->dilation[0], column * p->dilation[1]};

    for (int i = 0; i < 2; i++)
        x = lks_slice(x, 2 + i, at[i], at[i] + (places[i] - 1) * p->stride[i] + 1,
                      p->stride[i]);
    return x;
}

/* x (N, C, H, W) with its zeros; in an open scope. */
static lks_tensor *gather_patches(lks_tensor *x, const lks_pool2d_params *p,
                                  const int64_t *places)
{
    int64_t n, n_places, rows;
    lks_tensor **elements, *y;

    if (!x)
        return NULL;
    if (!lks_sizes_product(p->kernel, 2, &n) || n > INT32_MAX ||
        !lks_sizes_product(places, 2, &n_places) ||
        !lks_sizes_product((const int64_t[]){lks_size(x, 1), n}, 2, &rows)) {
        lks_fail(LKS_SHAPE, "unfold: %s has too many or too large windows", LKS_TEXT(x));
        return NULL;
    }
    if (!(elements = lks_calloc((size_t)n, sizeof(lks_tensor *))))
        return NULL;
    for (int64_t i = 0; i < n; i++)
        elements[i] =
            element_of_windows(x, p, places, i / p->kernel[1], i % p->kernel[1]);
    y = lks_stack(elements, (int)n, 2);
    lks_free(elements);
    return lks_reshape(y, LKS_SHAPE_OF(lks_size(x, 0), rows, n_places));
}

lks_tensor *lks_unfold(lks_tensor *x, const lks_pool2d_params *params)
{
    lks_pool2d_params p;
    int64_t places[2];
    lks_tensor *y = NULL;

    if (!x || lks_scope_open() != LKS_OK)
        return NULL;
    const bool single = x->view.ndim == 3;
    x = single ? lks_unsqueeze(x, 0) : x;
    if (x && fill_in(x, params, &p, places) == LKS_OK)
        y = gather_patches(lks_pad(x,
                                   (const int64_t[]){p.padding[1], p.padding[1],
                                                     p.padding[0], p.padding[0]},
                                   4, LKS_PAD_CONSTANT, 0),
                           &p, places);
    lks_scope_return(single ? (y = lks_squeeze(y, 0)) : y);
    lks_scope_close();
    return y;
}

/* (…, C r r, H, W) as (B, C, r, r, H, W), to (B, C, H, r, W, r), to (…, C, H r, W r); in
 * an open scope. */
static lks_tensor *shuffle(lks_tensor *x, int64_t r)
{
    static const int order[] = {0, 1, 4, 2, 5, 3};
    lks_shape shape = lks_sizes(x), parts = {6, {1}}, grown;
    const int last = shape.ndim - 1;

    shape.sizes[last - 2] /= r * r;
    grown = shape;
    grown.sizes[last - 1] *= r;
    grown.sizes[last] *= r;
    for (int i = 0; i < last - 2; i++)
        parts.sizes[0] *= shape.sizes[i];
    parts.sizes[1] = shape.sizes[last - 2];
    parts.sizes[2] = parts.sizes[3] = r;
    parts.sizes[4] = shape.sizes[last - 1];
    parts.sizes[5] = shape.sizes[last];
    return lks_reshape(lks_permute(lks_reshape(x, parts), order), grown);
}

lks_tensor *lks_pixel_shuffle(lks_tensor *x, int64_t factor)
{
    lks_tensor *y;
    int last;

    if (!x)
        return NULL;
    last = x->view.ndim - 1;
    if (last < 2 || factor < 1 || factor > INT32_MAX ||
        x->view.sizes[last - 2] % (factor * factor) != 0) {
        lks_fail(LKS_SHAPE, "pixel_shuffle: takes (…, C r r, H, W) for r = %lld, not %s",
                 (long long)factor, LKS_TEXT(x));
        return NULL;
    }
    if (lks_scope_open() != LKS_OK)
        return NULL;
    y = shuffle(x, factor);
    y = lks_scope_return(y && y->storage == x->storage ? lks_clone(y) : y);
    lks_scope_close();
    return y;
}
