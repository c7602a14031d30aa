/* Inside the CUDA device: classes of a convolution's input pixels, by their row and
 * column modulo the stride. Those of a class meet outputs at the same taps: so a tile of
 * pixels of one class works through these taps alone. */
#ifndef LKS_CUDA_CONV_CLASSES_CUH
#define LKS_CUDA_CONV_CLASSES_CUH

#include "cuda/tile.cuh"
#include "geometry.h"

namespace conv
{
/* Classes of pixels along one dimension, and how many pixels they have at most. */
LKS_INLINE int64_t n_classes(const geometry &g, int d)
{
    const int64_t n = d == 0 ? g.h : g.w;

    return n < g.params.stride[d] ? n : g.params.stride[d];
}

LKS_INLINE int64_t n_in_class(const geometry &g, int d, int64_t which)
{
    const int64_t n = d == 0 ? g.h : g.w, stride = g.params.stride[d];

    return n <= which ? 0 : (n - which - 1) / stride + 1;
}

LKS_INLINE int64_t n_columns_of(const geometry &g, int64_t row_class,
                                int64_t column_class)
{
    return g.n * n_in_class(g, 0, row_class) * n_in_class(g, 1, column_class);
}

/* The taps along dimension d at which a class meets outputs, one after the other: pixel
 * number i of the class (along d) meets output i + shift. */
template <class I> struct class_taps {
    I tap, shift;

    /* The first from `first` on; false: there is none. */
    __device__ bool find(const geometry &g, int d, I which, I first)
    {
        const I stride = (I)g.params.stride[d], n = (I)(d == 0 ? g.kh : g.kw);

        for (tap = first; tap < n; tap++) {
            const I padded =
                which + (I)g.params.padding[d] - tap * (I)g.params.dilation[d];

            shift = padded / stride;
            if (shift * stride == padded)
                return true;
        }
        return false;
    }
};

/* What a tile has: channels of a group, and pixels (image, i, j) of a class. */
template <class S> struct class_index {
    int64_t group, c, row_class, column_class, column, n_down, n_across, n_columns;

    __device__ class_index(const geometry &g)
    {
        const tile::index<S> at(g.cg, n_columns_of(g, 0, 0));
        const int64_t across = n_classes(g, 1), down = n_classes(g, 0);

        group = at.other / (down * across);
        c = at.row;
        row_class = at.other / across % down;
        column_class = at.other % across;
        column = at.column;
        n_down = n_in_class(g, 0, row_class);
        n_across = n_in_class(g, 1, column_class);
        n_columns = g.n * n_down * n_across;
    }

    __device__ void pixel(int64_t number, int64_t *image, int64_t *i, int64_t *j) const
    {
        const int64_t line = number / n_across;

        *j = number - line * n_across;
        *image = line / n_down;
        *i = line - *image * n_down;
    }
};
} // namespace conv

#endif
