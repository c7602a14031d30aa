/* Places added to a sequence (T, E): PE[t, 2 i] = sin(t / 10000^(2 i / E)), PE[t, 2 i + 1] =
 * cos of the same; or, learned, a row of the weight for each.
 * source: Vaswani et al. 2017, section 3.5; the module of PyTorch's tutorial on language
 * models, "Language Modeling with nn.Transformer" */
#include <math.h>

#include "base/layer_options.h"
#include "base/option_expand.h"
#include "base/try.h"
#include "nn/layer.h"
#include "ops/ops.h"

typedef struct encoding {
    bool learned;
    int64_t max_len;
    double dropout;
} encoding;

#define RULE(kind, ...) LKS_OPTION_RULE(encoding, kind, __VA_ARGS__)
static const lks_option_rule options[] = {LKS_OPTIONS_positional_encoding(RULE)};

static lks_status infer(lks_layer *layer)
{
    encoding *config = layer->config;
    const lks_shape *in = &layer->in[0].shape;

    if (in->ndim != 2)
        return lks_layer_refuse(layer, "positional_encoding wants a sequence, (length, "
                                       "features)");
    if (config->max_len == 0)
        config->max_len = in->sizes[0];
    if (in->sizes[0] > config->max_len)
        return lks_layer_refuse(layer, "max_len is %lld", (long long)config->max_len);
    if (config->learned)
        LKS_TRY(lks_layer_add_param(layer, "weight",
                                    LKS_SHAPE_OF(config->max_len, in->sizes[1]),
                                    lks_init_normal(0, 1)));
    layer->out[0] = layer->in[0];
    return LKS_OK;
}

/* (T, E), by the device: nobody's history. */
static lks_tensor *sinusoids(int64_t length, int64_t width, lks_device device)
{
    const int64_t pairs = (width + 1) / 2;
    lks_tensor *place = lks_to(lks_arange(length, LKS_I64, device), LKS_F32);
    lks_tensor *i = lks_to(lks_arange(pairs, LKS_I64, device), LKS_F32);
    lks_tensor *rate = lks_exp(lks_mul_scalar(i, -2 * log(10000) / (double)width));
    lks_tensor *angle = lks_mul(lks_unsqueeze(place, 1), rate);
    lks_tensor *both =
        lks_stack((lks_tensor *const[]){lks_sin(angle), lks_cos(angle)}, 2, 2);

    return lks_narrow(lks_reshape(both, LKS_SHAPE_OF(length, 2 * pairs)), 1, 0, width);
}

static lks_status forward(const lks_layer *layer, const lks_layer_run *run,
                          lks_tensor *const *in, lks_tensor **out)
{
    const encoding *config = layer->config;
    const int64_t length = lks_size(in[0], 1);
    lks_tensor *y =
        lks_add(in[0], config->learned ? lks_narrow(run->params[0], 0, 0, length)
                                       : sinusoids(length, lks_size(in[0], 2),
                                                   lks_tensor_device(in[0])));

    return lks_layer_put(out, run->training && config->dropout > 0
                                  ? lks_dropout(y, config->dropout, &run->rng)
                                  : y);
}

const lks_layer_type lks_layer_positional_encoding = {
    .name = "positional_encoding",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .config_size_bytes = sizeof(encoding),
    .takes_varying = true,
    .infer = infer,
    .forward = forward,
};
