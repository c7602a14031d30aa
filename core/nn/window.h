/* What convolution and pooling share: a window that slides over the type's n_dims last
 * dimensions, those of images, (C, H, W), or of a line, (C, L). An option of a size stands
 * as two numbers, height and width; a line's is the first until lks_window_one_row. */
#ifndef LKS_NN_WINDOW_H
#define LKS_NN_WINDOW_H

#include "nn/layer.h"

/* NULL padding: 0, NULL dilation: 1. */
typedef struct lks_window {
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

/* LKS_SHAPE if the input is not (channels, …) of so many dimensions behind it. */
lks_status lks_window_check_input(const lks_layer *layer);

/* layer->in's shape with `place` for its last sizes to layer->out. */
void lks_window_put_shape(lks_layer *layer, const int64_t *place);

/* A line is an image one row high: of a type of lines, what stands first in `size` is the
 * width, and the height `one`. At the end of infer, since forward knows images only. */
void lks_window_one_row(const lks_layer *layer, int64_t size[2], int64_t one);

/* A line, or the weight that slides over it, as one row; and that row's line. Images are
 * themselves. */
lks_tensor *lks_window_row(const lks_layer *layer, lks_tensor *line);
lks_tensor *lks_window_line(const lks_layer *layer, lks_tensor *row);

#endif
