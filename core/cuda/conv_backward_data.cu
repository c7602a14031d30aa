/* The gradient of a convolution's input: for each tap's column kw a product of weights
 * [c, (kh, o)] with columns of dy, one for each input pixel of each image; its chains are
 * added over kw. The page core/reference/conv_of.h has the order.
 *
 * Where no output meets a pixel at a tap, there is no term: such a column sits the slice
 * out. That leaves kw whose chain is +0, and adding it changes nothing, for a sum that
 * starts as +0 never becomes -0. Pixels of one class (conv_classes.cuh) make a tile. */
#include "cuda/conv.cuh"
#include "cuda/conv_classes.cuh"

namespace
{
/* Weights: element (c, kh, kw, o), c and o within their group. */
struct weight_strides {
    int64_t group, c, kh, kw, o;
};

template <class T> struct call {
    geometry g;
    const T *dy, *w;
    weight_strides at;
    T *dx;
};

template <class S> struct halves {
    tile::slices<S> slices;
    alignas(16) int counts[2][S::COLUMNS]; /* whether a column has terms in the slice */
};

template <class S, class I> struct data_tile {
    typedef typename S::T T;
    static constexpr int STEP = S::THREADS / S::COLUMNS, N = S::DEPTH / STEP;

    const call<T> &all;
    halves<S> &shared;
    tile::sums<S> sums;
    I row_class, column_class;
    conv::class_taps<I> kh, kw;
    tile::reader<S, S::ROWS> a;
    const T *w;
    /* Of the column that this thread gathers: outside of the outputs if it is none. */
    I i, j;
    int64_t origin;
    I o;
    bool counts;
    T held[N];
    int n; /* terms in the slice */
    bool ends, begun, is_over;

    __device__ data_tile(const call<T> &all_, halves<S> &shared_,
                         const conv::class_index<S> &index)
        : all(all_), shared(shared_), row_class((I)index.row_class),
          column_class((I)index.column_class),
          a({nullptr, all_.g.cg, all_.at.c, all_.at.o}, index.c),
          w(all_.w + index.group * all_.at.group + index.c * all_.at.c),
          i(conv::place<I>::outside()), j(0), origin(0), o(0), counts(false), n(0),
          ends(false), begun(false)
    {
        const geometry &g = all.g;
        int64_t image, row, column;

        if (index.column + gathered() < index.n_columns) {
            index.pixel(index.column + gathered(), &image, &row, &column);
            i = (I)row;
            j = (I)column;
            origin = (image * g.o + index.group * g.og) * g.oh * g.ow;
        }
        is_over =
            g.og == 0 || !kh.find(g, 0, row_class, 0) || !kw.find(g, 1, column_class, 0);
    }

    static __device__ int gathered()
    {
        return (int)threadIdx.x % S::COLUMNS;
    }

    /* Terms go by kw, kh, o. */
    __device__ bool next()
    {
        if (begun && is_over)
            return false;
        if (begun)
            advance();
        begun = true;
        if (is_over) {
            ends = true;
            return true;
        }
        n = (int)(all.g.og - o < S::DEPTH ? all.g.og - o : S::DEPTH);
        ends = o + n == all.g.og && !has_more(kh, 0, row_class);
        is_over = ends && !has_more(kw, 1, column_class);
        return true;
    }

    __device__ bool has_more(conv::class_taps<I> taps, int d, I which) const
    {
        return taps.find(all.g, d, which, taps.tap + 1);
    }

    __device__ void advance()
    {
        o += n;
        if (o < all.g.og)
            return;
        o = 0;
        if (kh.find(all.g, 0, row_class, kh.tap + 1))
            return;
        kh.find(all.g, 0, row_class, 0);
        kw.find(all.g, 1, column_class, kw.tap + 1);
    }

    __device__ void load(int)
    {
        const geometry &g = all.g;
        const I oh = i + kh.shift, ow = j + kw.shift;
        const int first = (int)threadIdx.x / S::COLUMNS;
        const T *from = all.dy + origin + oh * g.ow + ow;

        counts = n > 0 && oh >= 0 && oh < g.oh && ow >= 0 && ow < g.ow;
        a.seek(w + kh.tap * all.at.kh + kw.tap * all.at.kw + o * all.at.o);
        a.load(n);
#pragma unroll
        for (int t = 0; t < N; t++) {
            const int term = first + t * STEP;

            held[t] = counts && term < n ? from[(o + term) * (g.oh * g.ow)] : 0;
        }
    }

    __device__ void store(int half)
    {
        const int first = (int)threadIdx.x / S::COLUMNS;

        a.store(shared.slices.a[half]);
#pragma unroll
        for (int t = 0; t < N; t++)
            shared.slices.b[half][first + t * STEP][gathered()] = held[t];
        if (first == 0)
            shared.counts[half][gathered()] = counts;
    }

    __device__ void multiply(tile::chains<S> &chains, int half, int n_terms)
    {
        bool mask[S::N_COLUMNS];

#pragma unroll
        for (int c = 0; c < S::N_COLUMNS; c++)
            mask[c] = shared.counts[half][chains.column(c)] != 0;
        chains.template add<true>(shared.slices.a[half], shared.slices.b[half], n_terms,
                                  mask);
    }

    __device__ void finish(tile::chains<S> &chains, bool)
    {
        sums.add(chains);
        chains.clear();
    }

    __device__ void write(const conv::class_index<S> &index)
    {
#pragma unroll
        for (int c = 0; c < S::N_COLUMNS; c++) {
            const int64_t number = index.column + tile::chains<S>::column(c);

            if (number < index.n_columns)
                write_column(index, c, number);
        }
    }

    __device__ void write_column(const conv::class_index<S> &index, int c, int64_t number)
    {
        typedef tile::chains<S> at;
        const geometry &g = all.g;
        const int64_t plane = g.h * g.w;
        int64_t image, row, column;
        T *to;

        index.pixel(number, &image, &row, &column);
        to = all.dx + (image * g.c + index.group * g.cg + index.c) * plane +
             (row_class + row * g.params.stride[0]) * g.w + column_class +
             column * g.params.stride[1];
#pragma unroll
        for (int r = 0; r < S::N_ROWS; r++)
            if (at::row(r) < a.n_lines)
                to[at::row(r) * plane] = sums.at(r, c);
    }
};

template <class S, class I>
__global__ void __launch_bounds__(S::THREADS, S::BLOCKS)
    backward_data(call<typename S::T> all)
{
    __shared__ halves<S> shared;
    const conv::class_index<S> index(all.g);
    data_tile<S, I> work(all, shared, index);
    tile::chains<S> chains;

    if (index.column >= index.n_columns)
        return;
    chains.clear();
    work.sums.set(chains);
    tile::run(work, chains);
    work.write(index);
}

/* w[o, c, kh, kw] as turned[kw, kh, o, c] */
template <class T> __global__ void turn(geometry g, int64_t n, const T *w, T *turned)
{
    const int64_t i = lks_cuda_thread();

    if (i < n) {
        const int64_t c = i % g.cg, o = i / g.cg % g.o, tap = i / (g.cg * g.o);
        const int64_t kh = tap % g.kh, kw = tap / g.kh;

        turned[i] = w[((o * g.cg + c) * g.kh + kh) * g.kw + kw];
    }
}

template <class S, class I>
lks_status launch(lks_cuda_queue *q, const call<typename S::T> &all)
{
    const geometry &g = all.g;
    const int64_t n_tiles = tile::count<S>(g.cg, conv::n_columns_of(g, 0, 0)) *
                            conv::n_classes(g, 0) * conv::n_classes(g, 1) *
                            g.params.groups;

    LKS_TRY(tile::allow_sums<S>(q, backward_data<S, I>));
    LKS_LAUNCH_SHARED(q, (backward_data<S, I>), (unsigned)n_tiles, S::THREADS,
                      S::SUMS_BYTES, all);
    return LKS_OK;
}

/* Columns are masked one by one, and a processor has but seven predicates: so a thread
 * has four columns at most. */
template <class T> struct shapes;
template <> struct shapes<float> {
    typedef tile::shape<float, 128, 64, 8, 4, 8> large;
    typedef tile::shape<float, 64, 64, 4, 4, 16> middle;
    typedef tile::shape<float, 16, 128, 2, 4, 16> flat;
    typedef tile::shape<float, 32, 32, 2, 2, 32> small;
};
template <> struct shapes<double> : conv::shapes<double> {
};

template <class T> lks_status choose(lks_cuda_queue *q, const call<T> &all)
{
    const geometry &g = all.g;
    const int64_t n_columns = conv::n_columns_of(g, 0, 0);
    const int64_t n_each =
        conv::n_classes(g, 0) * conv::n_classes(g, 1) * g.params.groups;
    tile::device d;

    LKS_TRY(tile::device_of(q, &d));
    if (!conv::is_small(g))
        return launch<typename shapes<T>::small, int64_t>(q, all);
    if (g.cg <= shapes<T>::flat::ROWS)
        return launch<typename shapes<T>::flat, int32_t>(q, all);
    if (tile::suits<typename shapes<T>::large>(d, g.cg, n_columns, n_each))
        return launch<typename shapes<T>::large, int32_t>(q, all);
    if (tile::suits<typename shapes<T>::middle>(d, g.cg, n_columns, n_each))
        return launch<typename shapes<T>::middle, int32_t>(q, all);
    return launch<typename shapes<T>::small, int32_t>(q, all);
}

/* A tile takes weights of one tap. Turned, they stand beside each other; that costs a
 * launch, so it is for weights that are read often, by many tiles. */
enum { TURN_FROM = 1 << 14 };

template <class T>
lks_status turn_weights(lks_cuda_queue *q, call<T> *all, void *scratch, size_t n_bytes)
{
    const geometry &g = all->g;
    const int64_t n = (int64_t)(n_bytes / sizeof(T));

    LKS_LAUNCH(q, (turn<T>), lks_cuda_blocks(n, LKS_CUDA_THREADS), LKS_CUDA_THREADS, g, n,
               all->w, (T *)scratch);
    all->w = (const T *)scratch;
    all->at = {g.og * g.cg, 1, g.o * g.cg, g.kh * g.o * g.cg, g.cg};
    return LKS_OK;
}

template <class T>
lks_status differentiate(lks_cuda_queue *q, const geometry &g, const lks_view *dy,
                         const lks_view *w, const lks_view *dx)
{
    const int64_t taps = g.kh * g.kw;
    const size_t n_bytes = lks_cuda_bytes(w);
    const bool turns = taps > 1 && lks_view_count(w) >= TURN_FROM;
    void *scratch = turns ? lks_cuda_scratch(q, n_bytes) : NULL;
    call<T> all = {g,
                   (const T *)dy->data,
                   (const T *)w->data,
                   {g.og * g.cg * taps, taps, g.kw, 1, g.cg * taps},
                   (T *)dx->data};
    lks_status st = LKS_OK;

    if (turns && !scratch)
        return LKS_NOMEM;
    if (turns)
        st = turn_weights(q, &all, scratch, n_bytes);
    if (st == LKS_OK)
        st = choose(q, all);
    lks_cuda_scratch_free(q, scratch, n_bytes);
    return st;
}
} // namespace

extern "C" lks_status lks_cuda_conv2d_backward_data(const lks_view *dy, const lks_view *w,
                                                    const lks_conv2d_params *params,
                                                    const lks_view *dx)
{
    const geometry g = geometry_of(dx, w, dy, params);
    lks_cuda_queue *q;

    if (dy->dtype != LKS_F32 && dy->dtype != LKS_F64)
        return lks_cuda_no_dtype("conv2d_backward_data", dy->dtype);
    if (lks_view_count(dx) == 0)
        return LKS_OK;
    LKS_TRY(lks_cuda_queue_for(dx, &q));
    if (dy->dtype == LKS_F32)
        LKS_TRY(differentiate<float>(q, g, dy, w, dx));
    else
        LKS_TRY(differentiate<double>(q, g, dy, w, dx));
    lks_cuda_count_work(q, lks_cuda_bytes(dy) + lks_cuda_bytes(w) + lks_cuda_bytes(dx),
                        2.0 * (double)(g.cg * g.kh * g.kw) * (double)lks_view_count(dy));
    return LKS_OK;
}
