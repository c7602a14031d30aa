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

/* A window that begins within the data has a place inside. One that begins before them
 * steps first into [0, dilation), its padding being at most half of it: inside, unless
 * the data are shorter. Then a window fits only if size = dilation - 1 and padding = 1,
 * or if size = 0; and the first one's steps go from -1 to size, over the data. */
bool lks_window_misses(int64_t size, int64_t padding, int64_t dilation)
{
    return padding > 0 && size < dilation;
}
