/* What convolution and pooling share: a window that slides over the last dimensions. */
#ifndef LKS_NN_WINDOW_H
#define LKS_NN_WINDOW_H

#include "nn/layer.h"

/* A window over n dimensions, 1 or 2; NULL padding: 0, NULL dilation: 1. */
typedef struct lks_window {
    int n;
    const int64_t *kernel, *stride, *padding, *dilation;
    bool ceil_mode;
} lks_window;

/* The places (lks_window_count) of a window over the last sizes of layer->in: (C, H, W)
 * or (C, L). LKS_SHAPE if the input is no such, or the window does not fit once. */
lks_status lks_window_infer(const lks_layer *layer, const lks_window *window,
                            int64_t *out);

/* LKS_INVALID if a pooling's padding is more than half of its window. */
lks_status lks_window_check_padding(const lks_layer *layer, int64_t kernel,
                                    int64_t padding);

/* LKS_SHAPE if the input is not (channels, …) of n dimensions behind it. */
lks_status lks_window_check_input(const lks_layer *layer, int n);

#endif
