/* Inside the CUDA device: what the kernels of a convolution share. Each is a product of
 * matrices one of whose operands stands nowhere in memory: its columns are gathered from
 * images while the tiles are made. */
#ifndef LKS_CUDA_CONV_CUH
#define LKS_CUDA_CONV_CUH

#include <type_traits>

#include "cuda/tile.cuh"
#include "geometry.h"

namespace conv
{
/* Where an element of an image stands, or how far from another. What a tap and an output
 * pixel say of it is added; I is an integer that holds it. */
template <class I> struct alignas(4 * sizeof(I)) place {
    I h, w, offset;

    static __host__ __device__ I outside() /* of any image, whatever is added */
    {
        return -((I)1 << (8 * sizeof(I) - 2));
    }
};

/* Tap number k of a group's channels: (c, kh, kw), row-major. */
template <class I> static __device__ place<I> tap_of(const geometry &g, I k)
{
    const I n_kw = (I)g.kw, n_taps = (I)(g.kh * g.kw);
    const I c = k / n_taps, kh = (k - c * n_taps) / n_kw, kw = k - c * n_taps - kh * n_kw;
    place<I> p;

    p.h = kh * (I)g.params.dilation[0];
    p.w = kw * (I)g.params.dilation[1];
    p.offset = c * (I)(g.h * g.w) + p.h * (I)g.w + p.w;
    return p;
}

/* Pixel number i of an output plane: where its first tap stands. */
template <class I> static __device__ place<I> pixel_of(const geometry &g, I i)
{
    const I oh = i / (I)g.ow, ow = i - oh * (I)g.ow;
    place<I> p;

    p.h = oh * (I)g.params.stride[0] - (I)g.params.padding[0];
    p.w = ow * (I)g.params.stride[1] - (I)g.params.padding[1];
    p.offset = p.h * (I)g.w + p.w;
    return p;
}

/* Whether an int32_t holds all places, twice, and all rows. */
static inline bool is_small(const geometry &g)
{
    const double limit = 1 << 29;
    const lks_conv2d_params &p = g.params;
    const double h = (double)g.h + 2.0 * (double)p.padding[0] +
                     (double)g.kh * (double)p.dilation[0] + (double)p.stride[0];
    const double w = (double)g.w + 2.0 * (double)p.padding[1] +
                     (double)g.kw * (double)p.dilation[1] + (double)p.stride[1];

    return (double)(g.cg + 1) * (h + 1) * (w + 1) < limit &&
           (double)g.cg * (double)g.kh * (double)g.kw < limit &&
           (double)g.oh * (double)g.ow < limit && (double)g.n * (double)g.oh < limit;
}

/* Brings slices of gathered columns: a thread has one column, and every STEP-th term. */
template <class S, class I> struct gatherer {
    typedef typename S::T T;
    static constexpr int STEP = S::THREADS / S::COLUMNS, N = S::DEPTH / STEP;

    const T *x;
    place<I> own;
    int64_t origin; /* the element that offset 0 of the column means */
    I height, width;
    T held[N];

    static __device__ int column()
    {
        return (int)threadIdx.x % S::COLUMNS;
    }

    __device__ gatherer(const geometry &g, const T *x_)
        : x(x_), origin(0), height((I)g.h), width((I)g.w)
    {
        own.h = own.w = place<I>::outside();
        own.offset = 0;
    }

    /* `others`: the slice's terms; those outside of the image are padding. */
    __device__ void load(const place<I> *others, int64_t image)
    {
        typedef typename std::make_unsigned<I>::type U;

#pragma unroll
        for (int i = 0; i < N; i++) {
            const place<I> other = others[(int)threadIdx.x / S::COLUMNS + i * STEP];
            const bool is_inside =
                (U)(own.h + other.h) < (U)height && (U)(own.w + other.w) < (U)width;

            held[i] = is_inside ? x[origin + image + other.offset] : 0;
        }
    }

    __device__ void store(T (*to)[S::COLUMNS + S::PACK]) const
    {
#pragma unroll
        for (int i = 0; i < N; i++)
            to[(int)threadIdx.x / S::COLUMNS + i * STEP][column()] = held[i];
    }
};

/* Tiles: some for few output channels, one for places that need 64 bits. */
template <class T> struct shapes;
template <> struct shapes<float> {
    typedef tile::shape<float, 128, 128, 8, 8, 8, true> large;
    typedef tile::shape<float, 64, 64, 4, 4, 16> middle;
    typedef tile::shape<float, 16, 128, 2, 4, 16> flat;
    typedef tile::shape<float, 32, 32, 2, 2, 32> small;
};
template <> struct shapes<double> {
    typedef tile::shape<double, 64, 64, 4, 4, 8> large;
    typedef tile::shape<double, 64, 64, 4, 4, 8> middle;
    typedef tile::shape<double, 16, 64, 2, 2, 16> flat;
    typedef tile::shape<double, 32, 32, 2, 2, 16> small;
};
} // namespace conv

#endif
