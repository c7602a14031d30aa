#include "nn/channels.h"

lks_status lks_channels_check(const lks_layer *layer, int64_t out_channels,
                              int64_t groups)
{
    const int64_t in_channels = layer->in[0].shape.sizes[0];

    if (in_channels % groups != 0)
        return lks_layer_refuse(layer, "%lld channel%s not split into groups of %lld",
                                (long long)in_channels,
                                in_channels == 1 ? " does" : "s do", (long long)groups);
    if (out_channels % groups != 0)
        return lks_layer_refuse_options(
            layer, "out_channels is %lld; it must be a multiple of groups, %lld",
            (long long)out_channels, (long long)groups);
    return LKS_OK;
}
