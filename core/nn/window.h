/* What convolution and pooling share: a window that slides over height and width. */
#ifndef LKS_NN_WINDOW_H
#define LKS_NN_WINDOW_H

#include "nn/layer.h"

/* The places (lks_window_count) of a window over the last two sizes of layer->in
 * (C, H, W). LKS_SHAPE if the input is no (C, H, W) or the window does not fit once. */
lks_status lks_window_infer(const lks_layer *layer, const int64_t kernel[2],
                            const int64_t stride[2], const int64_t padding[2],
                            const int64_t dilation[2], int64_t out[2]);

#endif
