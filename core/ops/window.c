#include "ops/window.h"

int64_t lks_window_count(int64_t size, int64_t kernel, int64_t stride, int64_t padding,
                         int64_t dilation)
{
    int64_t span, room;

    if (kernel < 1 || __builtin_mul_overflow(dilation, kernel - 1, &span) ||
        __builtin_mul_overflow(2, padding, &room) ||
        __builtin_add_overflow(room, size, &room) || room <= span)
        return -1;
    return (room - span - 1) / stride + 1;
}

int64_t lks_conv_transpose_size(int64_t size, int64_t kernel, int64_t stride,
                                int64_t padding, int64_t dilation, int64_t output_padding)
{
    int64_t steps, span, cut, n;

    if (size < 1 || kernel < 1 || __builtin_mul_overflow(size - 1, stride, &steps) ||
        __builtin_mul_overflow(kernel - 1, dilation, &span) ||
        __builtin_mul_overflow(2, padding, &cut) ||
        __builtin_add_overflow(steps, span, &n) ||
        __builtin_add_overflow(n, output_padding, &n) || n >= INT64_MAX - cut)
        return -1;
    n += 1 - cut;
    return n < 1 ? -1 : n;
}

int64_t lks_window_count_up(int64_t size, int64_t kernel, int64_t stride, int64_t padding,
                            int64_t dilation)
{
    int64_t span, room, steps, last;

    if (kernel < 1 || __builtin_mul_overflow(dilation, kernel - 1, &span) ||
        __builtin_mul_overflow(2, padding, &room) ||
        __builtin_add_overflow(room, size, &room) || size + padding < 1)
        return -1;
    room -= span; /* and 1 more */
    steps = (room - 1) / stride + (room > 1 && (room - 1) % stride != 0);
    last = (size + padding - 1) / stride;
    steps = steps < last ? steps : last;
    return steps < 0 ? -1 : steps + 1;
}

/* Its first place at or after 0 is below `dilation`; its padding being at most half of
 * it, it has one. */
bool lks_window_misses(int64_t size, int64_t n, int64_t stride, int64_t padding,
                       int64_t dilation)
{
    if (size >= dilation)
        return false;
    for (int64_t i = 0; i < n && i * stride < padding; i++)
        if ((dilation - (padding - i * stride) % dilation) % dilation >= size)
            return true;
    return false;
}
