#include "nn/window.h"

lks_status lks_window_infer(const lks_layer *layer, const int64_t kernel[2],
                            const int64_t stride[2], const int64_t padding[2],
                            const int64_t dilation[2], int64_t out[2])
{
    int64_t span[2], room[2];

    if (layer->in.ndim != 3)
        return lks_layer_refuse(layer, "%s wants (channels, height, width)",
                                layer->type->name);
    for (int i = 0; i < 2; i++) {
        span[i] = dilation[i] * (kernel[i] - 1) + 1;
        room[i] = layer->in.sizes[1 + i] + 2 * padding[i];
        out[i] = (room[i] - span[i]) / stride[i] + 1;
    }
    if (room[0] < span[0] || room[1] < span[1])
        return lks_layer_refuse(
            layer, "its kernel spans %lld x %lld, the padded input is only %lld x %lld",
            (long long)span[0], (long long)span[1], (long long)room[0],
            (long long)room[1]);
    return LKS_OK;
}
