/* Images, lines and volumes at another size: torch.nn.functional.interpolate. Each of the
 * last dimensions is resampled by itself, by a matrix (size after, size before) of
 * weights; the nearest by its places alone.
 *
 * The matrices are made of operations on the device, in f64, not on the host: steps that
 * copy from the host cannot be recorded. */
#include <math.h>

#include "base/layer_options.h"
#include "base/try.h"
#include "ops/op.h"

/* One dimension: output i lies at (i + 1/2) scale - 1/2 of the input, or with
 * align_corners at i scale, counted in its elements. */
typedef struct resampling {
    int64_t before, after;
    double scale;
    bool align_corners;
    lks_device device;
} resampling;

/* source: Keys 1981, with PyTorch's a */
static const double KEYS = -0.75;

/* 0 … n - 1, (n). */
static lks_tensor *counting(int64_t n, lks_device device)
{
    lks_tensor *ones = lks_ones(LKS_SHAPE_OF(n), LKS_F64, device);

    return lks_add_scalar(lks_cumsum(ones, 0), -1);
}

/* Where the outputs lie, (after). */
static lks_tensor *positions(const resampling *r)
{
    lks_tensor *i = counting(r->after, r->device);

    if (r->align_corners)
        return lks_mul_scalar(i, r->scale);
    return lks_add_scalar(lks_mul_scalar(lks_add_scalar(i, 0.5), r->scale), -0.5);
}

/* How far each output's position, (after), is from places first …, n of them: (after, n). */
static lks_tensor *distances(const resampling *r, lks_tensor *position, int64_t first,
                             int64_t n)
{
    lks_tensor *place = lks_add_scalar(counting(n, r->device), (double)first);

    return lks_abs(lks_sub(lks_unsqueeze(position, 1), place));
}

/* 1 - distance to the two around it; beyond the first and the last, these alone. */
static lks_tensor *linear_weights(const resampling *r)
{
    lks_tensor *at = lks_clamp(positions(r), 0, (double)(r->before - 1));
    lks_tensor *distance = distances(r, at, 0, r->before);

    return lks_relu(lks_add_scalar(lks_neg(distance), 1));
}

/* ((a + 2) d - (a + 3)) d² + 1 up to 1, ((a d - 5 a) d + 8 a) d - 4 a up to 2. */
static lks_tensor *keys(lks_tensor *d)
{
    const double a = KEYS;
    lks_tensor *near = lks_add_scalar(lks_mul_scalar(d, a + 2), -(a + 3));
    lks_tensor *far = lks_add_scalar(lks_mul_scalar(d, a), -5 * a);
    lks_tensor *none;

    near = lks_add_scalar(lks_mul(near, lks_square(d)), 1);
    far = lks_add_scalar(lks_mul(far, d), 8 * a);
    far = lks_add_scalar(lks_mul(far, d), -4 * a);
    none = lks_mul_scalar(far, 0);
    return lks_where(lks_le_scalar(d, 1), near,
                     lks_where(lks_lt_scalar(d, 2), far, none));
}

/* Of the four around it. Those beyond the ends, two at each, are the first and the last
 * again: `ends` (before + 4, before) says which. */
static lks_tensor *cubic_weights(const resampling *r)
{
    const double last = (double)(r->before - 1);
    lks_tensor *wide = keys(distances(r, positions(r), -2, r->before + 4));
    lks_tensor *place = lks_add_scalar(counting(r->before + 4, r->device), -2);
    lks_tensor *ends = lks_unsqueeze(lks_clamp(place, 0, last), 1);

    ends = lks_to(lks_eq(ends, counting(r->before, r->device)), LKS_F64);
    return lks_matmul(wide, ends);
}

/* The mean of places floor(i before / after) … ceil((i + 1) before / after) - 1. */
static lks_tensor *area_weights(const resampling *r)
{
    const double before = (double)r->before, after = (double)r->after;
    lks_tensor *i = counting(r->after, r->device);
    lks_tensor *whole = lks_full(LKS_SCALAR, after, LKS_F64, r->device);
    lks_tensor *first = lks_floor(lks_div(lks_mul_scalar(i, before), whole));
    lks_tensor *end = lks_mul_scalar(lks_add_scalar(i, 1), before);
    lks_tensor *place = counting(r->before, r->device), *inside;

    end = lks_ceil(lks_div(end, whole));
    first = lks_unsqueeze(first, 1);
    end = lks_unsqueeze(end, 1);
    inside = lks_logical_and(lks_ge(place, first), lks_lt(place, end));
    return lks_div(lks_to(inside, LKS_F64), lks_sub(end, first));
}

/* (after) i64: floor(i scale), or of the element that (i + 1/2) scale is in. */
static lks_tensor *nearest_places(const resampling *r, bool exact)
{
    lks_tensor *i = counting(r->after, r->device);

    i = lks_mul_scalar(exact ? lks_add_scalar(i, 0.5) : i, r->scale);
    return lks_to(lks_clamp(lks_floor(i), 0, (double)(r->before - 1)), LKS_I64);
}

/* ---- of a tensor ---- */

static lks_tensor *weights_of(const resampling *r, lks_interpolation mode)
{
    return mode == LKS_INTERPOLATE_BICUBIC ? cubic_weights(r)
           : mode == LKS_INTERPOLATE_AREA  ? area_weights(r)
                                           : linear_weights(r);
}

