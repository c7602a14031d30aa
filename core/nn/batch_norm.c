/* nn.BatchNorm1d and nn.BatchNorm2d: y = (x - mean) / sqrt(var + eps) * weight + bias,
 * one mean and variance a channel.
 *
 * In training they are those of the batch at hand: a lane's. What a lane has seen goes to
 * its observed sums, and once a step the running statistics follow what all lanes have
 * seen together, so that neither depends on the number of ranks. The sums are taken about
 * the running mean, which is close by: squares of the values themselves would leave
 * little of a small variance in 24 bits.
 *
 *     observed   0: sum of x - running_mean    (C)
 *                1: sum of its square          (C)
 *                2: values a channel           ()
 *
 * source: Ioffe & Szegedy, "Batch normalization", ICML 2015; torch.nn.BatchNorm2d */
#include <math.h>

#include "base/layer_options.h"
#include "base/option_expand.h"
#include "base/try.h"
#include "nn/layer.h"
#include "ops/ops.h"
#include "tensor/scope.h"

typedef struct batch_norm {
    double eps, momentum; /* NaN: the running statistics are means over all steps */
    bool affine, track_running_stats;
} batch_norm;

enum { WEIGHT, BIAS };
enum { RUNNING_MEAN, RUNNING_VAR, NUM_BATCHES_TRACKED };
enum { SUM, SUM_SQUARES, COUNT };

#define RULE(kind, ...) LKS_OPTION_RULE(batch_norm, kind, __VA_ARGS__)
static const lks_option_rule options[] = {LKS_OPTIONS_batch_norm1d(RULE)};

/* ---- plan ---- */

static lks_status infer(lks_layer *layer)
{
    const batch_norm *config = layer->config;
    const lks_shape channels = LKS_SHAPE_OF(layer->in[0].shape.sizes[0]);

    if (config->affine) {
        LKS_TRY(lks_layer_add_param(layer, "weight", channels, lks_init_constant(1)));
        LKS_TRY(lks_layer_add_param(layer, "bias", channels, lks_init_constant(0)));
    }
    if (config->track_running_stats) {
        LKS_TRY(lks_layer_add_buffer(layer, "running_mean", channels, LKS_F32, 0));
        LKS_TRY(lks_layer_add_buffer(layer, "running_var", channels, LKS_F32, 1));
        LKS_TRY(
            lks_layer_add_buffer(layer, "num_batches_tracked", LKS_SCALAR, LKS_I64, 0));
        LKS_TRY(lks_layer_add_observed(layer, channels));
        LKS_TRY(lks_layer_add_observed(layer, channels));
        LKS_TRY(lks_layer_add_observed(layer, LKS_SCALAR));
    }
    return lks_layer_same_shape(layer);
}

static lks_status infer_1d(lks_layer *layer)
{
    const int ndim = layer->in[0].shape.ndim;

    if (ndim != 1 && ndim != 2)
        return lks_layer_refuse(layer,
                                "batch_norm1d wants (channels) or (channels, length)");
    return infer(layer);
}

static lks_status infer_2d(lks_layer *layer)
{
    if (layer->in[0].shape.ndim != 3)
        return lks_layer_refuse(layer, "batch_norm2d wants (channels, height, width)");
    return infer(layer);
}

/* ---- forward ---- */

/* (C) as (1, C, 1, …), which broadcasts to x. */
static lks_tensor *along(lks_tensor *channels, const lks_tensor *x)
{
    lks_shape shape = {.ndim = lks_ndim(x)};

    for (int i = 0; i < shape.ndim; i++)
        shape.sizes[i] = i == 1 ? lks_size(x, 1) : 1;
    return lks_reshape(channels, shape);
}

/* Over all dimensions but the channels', which stay. */
static lks_tensor *mean_of(lks_tensor *x)
{
    int dims[LKS_MAX_DIMS], n = 0;

    for (int i = 0; x && i < lks_ndim(x); i++)
        if (i != 1)
            dims[n++] = i;
    return lks_mean(x, dims, n, true);
}

static lks_tensor *as_channels(lks_tensor *statistic)
{
    return statistic ? lks_reshape(statistic, LKS_SHAPE_OF(lks_numel(statistic))) : NULL;
}

/* mean (1, C, …) and var (1, C, …) of n values a channel. */
static lks_status observe(const lks_layer_run *run, lks_tensor *mean, lks_tensor *var,
                          int64_t n)
{
    const bool was = lks_set_grad_enabled(false);
    lks_tensor *shift = lks_sub(as_channels(mean), run->buffers[RUNNING_MEAN]);
    lks_tensor *squares = lks_add(as_channels(var), lks_square(shift));
    lks_status st;

    LKS_GO(lks_layer_observe(run, SUM, lks_mul_scalar(shift, (double)n)));
    LKS_GO(lks_layer_observe(run, SUM_SQUARES, lks_mul_scalar(squares, (double)n)));
    LKS_GO(lks_layer_observe(run, COUNT,
                             lks_full(LKS_SCALAR, (double)n, LKS_F32,
                                      lks_tensor_device(run->observed[COUNT]))));
cleanup:
    lks_set_grad_enabled(was);
    return st;
}

