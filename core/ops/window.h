/* Where a window that slides along one dimension finds places: for core/ops and core/nn.
 */
#ifndef LKS_OPS_WINDOW_H
#define LKS_OPS_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

/* How many places a window of `kernel` finds along `size`:
 *     (size + 2 padding - dilation (kernel - 1) - 1) / stride + 1
 * -1 if there is none: it is larger than all there is, or of nothing, or an int64_t
 * cannot hold its span or the padded size. */
int64_t lks_window_count(int64_t size, int64_t kernel, int64_t stride, int64_t padding,
                         int64_t dilation);

/* The same rounded up, PyTorch's ceil_mode: a last window may go beyond all there is, but
 * begins in the data or the padding before them. */
int64_t lks_window_count_up(int64_t size, int64_t kernel, int64_t stride, int64_t padding,
                            int64_t dilation);

/* What a transposed convolution makes of `size`:
 *     (size - 1) stride - 2 padding + dilation (kernel - 1) + output_padding + 1
 * -1 if that is nothing, or an int64_t cannot hold it. */
int64_t lks_conv_transpose_size(int64_t size, int64_t kernel, int64_t stride,
                                int64_t padding, int64_t dilation,
                                int64_t output_padding);

/* Whether one of n windows lies in the padding alone, where a maximum has nothing to
 * take; for a padding of at most half the window. */
bool lks_window_misses(int64_t size, int64_t n, int64_t stride, int64_t padding,
                       int64_t dilation);

#endif
