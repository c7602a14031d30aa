/* Normalisations, (x - mean) / sqrt(var + eps) weight + bias, as torch.nn.functional's:
 * they differ in what mean and variance are taken over. */
#include "base/try.h"
#include "ops/op.h"

/* Whether an operand that may be absent is so because its own expression failed. */
static bool any_failed(const lks_tensor *a, const lks_tensor *b)
{
    return (!a || !b) && lks_error_status() != LKS_OK;
}

/* All of an open scope, here and below. */
static lks_tensor *divide(lks_tensor *centred, lks_tensor *var, double eps)
{
    return lks_div(centred, lks_sqrt(lks_add_scalar(var, eps)));
}

/* By mean and variance over n dims, which *mean and *var keep. */
static lks_tensor *normalise(lks_tensor *x, const int *dims, int n, double eps,
                             lks_tensor **mean, lks_tensor **var)
{
    lks_tensor *centred;

    *mean = lks_mean(x, dims, n, true);
    centred = lks_sub(x, *mean);
    *var = lks_mean(lks_square(centred), dims, n, true);
    return divide(centred, *var, eps);
}

/* y weight + bias, either of them of `shape` or absent. */
static lks_tensor *scale(lks_tensor *y, lks_tensor *weight, lks_tensor *bias,
                         lks_shape shape)
{
    if (weight)
        y = lks_mul(y, lks_reshape(weight, shape));
    return bias ? lks_add(y, lks_reshape(bias, shape)) : y;
}

/* ---- over channels: dimension 1, or that of a single sample's ---- */

static int channel_dim(const lks_tensor *x)
{
    return x->view.ndim > 1 ? 1 : 0;
}

/* (C) broadcasting to x. */
static lks_shape along(const lks_tensor *x)
{
    lks_shape shape = {.ndim = x->view.ndim};

    for (int i = 0; i < shape.ndim; i++)
        shape.sizes[i] = i == channel_dim(x) ? x->view.sizes[i] : 1;
    return shape;
}

static lks_status check_channels(const char *name, const lks_tensor *x,
                                 const lks_tensor *t, const char *what)
{
    if (t && (t->view.ndim != 1 || t->view.sizes[0] != x->view.sizes[channel_dim(x)]))
        return lks_fail(LKS_SHAPE, "%s: %s %s does not go with input %s", name, what,
                        LKS_TEXT(t), LKS_TEXT(x));
    return LKS_OK;
}

static lks_status check(const char *name, const lks_tensor *x, int least_dims,
                        const lks_norm_params *p)
{
    if (any_failed(p->weight, p->bias) || any_failed(p->running_mean, p->running_var))
        return lks_error_status();
    if (x->view.ndim < least_dims)
        return lks_fail(LKS_SHAPE, "%s: input %s has fewer than %d dimensions", name,
                        LKS_TEXT(x), least_dims);
    if (!p->running_mean != !p->running_var)
        return lks_fail(LKS_INVALID,
                        "%s: running_mean and running_var come both or neither", name);
    LKS_TRY(check_channels(name, x, p->weight, "weight"));
    LKS_TRY(check_channels(name, x, p->bias, "bias"));
    LKS_TRY(check_channels(name, x, p->running_mean, "running_mean"));
    return check_channels(name, x, p->running_var, "running_var");
}

/* running + momentum (seen - running), unrecorded. */
static bool follow(lks_tensor *running, lks_tensor *seen, double momentum)
{
    seen = seen ? lks_reshape(seen, lks_sizes(running)) : NULL;
    return lks_add_(running, lks_mul_scalar(lks_sub(seen, running), momentum)) != NULL;
}

/* What the running statistics have seen: of n values a channel, whose variance is to be
 * without bias. */
static bool update(const lks_norm_params *p, lks_tensor *mean, lks_tensor *var, int64_t n)
{
    const bool was = lks_set_grad_enabled(false);
    const bool done =
        follow(p->running_mean, mean, p->momentum) &&
        follow(p->running_var, lks_mul_scalar(var, (double)n / (double)(n - 1)),
               p->momentum);

    lks_set_grad_enabled(was);
    return done;
}