static lks_tensor *normalise(const lks_layer *layer, const lks_layer_run *run,
                             lks_tensor *x, lks_tensor *centred, lks_tensor *var)
{
    const batch_norm *config = layer->config;
    lks_tensor *y = lks_div(centred, lks_sqrt(lks_add_scalar(var, config->eps)));

    if (!config->affine)
        return y;
    return lks_add(lks_mul(y, along(run->params[WEIGHT], x)),
                   along(run->params[BIAS], x));
}

/* source: torch.nn.functional.batch_norm: one value has no variance */
static lks_status check_count(const lks_layer *layer, int64_t n)
{
    char owner[128];

    if (n > 1)
        return LKS_OK;
    return lks_fail(LKS_SHAPE,
                    "%s: %lld value%s a channel %s no variance; in training each lane "
                    "needs more: a larger batch, fewer lanes, or drop_last "
                    "where an epoch's last batch is short",
                    lks_layer_text(layer, owner, sizeof owner), (long long)n,
                    n == 1 ? "" : "s", n == 1 ? "has" : "have");
}

static lks_status check_samples(const lks_layer *layer, int64_t n_samples)
{
    const lks_shape *in = &layer->in[0].shape;
    int64_t n = n_samples;

    for (int i = 1; i < in->ndim && n == 1; i++)
        n = in->sizes[i];
    return check_count(layer, n);
}

static lks_status forward(const lks_layer *layer, const lks_layer_run *run,
                          lks_tensor *const *in, lks_tensor **out)
{
    const batch_norm *config = layer->config;
    lks_tensor *x = in[0], *mean, *centred, *var;
    const int64_t n = lks_numel(x) / lks_size(x, 1);

    if (!run->training && config->track_running_stats) {
        centred = lks_sub(x, along(run->buffers[RUNNING_MEAN], x));
        var = along(run->buffers[RUNNING_VAR], x);
        return lks_layer_put(out, normalise(layer, run, x, centred, var));
    }
    if (run->training)
        LKS_TRY(check_count(layer, n));
    mean = mean_of(x);
    centred = lks_sub(x, mean);
    var = mean_of(lks_square(centred));
    if (run->training && config->track_running_stats)
        LKS_TRY(observe(run, mean, var, n));
    return lks_layer_put(out, normalise(layer, run, x, centred, var));
}

/* ---- once a step ---- */

/* running + momentum * (of the batch - running); without momentum, one part in as many as
 * there were steps. */
static lks_status follow(const lks_layer_run *run, int what, lks_tensor *difference,
                         double momentum)
{
    lks_tensor *n_steps = run->buffers[NUM_BATCHES_TRACKED];
    lks_tensor *part = isnan(momentum) ? lks_div(difference, lks_to(n_steps, LKS_F32))
                                       : lks_mul_scalar(difference, momentum);

    return lks_add_(run->buffers[what], part) ? LKS_OK : lks_error_status();
}

/* With N values about the running mean: shift = S / N, var = (Q - N shift²) / (N - 1). */
static lks_status update(const lks_layer *layer, const lks_layer_run *run)
{
    const batch_norm *config = layer->config;
    lks_tensor *n = run->observed[COUNT];
    lks_tensor *shift = lks_div(run->observed[SUM], n);
    lks_tensor *squares =
        lks_sub(run->observed[SUM_SQUARES], lks_mul(lks_square(shift), n));
    lks_tensor *var = lks_div(lks_relu(squares), lks_add_scalar(n, -1));
    lks_tensor *one = lks_ones(LKS_SCALAR, LKS_I64, lks_tensor_device(n));

    if (!lks_add_(run->buffers[NUM_BATCHES_TRACKED], one))
        return lks_error_status();
    LKS_TRY(follow(run, RUNNING_MEAN, shift, config->momentum));
    return follow(run, RUNNING_VAR, lks_sub(var, run->buffers[RUNNING_VAR]),
                  config->momentum);
}

const lks_layer_type lks_layer_batch_norm1d = {
    .name = "batch_norm1d",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .config_size_bytes = sizeof(batch_norm),
    .infer = infer_1d,
    .forward = forward,
    .update = update,
    .check_samples = check_samples,
};

const lks_layer_type lks_layer_batch_norm2d = {
    .name = "batch_norm2d",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .config_size_bytes = sizeof(batch_norm),
    .infer = infer_2d,
    .forward = forward,
    .update = update,
    .check_samples = check_samples,
};
