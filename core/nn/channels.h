/* Channels in groups: what convolutions ask of theirs. */
#ifndef LKS_NN_CHANNELS_H
#define LKS_NN_CHANNELS_H

#include "nn/layer.h"

/* LKS_SHAPE: layer->in's first size, or out_channels, does not split into `groups`. */
lks_status lks_channels_check(const lks_layer *layer, int64_t out_channels,
                              int64_t groups);

#endif
