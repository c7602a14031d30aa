/* Products of matrices. The page core/reference/gemm_of.h has the order of an element's
 * sum, to which tiles make no difference; so there are several shapes of them. */
#include "cuda/tile.cuh"

extern "C" {
#include "cuda/blas.h"
}

namespace
{
enum { BLOCK_CHUNKS = 4, CHUNK = 256 };

/* A batch of products; leading dimensions are those of `batch`, over c, a, b. */
template <class T> struct products {
    lks_cuda_loops<3> batch;
    int64_t n_terms;
    tile::matrix<T> a, b; /* the first product's */
    int64_t c_row_stride, c_column_stride;
    const T *bias;
    int64_t bias_stride;
    bool accumulate;
};

/* Where a tile's sums go: the same for all threads, so it stands in shared memory and
 * takes no registers from the sums. */
template <class T> struct product_place {
    T *c;
    const T *bias; /* its first column's */
};

/* One tile of one product. */
template <class S> struct product_tile {
    typedef typename S::T T;

    const products<T> &all;
    tile::slices<S> &shared;
    tile::sums<S> sums;
    tile::reader<S, S::ROWS> a;
    tile::reader<S, S::COLUMNS> b;
    const product_place<T> &place;
    int64_t n_done;
    int n; /* terms in the slice */
    bool ends;
    int chunk; /* of its block */
    bool is_first;

    __device__ product_tile(const products<T> &all_, tile::slices<S> &shared_,
                            product_place<T> &place_, char *const (&data)[3], int64_t row,
                            int64_t column)
        : all(all_), shared(shared_), a(all_.a.at((const T *)data[1]), row),
          b(all_.b.at((const T *)data[2]), column), place(place_), n_done(0), n(0),
          ends(false), chunk(0), is_first(true)
    {
        if (threadIdx.x == 0) { /* read behind the first slice's barrier */
            place_.c =
                (T *)data[0] + row * all.c_row_stride + column * all.c_column_stride;
            place_.bias = all.bias ? all.bias + column * all.bias_stride : nullptr;
        }
    }

    __device__ bool next()
    {
        const int64_t n_left = all.n_terms - n_done;

        if (ends && n_left == 0)
            return false;
        n = (int)(n_left < S::DEPTH ? n_left : S::DEPTH);
        n_done += n;
        ends = n == n_left || n_done % CHUNK == 0;
        return true;
    }

    __device__ void load(int)
    {
        a.load(n);
        b.load(n);
    }

    __device__ void store(int half)
    {
        a.store(shared.a[half]);
        b.store(shared.b[half]);
    }

    __device__ void multiply(tile::chains<S> &chains, int half, int n_terms)
    {
        chains.template add<false>(shared.a[half], shared.b[half], n_terms, {});
    }

    __device__ void finish(tile::chains<S> &chains, bool is_last)
    {
        if (chunk == 0)
            sums.set(chains);
        else
            sums.add(chains);
        chains.clear();
        if (++chunk == BLOCK_CHUNKS || is_last) {
            write_block();
            chunk = 0;
            is_first = false;
        }
    }

    /* A block's sums go to c: the first takes the bias. */
    __device__ void write_block()
    {
        typedef tile::chains<S> at;

#pragma unroll(S::SUMS_SHARED ? 1 : S::N_ROWS)
        for (int i = 0; i < S::N_ROWS; i++)
#pragma unroll(S::SUMS_SHARED ? 1 : S::N_COLUMNS)
            for (int j = 0; j < S::N_COLUMNS; j += at::COLUMN_PACK)
                if (at::row(i) < a.n_lines && at::column(j) < b.n_lines)
                    write_pack(i, j);
    }

    __device__ void write_pack(int i, int j)
    {
        typedef tile::chains<S> at;
        T *to =
            place.c + at::row(i) * all.c_row_stride + at::column(j) * all.c_column_stride;
        const int room = b.n_lines - at::column(j);
        T stood[at::COLUMN_PACK], sum[at::COLUMN_PACK];
        const bool adds = all.accumulate || !is_first;

        if (adds)
            tile::read(to, all.c_column_stride, room, stood);
#pragma unroll
        for (int e = 0; e < at::COLUMN_PACK; e++) {
            sum[e] = sums.at(i, j + e);
            if (is_first && place.bias && e < room)
                sum[e] += place.bias[(at::column(j) + e) * all.bias_stride];
            if (adds)
                sum[e] += stood[e];
        }
        tile::write(to, all.c_column_stride, room, sum);
    }
};

template <class S>
__global__ void __launch_bounds__(S::THREADS, S::BLOCKS)
    multiply(products<typename S::T> all)
{
    __shared__ tile::slices<S> shared;
    __shared__ product_place<typename S::T> place;
    const tile::index<S> at(all.a.n_lines, all.b.n_lines);
    tile::chains<S> chains;
    char *data[3];

    all.batch.at(at.other, data);
    product_tile<S> work(all, shared, place, data, at.row, at.column);
    chains.clear();
    tile::run(work, chains);
}

template <class S>
lks_status launch(lks_cuda_queue *q, const products<typename S::T> &all)
{
    const int64_t n_tiles = tile::count<S>(all.a.n_lines, all.b.n_lines) * all.batch.n;

    LKS_TRY(tile::allow_sums<S>(q, multiply<S>));
    LKS_LAUNCH_SHARED(q, (multiply<S>), (unsigned)n_tiles, S::THREADS, S::SUMS_BYTES,
                      all);
    return LKS_OK;
}

template <class T> bool is_packed(const products<T> &all)
{
    for (int d = 0; d < all.batch.ndim; d++)
        if (all.batch.strides[d][1] % 16 != 0 || all.batch.strides[d][2] % 16 != 0)
            return false;
    return all.a.is_packed(all.n_terms) && all.b.is_packed(all.n_terms);
}

template <class S> bool suits(const tile::device &d, const products<typename S::T> &all)
{
    return tile::suits<S>(d, all.a.n_lines, all.b.n_lines, all.batch.n) &&
           (!S::PACKED || is_packed(all));
}

/* The largest tiles that keep all processors at work; narrow ones for few rows or
 * columns. */
lks_status choose(lks_cuda_queue *q, const products<float> &all)
{
    typedef tile::shape<float, 128, 128, 8, 8, 8, true> large;
    typedef tile::shape<float, 64, 64, 4, 4, 16> middle;
    typedef tile::shape<float, 32, 32, 2, 2, 32, false, 3> small;
    typedef tile::shape<float, 8, 128, 1, 4, 16> flat;
    typedef tile::shape<float, 128, 8, 4, 1, 16> tall;
    tile::device d;

    LKS_TRY(tile::device_of(q, &d));
    if (all.a.n_lines <= flat::ROWS && all.b.n_lines > small::COLUMNS)
        return launch<flat>(q, all);
    if (all.b.n_lines <= tall::COLUMNS && all.a.n_lines > small::ROWS)
        return launch<tall>(q, all);
    if (suits<large>(d, all))
        return launch<large>(q, all);
    if (suits<middle>(d, all))
        return launch<middle>(q, all);
    return launch<small>(q, all);
}

lks_status choose(lks_cuda_queue *q, const products<double> &all)
{
    typedef tile::shape<double, 64, 64, 4, 4, 8> middle;
    typedef tile::shape<double, 32, 32, 2, 2, 16> small;
    tile::device d;

    LKS_TRY(tile::device_of(q, &d));
    if (suits<middle>(d, all))
        return launch<middle>(q, all);
    return launch<small>(q, all);
}

/* ---- few sums of many terms: chunks beside each other ---- */

enum { SPLIT_FROM = 1024 /* terms */, SCRATCH_BYTES = 64 << 20 };

/* c from its chunks, [chunk, row, column]. */
template <class T> __global__ void add_chunks(products<T> all, const T *chunks)
{
    const int64_t i = lks_cuda_thread(), n_columns = all.b.n_lines;
    const int64_t row = i / n_columns, column = i - row * n_columns;
    const int64_t n_chunks = (all.n_terms + CHUNK - 1) / CHUNK;
    const int64_t n_sums = all.a.n_lines * n_columns;
    T *c = (T *)all.batch.data[0] + row * all.c_row_stride + column * all.c_column_stride;

    if (i >= n_sums)
        return;
    for (int64_t first = 0; first < n_chunks; first += BLOCK_CHUNKS) {
        T sum = chunks[first * n_sums + i];

        for (int64_t k = first + 1; k < n_chunks && k < first + BLOCK_CHUNKS; k++)
            sum += chunks[k * n_sums + i];
        if (first == 0 && all.bias)
            sum += all.bias[column * all.bias_stride];
        *c = first > 0 || all.accumulate ? sum + *c : sum;
    }
}

/* The whole chunks as a batch of products, and what is left as one. */
template <class T>
lks_status multiply_chunks(lks_cuda_queue *q, const products<T> &all, T *chunks)
{
    const int64_t n_sums = all.a.n_lines * all.b.n_lines, n_whole = all.n_terms / CHUNK;
    products<T> some = all;

    some.bias = nullptr;
    some.accumulate = false;
    some.c_row_stride = all.b.n_lines;
    some.c_column_stride = 1;
    some.n_terms = CHUNK;
    some.batch.ndim = 1;
    some.batch.n = some.batch.sizes[0] = n_whole;
    some.batch.strides[0][0] = n_sums * (int64_t)sizeof(T);
    some.batch.strides[0][1] = CHUNK * all.a.term_stride * (int64_t)sizeof(T);
    some.batch.strides[0][2] = CHUNK * all.b.term_stride * (int64_t)sizeof(T);
    some.batch.data[0] = (char *)chunks;
    LKS_TRY(choose(q, some));
    if (all.n_terms == n_whole * CHUNK)
        return LKS_OK;
    for (int k = 0; k < 3; k++)
        some.batch.data[k] += n_whole * some.batch.strides[0][k];
    some.a.data = (const T *)some.batch.data[1];
    some.b.data = (const T *)some.batch.data[2];
    some.n_terms = all.n_terms - n_whole * CHUNK;
    some.batch.n = some.batch.sizes[0] = 1;
    return choose(q, some);
}

template <class T>
lks_status launch_adding(lks_cuda_queue *q, const products<T> &all, int64_t n_sums,
                         const T *chunks)
{
    LKS_LAUNCH(q, (add_chunks<T>), lks_cuda_blocks(n_sums, LKS_CUDA_THREADS),
               LKS_CUDA_THREADS, all, chunks);
    return LKS_OK;
}

template <class T>
lks_status multiply_split(lks_cuda_queue *q, const products<T> &all, size_t n_bytes)
{
    const int64_t n_sums = all.a.n_lines * all.b.n_lines;
    T *chunks = (T *)lks_cuda_scratch(q, n_bytes);
    lks_status st;

    if (!chunks)
        return LKS_NOMEM;
    LKS_GO(multiply_chunks(q, all, chunks));
    LKS_GO(launch_adding(q, all, n_sums, chunks));
cleanup:
    lks_cuda_scratch_free(q, chunks, n_bytes);
    return st;
}

template <class T> lks_status multiply_all(lks_cuda_queue *q, const products<T> &all)
{
    typedef tile::shape<T, 32, 32, 2, 2, 16> small;
    const double n_chunks = (double)((all.n_terms + CHUNK - 1) / CHUNK);
    const double n_bytes =
        n_chunks * (double)all.a.n_lines * (double)all.b.n_lines * sizeof(T);
    tile::device d;

    LKS_TRY(tile::device_of(q, &d));
    if (all.batch.n == 1 && all.n_terms >= SPLIT_FROM && n_bytes <= SCRATCH_BYTES &&
        2 * tile::count<small>(all.a.n_lines, all.b.n_lines) <= d.n_processors)
        return multiply_split(q, all, (size_t)n_bytes);
    return choose(q, all);
}

/* The leading dimensions. */
lks_view leading(const lks_view *matrices)
{
    lks_view batch = *matrices;

    batch.ndim -= 2;
    return batch;
}

template <class T>
products<T> products_of(const lks_view *a, const lks_view *b, const lks_view *bias,
                        bool accumulate, const lks_view *c)
{
    const lks_view a_batch = leading(a), b_batch = leading(b), c_batch = leading(c);
    const lks_view *const batch[3] = {&c_batch, &a_batch, &b_batch};
    const int d = c->ndim - 2;
    products<T> all = {};

    all.batch = lks_cuda_loops_of<3>(batch);
    all.n_terms = a->sizes[d + 1];
    all.a = {(const T *)a->data, c->sizes[d], a->strides[d], a->strides[d + 1]};
    all.b = {(const T *)b->data, c->sizes[d + 1], b->strides[d + 1], b->strides[d]};
    all.c_row_stride = c->strides[d];
    all.c_column_stride = c->strides[d + 1];
    all.bias = bias ? (const T *)bias->data : nullptr;
    all.bias_stride = bias ? bias->strides[0] : 0;
    all.accumulate = accumulate;
    return all;
}
} // namespace

