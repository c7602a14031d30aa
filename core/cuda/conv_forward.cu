/* Convolution: a product of the weight [o, (c, kh, kw)] with columns of taps, one for
 * each output pixel of each image. The page core/reference/conv_of.h has the order: a
 * single chain, padding included. */
#include "cuda/conv.cuh"

namespace
{
template <class T> struct call {
    geometry g;
    const T *x, *w, *bias;
    T *y;
};

template <class S, class I> struct forward_tile {
    typedef typename S::T T;
    typedef conv::place<I> place;

    const call<T> &all;
    tile::slices<S> &shared;
    place (*taps)[S::DEPTH]; /* of the slice under way, and of the one after it */
    int64_t first_o, first_column;
    tile::reader<S, S::ROWS> a;
    conv::gatherer<S, I> b;
    I n_all, n_done;
    int n; /* terms in the slice */
    bool ends;

    __device__ forward_tile(const call<T> &all_, tile::slices<S> &shared_,
                            place (*taps_)[S::DEPTH], const tile::index<S> &at)
        : all(all_), shared(shared_), taps(taps_), first_o(at.other * all_.g.og + at.row),
          first_column(at.column),
          a({all_.w + at.other * all_.g.og * all_.g.cg * all_.g.kh * all_.g.kw, all_.g.og,
             all_.g.cg * all_.g.kh * all_.g.kw, 1},
            at.row),
          b(all_.g, all_.x), n_all((I)(all_.g.cg * all_.g.kh * all_.g.kw)), n_done(0),
          n(0), ends(false)
    {
        const geometry &g = all.g;
        const int64_t column = first_column + b.column(), plane = g.oh * g.ow;

        if (column < g.n * plane) {
            const int64_t image = column / plane;

            b.own = conv::pixel_of<I>(g, (I)(column - image * plane));
            b.origin = (image * g.c + at.other * g.cg) * g.h * g.w + b.own.offset;
        }
        prepare(0);
    }

    __device__ void prepare(int half)
    {
        const int t = (int)threadIdx.x;

        if (t < S::DEPTH) {
            place tap = {place::outside(), place::outside(), 0};

            if (n_done + t < n_all)
                tap = conv::tap_of<I>(all.g, n_done + t);
            taps[half][t] = tap;
        }
    }

    __device__ bool next()
    {
        const I n_left = n_all - n_done;

        if (ends)
            return false;
        n = (int)(n_left < S::DEPTH ? n_left : S::DEPTH);
        n_done += n;
        ends = n_done == n_all;
        return true;
    }

    __device__ void load(int half)
    {
        a.load(n);
        b.load(taps[half], 0);
    }

    __device__ void store(int half)
    {
        a.store(shared.a[half]);
        b.store(shared.b[half]);
        prepare(half ^ 1);
    }

    __device__ void multiply(tile::chains<S> &chains, int half, int n_terms)
    {
        chains.template add<false>(shared.a[half], shared.b[half], n_terms, {});
    }

    __device__ void start(tile::chains<S> &chains) const
    {
#pragma unroll
        for (int i = 0; i < S::N_ROWS; i++) {
            const int row = chains.row(i);
            const T first = all.bias && row < a.n_lines ? all.bias[first_o + row] : 0;

#pragma unroll
            for (int j = 0; j < S::N_COLUMNS; j++)
                chains.at[i][j] = first;
        }
    }

    __device__ void finish(tile::chains<S> &, bool)
    {
    }

    __device__ void write(const tile::chains<S> &chains)
    {
#pragma unroll
        for (int j = 0; j < S::N_COLUMNS; j += chains.COLUMN_PACK)
            write_columns(chains, j);
    }

    /* Neighbouring pixels, which may lie in different images. */
    __device__ void write_columns(const tile::chains<S> &chains, int j)
    {
        constexpr int PACK = tile::chains<S>::COLUMN_PACK;
        const geometry &g = all.g;
        const int64_t plane = g.oh * g.ow, column = first_column + chains.column(j);
        int64_t n_left = g.n * plane - column, image, pixel;

        if (n_left <= 0)
            return;
        image = column / plane;
        pixel = column - image * plane;
#pragma unroll
        for (int i = 0; i < S::N_ROWS; i++) {
            const int64_t o = first_o + chains.row(i);
            T *to = all.y + (image * g.o + o) * plane + pixel, sums[PACK];

            if (chains.row(i) >= a.n_lines)
                continue;
#pragma unroll
            for (int e = 0; e < PACK; e++)
                sums[e] = chains.at[i][j + e];
            if (n_left >= PACK && tile::is_pack<PACK>(to, 1, plane - pixel)) {
                tile::write_pack(to, sums);
                continue;
            }
#pragma unroll
            for (int e = 0; e < PACK; e++)
                if (e < n_left)
                    to[(I)(pixel + e) / (I)plane * (g.o - 1) * plane + e] = sums[e];
        }
    }
};

template <class S, class I>
__global__ void __launch_bounds__(S::THREADS, S::BLOCKS) forward(call<typename S::T> all)
{
    __shared__ tile::slices<S> shared;
    __shared__ conv::place<I> taps[2][S::DEPTH];
    const tile::index<S> at(all.g.og, all.g.n * all.g.oh * all.g.ow);
    forward_tile<S, I> work(all, shared, taps, at);
    tile::chains<S> chains;

    work.start(chains);
    __syncthreads();
    tile::run(work, chains);
    work.write(chains);
}

template <class S, class I>
lks_status launch(lks_cuda_queue *q, const call<typename S::T> &all)
{
    const geometry &g = all.g;
    const int64_t n_tiles = tile::count<S>(g.og, g.n * g.oh * g.ow) * g.params.groups;

    LKS_LAUNCH(q, (forward<S, I>), (unsigned)n_tiles, S::THREADS, all);
    return LKS_OK;
}

template <class S> bool suits(const tile::device &d, const call<typename S::T> &all)
{
    const geometry &g = all.g;
    const tile::matrix<typename S::T> w = {all.w, g.o, g.cg * g.kh * g.kw, 1};

    return tile::suits<S>(d, g.og, g.n * g.oh * g.ow, g.params.groups) &&
           (!S::PACKED || w.is_packed(g.cg * g.kh * g.kw));
}

template <class T> lks_status choose(lks_cuda_queue *q, const call<T> &all)
{
    typedef conv::shapes<T> shapes;
    tile::device d;

    LKS_TRY(tile::device_of(q, &d));
    if (!conv::is_small(all.g))
        return launch<typename shapes::small, int64_t>(q, all);
    if (all.g.og <= shapes::flat::ROWS)
        return launch<typename shapes::flat, int32_t>(q, all);
    if (suits<typename shapes::large>(d, all))
        return launch<typename shapes::large, int32_t>(q, all);
    if (suits<typename shapes::middle>(d, all))
        return launch<typename shapes::middle, int32_t>(q, all);
    return launch<typename shapes::small, int32_t>(q, all);
}

template <class T>
lks_status convolve(lks_cuda_queue *q, const geometry &g, const lks_view *x,
                    const lks_view *w, const lks_view *bias, const lks_view *y)
{
    call<T> all = {g, (const T *)x->data, (const T *)w->data,
                   bias ? (const T *)bias->data : nullptr, (T *)y->data};

    return choose(q, all);
}
} // namespace

extern "C" lks_status lks_cuda_conv2d(const lks_view *x, const lks_view *w,
                                      const lks_view *bias,
                                      const lks_conv2d_params *params, const lks_view *y)
{
    const geometry g = geometry_of(x, w, y, params);
    const double n_terms = (double)(g.cg * g.kh * g.kw);
    lks_cuda_queue *q;

    if (x->dtype != LKS_F32 && x->dtype != LKS_F64)
        return lks_cuda_no_dtype("conv2d", x->dtype);
    if (lks_view_count(y) == 0)
        return LKS_OK;
    LKS_TRY(lks_cuda_queue_for(y, &q));
    if (x->dtype == LKS_F32)
        LKS_TRY(convolve<float>(q, g, x, w, bias, y));
    else
        LKS_TRY(convolve<double>(q, g, x, w, bias, y));
    lks_cuda_count_work(q, lks_cuda_bytes(x) + lks_cuda_bytes(w) + lks_cuda_bytes(y),
                        2 * n_terms * (double)lks_view_count(y));
    return LKS_OK;
}