/* By the statistics that are given. */
static lks_tensor *by_running(lks_tensor *x, const lks_norm_params *p)
{
    lks_tensor *centred = lks_sub(x, lks_reshape(p->running_mean, along(x)));

    return divide(centred, lks_reshape(p->running_var, along(x)), p->eps);
}

static lks_status check_count(const char *name, const lks_tensor *x, int64_t n)
{
    return n > 1 || x->numel == 0
               ? LKS_OK
               : lks_fail(LKS_SHAPE,
                          "%s: input %s has one value for each mean: no "
                          "variance",
                          name, LKS_TEXT(x));
}

static lks_tensor *by_batch(lks_tensor *x, const lks_norm_params *p)
{
    const int64_t n = x->numel == 0 ? 0 : x->numel / x->view.sizes[channel_dim(x)];
    int dims[LKS_MAX_DIMS], n_dims = 0;
    lks_tensor *mean, *var, *y;

    if (check_count("batch_norm", x, n) != LKS_OK)
        return NULL;
    for (int i = 0; i < x->view.ndim; i++)
        if (i != channel_dim(x))
            dims[n_dims++] = i;
    y = normalise(x, dims, n_dims, p->eps, &mean, &var);
    if (n > 1 && p->running_mean && y && !update(p, mean, var, n))
        return NULL;
    return y;
}

lks_tensor *lks_batch_norm(lks_tensor *x, const lks_norm_params *params)
{
    const lks_norm_params *p = params;
    lks_tensor *y;

    if (!x || check("batch_norm", x, 1, p) != LKS_OK)
        return NULL;
    if (!p->training && !p->running_mean) {
        lks_fail(LKS_INVALID, "batch_norm: without training it takes running_mean and "
                              "running_var");
        return NULL;
    }
    if (lks_scope_open() != LKS_OK)
        return NULL;
    y = p->training ? by_batch(x, p) : by_running(x, p);
    y = lks_scope_return(scale(y, p->weight, p->bias, along(x)));
    lks_scope_close();
    return y;
}

static lks_tensor *by_instance(lks_tensor *x, const lks_norm_params *p)
{
    int dims[LKS_MAX_DIMS], n_dims = 0;
    int64_t n = 1;
    lks_tensor *mean, *var, *y;

    for (int i = 2; i < x->view.ndim; i++) {
        n *= x->view.sizes[i];
        dims[n_dims++] = i;
    }
    if (check_count("instance_norm", x, n) != LKS_OK)
        return NULL;
    y = normalise(x, dims, n_dims, p->eps, &mean, &var);
    if (!p->running_mean || !y || x->numel == 0)
        return y;
    mean = lks_mean(mean, (const int[]){0}, 1, false);
    var = lks_mean(var, (const int[]){0}, 1, false);
    return update(p, mean, var, n) ? y : NULL;
}

lks_tensor *lks_instance_norm(lks_tensor *x, const lks_norm_params *params)
{
    const lks_norm_params *p = params;
    lks_tensor *y;

    if (!x || check("instance_norm", x, 3, p) != LKS_OK)
        return NULL;
    if (!p->training && p->running_mean)
        return lks_batch_norm(x, p);
    if (lks_scope_open() != LKS_OK)
        return NULL;
    y = lks_scope_return(scale(by_instance(x, p), p->weight, p->bias, along(x)));
    lks_scope_close();
    return y;
}

/* ---- over a sample's own ---- */

static lks_tensor *by_group(lks_tensor *x, int64_t groups, double eps)
{
    const int64_t n = x->view.sizes[0], rows = n * groups;
    lks_tensor *mean, *var, *y;

    if (x->numel == 0)
        return x;
    y = lks_reshape(x, LKS_SHAPE_OF(n, groups, x->numel / rows));
    y = normalise(y, (const int[]){2}, 1, eps, &mean, &var);
    return lks_reshape(y, lks_sizes(x));
}

