#include "nn/window.h"

#include "ops/window.h"

lks_status lks_window_infer(const lks_layer *layer, const int64_t kernel[2],
                            const int64_t stride[2], const int64_t padding[2],
                            const int64_t dilation[2], int64_t out[2])
{
    const lks_shape *in = &layer->in[0].shape;

    if (in->ndim != 3)
        return lks_layer_refuse(layer, "%s wants (channels, height, width)",
                                layer->type->name);
    for (int i = 0; i < 2; i++)
        out[i] = lks_window_count(in->sizes[1 + i], kernel[i], stride[i], padding[i],
                                  dilation[i]);
    if (out[0] < 0 || out[1] < 0)
        return lks_layer_refuse(layer,
                                "its kernel spans %lld x %lld; with padding %lld x %lld "
                                "there is no room for it",
                                (long long)(dilation[0] * (kernel[0] - 1) + 1),
                                (long long)(dilation[1] * (kernel[1] - 1) + 1),
                                (long long)padding[0], (long long)padding[1]);
    return LKS_OK;
}
