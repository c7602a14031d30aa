/* The gradients of a convolution's weight and bias: for the weight a product of dy
 * [o, pixels] with columns of what a tap meets [(c, kh, kw), pixels]. The pages
 * core/reference/conv_of.h and geometry.h have the order: chains over blocks of an
 * image's output rows, padding included, added to chunks of images, and these in turn.
 *
 * A launch has parts of the pixels beside each other, chunks or single blocks; their sums
 * go to scratch memory, from which a second kernel adds them in order. */
#include "cuda/conv.cuh"
#include "cuda/conv_sums.cuh"

namespace
{
enum { SCRATCH_BYTES = 64 << 20 /* of partial sums, where chunks are not larger */ };

template <class T> struct call {
    geometry g;
    const T *x, *dy;
    conv::parts of;
    T *out; /* one part's sums behind the other's; or the only part's, dw */
    bool accumulate;
    int64_t block_pixels, plane, n_each; /* n_each: blocks of an image */
    int64_t dy_image, x_image;           /* elements of an image */
};

/* A slice's place: pixels of one block. */
template <class I> struct position {
    I image, block, n_left; /* n_left: blocks, this one counted */
    I at, end;              /* pixels of the image's plane */

    template <class T> __device__ void enter(const call<T> &all)
    {
        const I plane = (I)all.plane, step = (I)all.block_pixels;

        at = block * step;
        end = plane - at < step ? plane : at + step;
    }

    template <class T> __device__ void go(const call<T> &all, int n)
    {
        at += n;
        if (at < end)
            return;
        n_left--;
        if (++block == (I)all.n_each) {
            block = 0;
            image++;
        }
        enter(all);
    }
};

/* Of a tile, the same for all threads: so it stands in shared memory and takes no
 * registers from the sums. */
template <class T> struct weight_place {
    const T *dy;       /* the tile's first row, of the first image */
    T *out;            /* its first sum */
    int64_t n_columns; /* that are there, from its first one on */
};

template <class S, class I> struct weight_tile {
    typedef typename S::T T;
    typedef weight_place<T> tile_place;
    typedef conv::place<I> place;

    const call<T> &all;
    tile::slices<S> &shared;
    place (*pixels)[S::DEPTH]; /* of the slice under way, and of the one after it */
    tile::sums<S> sums;
    tile::reader<S, S::ROWS> a;
    conv::gatherer<S, I> b;
    position<I> next_slice; /* the one under way, until it is loaded */
    const tile_place &mine;
    int n; /* terms in the slice */
    bool ends, begun;

    __device__ weight_tile(const call<T> &all_, tile::slices<S> &shared_,
                           place (*pixels_)[S::DEPTH], const tile_place &mine_,
                           const tile::index<S> &index, int64_t group, int64_t part)
        : all(all_), shared(shared_), pixels(pixels_),
          a({nullptr, all_.g.og, all_.plane, 1}, index.row), b(all_.g, all_.x),
          mine(mine_), n(0), ends(false), begun(false)
    {
        const geometry &g = all.g;
        const int64_t first = all.of.first_block(g, part);
        const int64_t column = index.column + b.column();

        if (column < n_columns()) {
            b.own = conv::tap_of<I>(g, (I)column);
            b.origin = group * g.cg * g.h * g.w + b.own.offset;
        }
        next_slice.n_left = (I)(all.of.first_block(g, part + 1) - first);
        next_slice.at = next_slice.end = next_slice.image = 0; /* no blocks: no terms */
        if (next_slice.n_left > 0) {
            next_slice.image = (I)(first / all.n_each);
            next_slice.block = (I)(first % all.n_each);
            next_slice.enter(all);
        }
        prepare(0);
    }

    __device__ int64_t n_columns() const
    {
        return all.g.cg * all.g.kh * all.g.kw;
    }

    __device__ void prepare(int half)
    {
        const int t = (int)threadIdx.x;

        if (t < S::DEPTH) {
            place p = {place::outside(), place::outside(), 0};

            if (next_slice.n_left > 0 && next_slice.at + t < next_slice.end)
                p = conv::pixel_of<I>(all.g, next_slice.at + t);
            pixels[half][t] = p;
        }
    }

    __device__ bool next()
    {
        if (begun && next_slice.n_left == 0)
            return false;
        begun = true;
        n = (int)(next_slice.end - next_slice.at < S::DEPTH
                      ? next_slice.end - next_slice.at
                      : S::DEPTH);
        ends = next_slice.at + n == next_slice.end;
        return true;
    }

    __device__ void load(int half)
    {
        a.seek(mine.dy + next_slice.image * all.dy_image + next_slice.at);
        a.load(n);
        b.load(pixels[half], next_slice.image * all.x_image);
        if (next_slice.n_left > 0)
            next_slice.go(all, n);
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

    __device__ void finish(tile::chains<S> &chains, bool)
    {
        sums.add(chains);
        chains.clear();
    }

    __device__ void write()
    {
        typedef tile::chains<S> place_of;

#pragma unroll
        for (int i = 0; i < S::N_ROWS; i++)
            if (place_of::row(i) < a.n_lines)
                write_row(i, mine.out + place_of::row(i) * n_columns(), mine.n_columns);
    }

    __device__ void write_row(int i, T *to, int64_t room)
    {
#pragma unroll
        for (int j = 0; j < S::N_COLUMNS; j++) {
            const int column = tile::chains<S>::column(j);

            if (column < room)
                to[column] = all.accumulate ? to[column] + sums.at(i, j) : sums.at(i, j);
        }
    }
};

template <class S, class T>
__device__ weight_place<T> place_of(const call<T> &all, const tile::index<S> &at,
                                    int64_t group, int64_t part)
{
    const int64_t o = group * all.g.og + at.row;
    const int64_t n_columns = all.g.cg * all.g.kh * all.g.kw;

    return {all.dy + o * all.plane,
            all.out + (part * all.g.o + o) * n_columns + at.column,
            n_columns - at.column};
}

template <class S, class I>
__global__ void __launch_bounds__(S::THREADS, S::BLOCKS)
    backward_weight(call<typename S::T> all)
{
    __shared__ tile::slices<S> shared;
    __shared__ conv::place<I> pixels[2][S::DEPTH];
    __shared__ weight_place<typename S::T> place;
    const tile::index<S> at(all.g.og, all.g.cg * all.g.kh * all.g.kw);
    const int64_t n_groups = all.g.params.groups;
    const int64_t part = at.other / n_groups, group = at.other % n_groups;
    tile::chains<S> chains;

    if (threadIdx.x == 0)
        place = place_of(all, at, group, part);
    __syncthreads();
    weight_tile<S, I> work(all, shared, pixels, place, at, group, part);
    chains.clear();
    work.sums.set(chains);
    __syncthreads();
    tile::run(work, chains);
    work.write();
}

/* ---- on the host ---- */

template <class S, class I>
lks_status launch(lks_cuda_queue *q, const call<typename S::T> &all)
{
    const geometry &g = all.g;
    const int64_t n_tiles =
        tile::count<S>(g.og, g.cg * g.kh * g.kw) * g.params.groups * all.of.count(g);

    LKS_TRY(tile::allow_sums<S>(q, backward_weight<S, I>));
    LKS_LAUNCH_SHARED(q, (backward_weight<S, I>), (unsigned)n_tiles, S::THREADS,
                      S::SUMS_BYTES, all);
    return LKS_OK;
}

template <class S> bool suits(const tile::device &d, const call<typename S::T> &all)
{
    const geometry &g = all.g;
    const int64_t plane = g.oh * g.ow, block = rows_per_block(&g) * g.ow;
    const tile::matrix<typename S::T> dy = {all.dy, g.o, plane, 1};

    return tile::suits<S>(d, g.og, g.cg * g.kh * g.kw,
                          g.params.groups * all.of.count(g)) &&
           (!S::PACKED || (dy.is_packed(plane) && block % S::PACK == 0));
}

template <class T>
lks_status choose(lks_cuda_queue *q, const tile::device &d, const call<T> &all)
{
    typedef conv::shapes<T> shapes;

    if (!conv::is_small(all.g))
        return launch<typename shapes::small, int64_t>(q, all);
    if (all.g.og <= shapes::flat::ROWS && all.g.cg * all.g.kh * all.g.kw > 32)
        return launch<typename shapes::flat, int32_t>(q, all);
    if (suits<typename shapes::large>(d, all))
        return launch<typename shapes::large, int32_t>(q, all);
    if (suits<typename shapes::middle>(d, all))
        return launch<typename shapes::middle, int32_t>(q, all);
    return launch<typename shapes::small, int32_t>(q, all);
}

/* Single blocks where chunks are too few for all processors, and their sums fit. */
template <class T>
conv::parts parts_of(const tile::device &d, const geometry &g, int64_t n_sums)
{
    typedef typename conv::shapes<T>::middle shape;
    const int64_t n_chunks = n_image_chunks(&g), n_blocks = g.n * conv::n_blocks_each(g);
    const int64_t n_tiles =
        tile::count<shape>(g.og, g.cg * g.kh * g.kw) * g.params.groups;

    return {n_tiles * n_chunks < 2 * d.n_processors && n_blocks > 1 &&
                (double)n_sums * (double)n_blocks * sizeof(T) <= SCRATCH_BYTES,
            0, n_chunks};
}

/* As many chunks at once as scratch memory is for. */
template <class T>
lks_status add_in_turn(lks_cuda_queue *q, const tile::device &d, call<T> all,
                       int64_t n_at_once, T *scratch, T *dw, int64_t n_sums)
{
    const int64_t n_chunks = all.of.last_chunk;
    const bool accumulate = all.accumulate;

    all.out = scratch + n_sums;
    all.accumulate = false;
    for (int64_t chunk = 0; chunk < n_chunks; chunk += n_at_once) {
        all.of.first_chunk = chunk;
        all.of.last_chunk = chunk + n_at_once < n_chunks ? chunk + n_at_once : n_chunks;
        LKS_TRY(choose(q, d, all));
        LKS_TRY(
            conv::add_parts(q, all.g, all.of, n_sums, all.out, scratch, accumulate, dw));
    }
    return LKS_OK;
}

template <class T>
lks_status differentiate_weight(lks_cuda_queue *q, call<T> all, const lks_view *dw)
{
    const int64_t n_sums = lks_view_count(dw), n_chunks = n_image_chunks(&all.g);
    const size_t each = (size_t)n_sums * sizeof(T);
    int64_t n_at_once = n_chunks;
    lks_status st;
    tile::device d;
    size_t n_bytes;
    T *scratch;

    if (n_sums == 0)
        return LKS_OK;
    LKS_TRY(tile::device_of(q, &d));
    all.of = parts_of<T>(d, all.g, n_sums);
    all.out = (T *)dw->data;
    if (all.of.count(all.g) == 1)
        return choose(q, d, all);
    if (!all.of.are_blocks && (size_t)n_chunks > SCRATCH_BYTES / each)
        n_at_once = SCRATCH_BYTES / each > 0 ? (int64_t)(SCRATCH_BYTES / each) : 1;
    n_bytes = each * (1 + (size_t)(all.of.are_blocks ? all.of.count(all.g) : n_at_once));
    if (!(scratch = (T *)lks_cuda_scratch(q, n_bytes)))
        return LKS_NOMEM;
    st = add_in_turn(q, d, all, n_at_once, scratch, (T *)dw->data, n_sums);
    lks_cuda_scratch_free(q, scratch, n_bytes);
    return st;
}

template <class T>
lks_status differentiate(lks_cuda_queue *q, const geometry &g, const lks_view *x,
                         const lks_view *dy, bool accumulate, const lks_view *dw,
                         const lks_view *dbias)
{
    const call<T> all = {g,
                         (const T *)x->data,
                         (const T *)dy->data,
                         {},
                         nullptr,
                         accumulate,
                         rows_per_block(&g) * g.ow,
                         g.oh * g.ow,
                         conv::n_blocks_each(g),
                         g.o * g.oh * g.ow,
                         g.c * g.h * g.w};

    LKS_TRY(differentiate_weight(q, all, dw));
    if (dbias)
        LKS_TRY(conv::backward_bias(q, g, all.dy, accumulate, (T *)dbias->data));
    return LKS_OK;
}
} // namespace

extern "C" lks_status lks_cuda_conv2d_backward_weight(const lks_view *x,
                                                      const lks_view *dy,
                                                      const lks_conv2d_params *params,
                                                      bool accumulate, const lks_view *dw,
                                                      const lks_view *dbias)
{
    const geometry g = geometry_of(x, dw, dy, params);
    lks_cuda_queue *q;

    if (dy->dtype != LKS_F32 && dy->dtype != LKS_F64)
        return lks_cuda_no_dtype("conv2d_backward_weight", dy->dtype);
    LKS_TRY(lks_cuda_queue_for(dw, &q));
    if (dy->dtype == LKS_F32)
        LKS_TRY(differentiate<float>(q, g, x, dy, accumulate, dw, dbias));
    else
        LKS_TRY(differentiate<double>(q, g, x, dy, accumulate, dw, dbias));
    lks_cuda_count_work(q, lks_cuda_bytes(x) + lks_cuda_bytes(dy) + lks_cuda_bytes(dw),
                        2.0 * (double)(g.cg * g.kh * g.kw) * (double)lks_view_count(dy));
    return LKS_OK;
}
