/* nn.InstanceNorm1d and nn.InstanceNorm2d: a mean and a variance for each channel of each
 * sample. With track_running_stats evaluation takes running ones instead, which follow
 * the mean over all lanes' samples of theirs:
 *
 *     observed   0: sum of the samples' means             (C)
 *                1: sum of their variances without bias   (C)
 *                2: samples                               () */
#include <math.h>

#include "base/layer_options.h"
#include "base/option_expand.h"
#include "base/try.h"
#include "nn/layer.h"
#include "nn/window.h"
#include "ops/ops.h"
#include "tensor/scope.h"

typedef struct instance_norm {
    double eps, momentum; /* NaN: 0 */
    bool affine, track_running_stats;
} instance_norm;

enum { RUNNING_MEAN, RUNNING_VAR };
enum { MEANS, VARS, COUNT };

#define RULE(kind, ...) LKS_OPTION_RULE(instance_norm, kind, __VA_ARGS__)
static const lks_option_rule options[] = {LKS_OPTIONS_instance_norm1d(RULE)};

static lks_status infer(lks_layer *layer)
{
    const instance_norm *config = layer->config;
    const lks_shape *in = &layer->in[0].shape;
    lks_shape channels;
    int64_t n = 1;

    LKS_TRY(lks_window_check_input(layer));
    channels = LKS_SHAPE_OF(in->sizes[0]);
    for (int i = 1; i < in->ndim; i++)
        n *= in->sizes[i];
    if (n == 1)
        return lks_layer_refuse(layer, "one value a channel has no variance");
    if (config->affine) {
        LKS_TRY(lks_layer_add_param(layer, "weight", channels, lks_init_constant(1)));
        LKS_TRY(lks_layer_add_param(layer, "bias", channels, lks_init_constant(0)));
    }
    if (config->track_running_stats) {
        LKS_TRY(lks_layer_add_buffer(layer, "running_mean", channels, LKS_F32, 0));
        LKS_TRY(lks_layer_add_buffer(layer, "running_var", channels, LKS_F32, 1));
        /* PyTorch's has it, and leaves it at 0 */
        LKS_TRY(
            lks_layer_add_buffer(layer, "num_batches_tracked", LKS_SCALAR, LKS_I64, 0));
        LKS_TRY(lks_layer_add_observed(layer, channels));
        LKS_TRY(lks_layer_add_observed(layer, channels));
        LKS_TRY(lks_layer_add_observed(layer, LKS_SCALAR));
    }
    return lks_layer_same_shape(layer);
}

/* Unrecorded. */
static lks_status observe(const lks_layer_run *run, lks_tensor *x)
{
    static const int inner[] = {2, 3}, samples[] = {0};
    const int n_inner = lks_ndim(x) - 2;
    lks_tensor *means = lks_mean(x, inner, n_inner, false);
    lks_tensor *vars = lks_var(x, inner, n_inner, 1, false);

    LKS_TRY(lks_layer_observe(run, MEANS, lks_sum(means, samples, 1, false)));
    LKS_TRY(lks_layer_observe(run, VARS, lks_sum(vars, samples, 1, false)));
    return lks_layer_observe(
        run, COUNT,
        lks_full(LKS_SCALAR, (double)lks_size(x, 0), LKS_F32, lks_tensor_device(x)));
}

static lks_status forward(const lks_layer *layer, const lks_layer_run *run,
                          lks_tensor *const *in, lks_tensor **out)
{
    const instance_norm *config = layer->config;
    lks_norm_params p = {.training = true, .eps = config->eps};

    if (config->affine) {
        p.weight = run->params[0];
        p.bias = run->params[1];
    }
    if (config->track_running_stats && run->training) {
        const bool was = lks_set_grad_enabled(false);
        const lks_status st = observe(run, in[0]);

        lks_set_grad_enabled(was);
        LKS_TRY(st);
    } else if (config->track_running_stats) {
        p.training = false;
        p.running_mean = run->buffers[RUNNING_MEAN];
        p.running_var = run->buffers[RUNNING_VAR];
    }
    return lks_layer_put(out, lks_instance_norm(in[0], &p));
}

/* running + momentum (mean of what was observed - running) */
static lks_status follow(const lks_layer_run *run, int what, double momentum)
{
    lks_tensor *running = run->buffers[what];
    lks_tensor *mean = lks_div(run->observed[what], run->observed[COUNT]);

    return lks_add_(running, lks_mul_scalar(lks_sub(mean, running), momentum))
               ? LKS_OK
               : lks_error_status();
}

static lks_status update(const lks_layer *layer, const lks_layer_run *run)
{
    const instance_norm *config = layer->config;

    if (isnan(config->momentum))
        return LKS_OK;
    LKS_TRY(follow(run, RUNNING_MEAN, config->momentum));
    return follow(run, RUNNING_VAR, config->momentum);
}

#define TYPE(name_, n)                                                                   \
    const lks_layer_type lks_layer_##name_ = {                                           \
        .name = #name_,                                                                  \
        .options = options,                                                              \
        .n_options = sizeof options / sizeof *options,                                   \
        .config_size_bytes = sizeof(instance_norm),                                      \
        .n_dims = n,                                                                     \
        .infer = infer,                                                                  \
        .forward = forward,                                                              \
        .update = update,                                                                \
    }

TYPE(instance_norm1d, 1);
TYPE(instance_norm2d, 2);