/* x, with its dimension `dim` multiplied by w (after, before). */
static lks_tensor *multiply(lks_tensor *x, int dim, lks_tensor *w)
{
    lks_shape shape = lks_sizes(x);
    int64_t outer = 1, inner = 1;

    for (int i = 0; i < shape.ndim; i++)
        *(i < dim ? &outer : &inner) *= i == dim ? 1 : shape.sizes[i];
    w = lks_to(w, lks_tensor_dtype(x));
    if (inner == 1) {
        x = lks_reshape(x, LKS_SHAPE_OF(outer, shape.sizes[dim]));
        x = lks_matmul(x, lks_transpose(w, 0, 1));
    } else {
        x = lks_reshape(x, LKS_SHAPE_OF(outer, shape.sizes[dim], inner));
        x = lks_matmul(w, x);
    }
    if (!x)
        return NULL;
    shape.sizes[dim] = lks_size(w, 0);
    return lks_reshape(x, shape);
}

static lks_tensor *resample(lks_tensor *x, int dim, const resampling *r,
                            lks_interpolation mode)
{
    if (mode == LKS_INTERPOLATE_NEAREST || mode == LKS_INTERPOLATE_NEAREST_EXACT)
        return lks_index_select(x, dim,
                                nearest_places(r, mode == LKS_INTERPOLATE_NEAREST_EXACT));
    if (r->before == r->after && (r->align_corners || r->scale == 1)) /* as it is */
        return x;
    return multiply(x, dim, weights_of(r, mode));
}

static const char *const names[] = {LKS_INTERPOLATIONS, NULL};

/* How many dimensions a mode is for; 0: any. */
static int dims_of(lks_interpolation mode)
{
    static const int dims[] = {
        [LKS_INTERPOLATE_LINEAR] = 1,  [LKS_INTERPOLATE_BILINEAR] = 2,
        [LKS_INTERPOLATE_BICUBIC] = 2, [LKS_INTERPOLATE_TRILINEAR] = 3,
        [LKS_INTERPOLATE_AREA] = 0,
    };

    return dims[mode];
}

lks_status lks_interpolate_sizes(const lks_interpolate_params *p, const char *owner,
                                 int n, const int64_t *before, int64_t *out)
{
    const int wanted = dims_of(p->mode);

    if (n < 1 || n > 3 || (wanted > 0 && wanted != n))
        return lks_fail(
            LKS_SHAPE, "%s: mode %s takes (N, C, …) of %s%d dimensions, not %d", owner,
            names[p->mode], wanted ? "" : "up to ", wanted ? wanted + 2 : 5, n + 2);
    if (p->align_corners && dims_of(p->mode) == 0)
        return lks_fail(LKS_INVALID, "%s: align_corners does not go with mode %s", owner,
                        names[p->mode]);
    for (int i = 0; i < n; i++) {
        const double scaled = floor((double)before[i] * p->scale_factor[i]);

        if ((p->size[i] > 0) == (p->scale_factor[i] > 0))
            return lks_fail(LKS_INVALID,
                            "%s: either size or scale_factor is wanted, above 0, of each "
                            "dimension",
                            owner);
        if (p->size[i] == 0 && !(scaled >= 1 && scaled < 0x1p31))
            return lks_fail(LKS_SHAPE, "%s: %lld times %g is no size", owner,
                            (long long)before[i], p->scale_factor[i]);
        out[i] = p->size[i] > 0 ? p->size[i] : (int64_t)scaled;
    }
    return LKS_OK;
}

/* source: ATen/native/UpSample.h, area_pixel_compute_scale */
static double scale_of(const lks_interpolate_params *p, int i, int64_t before,
                       int64_t after)
{
    if (p->align_corners)
        return after > 1 ? (double)(before - 1) / (double)(after - 1) : 0;
    if (p->scale_factor[i] > 0)
        return 1 / p->scale_factor[i];
    return (double)before / (double)after;
}

static lks_tensor *refuse(const lks_tensor *x)
{
    lks_fail(LKS_SHAPE, "interpolate: takes (N, C, …) of floats, not %s", LKS_TEXT(x));
    return NULL;
}

lks_tensor *lks_interpolate(lks_tensor *x, const lks_interpolate_params *p)
{
    const int n = x ? x->view.ndim - 2 : 0;
    int64_t after[3];

    if (!x)
        return NULL;
    if (n < 1 || x->numel == 0 || !lks_dtype_is_float(x->view.dtype))
        return refuse(x);
    if (lks_interpolate_sizes(p, "interpolate", n, x->view.sizes + 2, after) != LKS_OK ||
        lks_scope_open() != LKS_OK)
        return NULL;
    lks_tensor *y = x;
    for (int i = n - 1; i >= 0 && y; i--) {
        const resampling r = {x->view.sizes[2 + i], after[i],
                              scale_of(p, i, x->view.sizes[2 + i], after[i]),
                              p->align_corners, x->storage->device};

        y = resample(y, 2 + i, &r, p->mode);
    }
    y = lks_scope_return(y == x ? lks_clone(x) : y);
    lks_scope_close();
    return y;
}
