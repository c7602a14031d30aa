/* nn.PixelShuffle: (C r r, H, W) to (C, H r, W r). */
#include "base/layer_options.h"
#include "base/option_expand.h"
#include "base/try.h"
#include "nn/layer.h"
#include "ops/ops.h"

typedef struct pixel_shuffle {
    int64_t factor;
} pixel_shuffle;

#define RULE(kind, ...) LKS_OPTION_RULE(pixel_shuffle, kind, __VA_ARGS__)
static const lks_option_rule options[] = {LKS_OPTIONS_pixel_shuffle(RULE)};

static lks_status infer(lks_layer *layer)
{
    const pixel_shuffle *config = layer->config;
    const int64_t r = config->factor;
    const lks_shape *in = &layer->in[0].shape;

    if (in->ndim != 3 || in->sizes[0] % (r * r) != 0)
        return lks_layer_refuse(
            layer,
            "pixel_shuffle wants (channels, height, width) of channels that %lld, "
            "the square of upscale_factor, divides",
            (long long)(r * r));
    layer->out[0].shape =
        LKS_SHAPE_OF(in->sizes[0] / (r * r), in->sizes[1] * r, in->sizes[2] * r);
    return LKS_OK;
}

static lks_status forward(const lks_layer *layer, const lks_layer_run *run,
                          lks_tensor *const *in, lks_tensor **out)
{
    const pixel_shuffle *config = layer->config;

    (void)run;
    return lks_layer_put(out, lks_pixel_shuffle(in[0], config->factor));
}

const lks_layer_type lks_layer_pixel_shuffle = {
    .name = "pixel_shuffle",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .config_size_bytes = sizeof(pixel_shuffle),
    .infer = infer,
    .forward = forward,
};