lks_tensor *lks_group_norm(lks_tensor *x, int64_t groups, lks_tensor *weight,
                           lks_tensor *bias, double eps)
{
    const lks_norm_params p = {.weight = weight, .bias = bias};
    lks_tensor *y;

    if (!x || check("group_norm", x, 2, &p) != LKS_OK)
        return NULL;
    if (groups < 1 || x->view.sizes[1] % groups != 0) {
        lks_fail(LKS_SHAPE,
                 "group_norm: the channels of %s do not split into %lld "
                 "groups",
                 LKS_TEXT(x), (long long)groups);
        return NULL;
    }
    if (lks_scope_open() != LKS_OK)
        return NULL;
    y = scale(by_group(x, groups, eps), weight, bias, along(x));
    y = lks_scope_return(y == x ? lks_clone(x) : y);
    lks_scope_close();
    return y;
}

/* Whether t, or x's last dimensions, are `shape`. */
static bool ends_in(const lks_tensor *t, const lks_shape *shape)
{
    const int before = t->view.ndim - shape->ndim;

    for (int i = 0; i < shape->ndim && before >= 0; i++)
        if (t->view.sizes[before + i] != shape->sizes[i])
            return false;
    return before >= 0 && shape->ndim > 0;
}

static lks_status check_layer(const lks_tensor *x, const lks_shape *shape,
                              const lks_tensor *weight, const lks_tensor *bias)
{
    const lks_tensor *const of_shape[] = {weight, bias};

    if (any_failed(weight, bias))
        return lks_error_status();
    if (!ends_in(x, shape))
        return lks_fail(LKS_SHAPE,
                        "layer_norm: input %s does not end in the shape that "
                        "is to be normalised",
                        LKS_TEXT(x));
    for (int i = 0; i < 2; i++)
        if (of_shape[i] &&
            (of_shape[i]->view.ndim != shape->ndim || !ends_in(of_shape[i], shape)))
            return lks_fail(LKS_SHAPE, "layer_norm: %s %s does not go with input %s",
                            i == 0 ? "weight" : "bias", LKS_TEXT(of_shape[i]),
                            LKS_TEXT(x));
    return LKS_OK;
}

lks_tensor *lks_layer_norm(lks_tensor *x, lks_shape shape, lks_tensor *weight,
                           lks_tensor *bias, double eps)
{
    int dims[LKS_MAX_DIMS];
    lks_tensor *mean, *var, *y;

    if (!x || check_layer(x, &shape, weight, bias) != LKS_OK ||
        lks_scope_open() != LKS_OK)
        return NULL;
    for (int i = 0; i < shape.ndim; i++)
        dims[i] = x->view.ndim - shape.ndim + i;
    y = normalise(x, dims, shape.ndim, eps, &mean, &var);
    y = lks_scope_return(scale(y, weight, bias, shape));
    lks_scope_close();
    return y;
}

/* ---- over neighbouring channels ---- */

/* The mean of x over `size` channels, of which size / 2 stand before. */
static lks_tensor *channel_means(lks_tensor *x, int64_t size)
{
    const lks_avg_pool2d_params window = {.kernel = {size, 1}, .stride = {1, 1}};
    lks_shape shape;
    int64_t n, channels;

    if (!x)
        return NULL;
    shape = lks_sizes(x);
    n = shape.sizes[0];
    channels = shape.sizes[1];
    x = lks_reshape(x, LKS_SHAPE_OF(n, channels, lks_numel(x) / (n * channels)));
    x = lks_pad(x, (const int64_t[]){0, 0, size / 2, (size - 1) / 2}, 4, LKS_PAD_CONSTANT,
                0);
    return lks_reshape(lks_avg_pool2d(x, &window), shape);
}

lks_tensor *lks_local_response_norm(lks_tensor *x, int64_t size, double alpha,
                                    double beta, double k)
{
    lks_tensor *y;

    if (!x)
        return NULL;
    if (x->view.ndim < 3 || size < 1) {
        lks_fail(x->view.ndim < 3 ? LKS_SHAPE : LKS_INVALID,
                 "local_response_norm: takes (N, C, …) and a size of at least 1, not %s "
                 "and %lld",
                 LKS_TEXT(x), (long long)size);
        return NULL;
    }
    if (x->numel == 0)
        return lks_clone(x);
    if (lks_scope_open() != LKS_OK)
        return NULL;
    y = lks_mul_scalar(channel_means(lks_square(x), size), alpha);
    y = lks_div(x, lks_pow_scalar(lks_add_scalar(y, k), beta));
    y = lks_scope_return(y);
    lks_scope_close();
    return y;
}
