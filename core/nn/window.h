/* What convolution and pooling share: a window that slides over height and width. */
#ifndef LKS_NN_WINDOW_H
#define LKS_NN_WINDOW_H

#include "nn/layer.h"

/* Option rules of a pair of sizes, [0] height and [1] width. */
#define LKS_WINDOW_OPTION(type, field, name, least, ...)                                 \
    {                                                                                    \
        .key = name, .kind = LKS_OPTION_INTEGER, .n_values = 2,                          \
        .offset = offsetof(type, field), .min = least, .max = LKS_OPTION_MAX_SIZE,       \
        __VA_ARGS__                                                                      \
    }

/* The places (lks_window_count) of a window over the last two sizes of layer->in
 * (C, H, W). LKS_SHAPE if the input is no (C, H, W) or the window does not fit once. */
lks_status lks_window_infer(const lks_layer *layer, const int64_t kernel[2],
                            const int64_t stride[2], const int64_t padding[2],
                            const int64_t dilation[2], int64_t out[2]);

#endif