/* By cuBLAS, if that is wanted and takes these. */
static lks_status multiply_fast(lks_cuda_queue *q, const lks_view *a, const lks_view *b,
                                const lks_view *bias, bool accumulate, const lks_view *c,
                                bool *done)
{
    const lks_shape shape = lks_view_shape(c);
    lks_view everywhere;

    *done = false;
    if (!lks_cuda_is_fast(q->index))
        return LKS_OK;
    LKS_TRY(lks_cuda_blas_gemm(q, a, b, accumulate, c, done));
    if (!*done || !bias)
        return LKS_OK;
    everywhere = lks_view_expand(bias, &shape);
    return lks_cuda_binary(LKS_BINARY_add, c, &everywhere, c);
}

static lks_status multiply(lks_cuda_queue *q, const lks_view *a, const lks_view *b,
                           const lks_view *bias, bool accumulate, const lks_view *c)
{
    bool done;

    LKS_TRY(multiply_fast(q, a, b, bias, accumulate, c, &done));
    if (done)
        return LKS_OK;
    if (c->dtype == LKS_F32)
        return multiply_all(q, products_of<float>(a, b, bias, accumulate, c));
    return multiply_all(q, products_of<double>(a, b, bias, accumulate, c));
}

extern "C" lks_status lks_cuda_gemm(const lks_view *a, const lks_view *b,
                                    const lks_view *bias, bool accumulate,
                                    const lks_view *c)
{
    const double n_sums = (double)lks_view_count(c);
    lks_cuda_queue *q;

    if (c->dtype != LKS_F32 && c->dtype != LKS_F64)
        return lks_cuda_no_dtype("gemm", c->dtype);
    if (n_sums == 0)
        return LKS_OK;
    LKS_TRY(lks_cuda_queue_for(c, &q));
    LKS_TRY(multiply(q, a, b, bias, accumulate, c));
    lks_cuda_count_work(q, lks_cuda_bytes(a) + lks_cuda_bytes(b) + lks_cuda_bytes(c),
                        2 * n_sums * (double)a->sizes[a->ndim - 1]);
    return LKS_OK;
}
