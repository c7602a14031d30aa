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

/* Whether one of them lies in the padding alone, where a maximum has nothing to take; for
 * a padding of at most half the window, and a window that finds a place. */
bool lks_window_misses(int64_t size, int64_t padding, int64_t dilation);

#endif
