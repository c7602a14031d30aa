#include "nn/window.h"

#include "base/try.h"
#include "ops/ops.h"
#include "ops/window.h"

lks_status lks_window_check_input(const lks_layer *layer)
{
    const int n = layer->type->n_dims;

    if (layer->in[0].shape.ndim == n + 1)
        return LKS_OK;
    return lks_layer_refuse(layer, "%s wants (channels, %s)", layer->type->name,
                            n == 1 ? "length" : "height, width");
}

static lks_status refuse(const lks_layer *layer, const int64_t *span,
                         const int64_t *padding)
{
    if (layer->type->n_dims == 1)
        return lks_layer_refuse(layer,
                                "its kernel spans %lld; with padding %lld there is no "
                                "room for it",
                                (long long)span[0], (long long)padding[0]);
    return lks_layer_refuse(layer,
                            "its kernel spans %lld x %lld; with padding %lld x %lld "
                            "there is no room for it",
                            (long long)span[0], (long long)span[1], (long long)padding[0],
                            (long long)padding[1]);
}

lks_status lks_window_infer(const lks_layer *layer, const lks_window *window,
                            int64_t *out)
{
    const lks_window *w = window;
    int64_t span[2], padding[2];
    bool fits = true;

    LKS_TRY(lks_window_check_input(layer));
    for (int i = 0; i < layer->type->n_dims; i++) {
        const int64_t dilation = w->dilation ? w->dilation[i] : 1;

        padding[i] = w->padding ? w->padding[i] : 0;
        span[i] = dilation * (w->kernel[i] - 1) + 1;
        out[i] = (w->ceil_mode ? lks_window_count_up : lks_window_count)(
            layer->in[0].shape.sizes[1 + i], w->kernel[i], w->stride[i], padding[i],
            dilation);
        fits &= out[i] >= 0;
    }
    return fits ? LKS_OK : refuse(layer, span, padding);
}

/* PyTorch's limit: more makes windows of padding only, whatever the input */
lks_status lks_window_check_padding(const lks_layer *layer, int64_t kernel,
                                    int64_t padding)
{
    if (padding <= kernel / 2)
        return LKS_OK;
    return lks_layer_refuse_options(
        layer, "padding is %lld; it must be at most half of kernel_size, %lld",
        (long long)padding, (long long)(kernel / 2));
}

void lks_window_put_shape(lks_layer *layer, const int64_t *place)
{
    layer->out[0].shape = layer->in[0].shape;
    for (int i = 0; i < layer->type->n_dims; i++)
        layer->out[0].shape.sizes[1 + i] = place[i];
}

void lks_window_one_row(const lks_layer *layer, int64_t size[2], int64_t one)
{
    if (layer->type->n_dims == 2)
        return;
    size[1] = size[0];
    size[0] = one;
}

lks_tensor *lks_window_row(const lks_layer *layer, lks_tensor *line)
{
    return layer->type->n_dims == 1 ? lks_unsqueeze(line, -2) : line;
}

lks_tensor *lks_window_line(const lks_layer *layer, lks_tensor *row)
{
    return layer->type->n_dims == 1 ? lks_squeeze(row, -2) : row;
}
