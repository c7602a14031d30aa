#include "cuda/conv_sums.cuh"

namespace
{
enum { ACROSS = 32, CHUNKS = 8 /* of a block: sums, and chunks added up at once */ };

template <class T>
__device__ T chunk_of(const geometry &g, const conv::parts &of, int64_t n,
                      const T *partial, int64_t chunk)
{
    const int64_t before = of.first_of(g, of.first_chunk);
    const int64_t last = of.first_of(g, chunk + 1) - before;
    T sum = 0;

#pragma unroll 8
    for (int64_t part = of.first_of(g, chunk) - before; part < last; part++)
        sum += partial[part * n];
    return sum;
}

/* Threads along y have a chunk each; the first of them adds these in turn. */
template <class T>
__global__ void add(geometry g, conv::parts of, int64_t n, const T *partial, T *total,
                    bool accumulate, T *out)
{
    __shared__ T chunks[CHUNKS][ACROSS];
    const int64_t i = (int64_t)blockIdx.x * ACROSS + threadIdx.x;
    const bool is_first = threadIdx.y == 0 && i < n;
    T sum = is_first && of.first_chunk > 0 ? total[i] : 0;

    for (int64_t first = of.first_chunk; first < of.last_chunk; first += CHUNKS) {
        const int64_t chunk = first + threadIdx.y;

        if (i < n && chunk < of.last_chunk)
            chunks[threadIdx.y][threadIdx.x] = chunk_of(g, of, n, partial + i, chunk);
        __syncthreads();
        for (int c = 0; is_first && c < CHUNKS && first + c < of.last_chunk; c++)
            sum += chunks[c][threadIdx.x];
        __syncthreads();
    }
    if (is_first && of.last_chunk < n_image_chunks(&g))
        total[i] = sum;
    else if (is_first)
        out[i] = accumulate ? out[i] + sum : sum;
}

/* 16 threads have a block, as lanes. */
template <class T>
__global__ void add_lanes(geometry g, int64_t n_blocks, const T *dy, T *partial)
{
    const int64_t number = lks_cuda_thread() / LKS_SUM_LANES;
    const int64_t o = number % g.o, block = number / g.o, n_each = conv::n_blocks_each(g);
    const int64_t plane = g.oh * g.ow, step = rows_per_block(&g) * g.ow;
    const int64_t first = block % n_each * step;
    const int64_t last = first + step < plane ? first + step : plane;
    const T *at = dy + (block / n_each * g.o + o) * plane;
    T sum = 0;

    if (block < n_blocks)
        for (int64_t p = first + threadIdx.x % LKS_SUM_LANES; p < last;
             p += LKS_SUM_LANES)
            sum += at[p];
    for (int half = LKS_SUM_LANES / 2; half > 0; half /= 2)
        sum += __shfl_down_sync(~0u, sum, half, LKS_SUM_LANES);
    if (block < n_blocks && threadIdx.x % LKS_SUM_LANES == 0)
        partial[block * g.o + o] = sum;
}
} // namespace

template <class T>
lks_status conv::add_parts(lks_cuda_queue *q, const geometry &g, const parts &of,
                           int64_t n, const T *partial, T *total, bool accumulate, T *out)
{
    LKS_LAUNCH(q, (add<T>), lks_cuda_blocks(n, ACROSS), dim3(ACROSS, CHUNKS), g, of, n,
               partial, total, accumulate, out);
    return LKS_OK;
}

namespace
{
template <class T>
lks_status add_blocks(lks_cuda_queue *q, const geometry &g, const T *dy, T *partial,
                      bool accumulate, T *dbias)
{
    const int64_t n_blocks = g.n * conv::n_blocks_each(g);
    const conv::parts blocks = {true, 0, n_image_chunks(&g)};

    if (n_blocks > 0)
        LKS_LAUNCH(q, (add_lanes<T>),
                   lks_cuda_blocks(n_blocks * g.o * LKS_SUM_LANES, LKS_CUDA_THREADS),
                   LKS_CUDA_THREADS, g, n_blocks, dy, partial);
    return conv::add_parts(q, g, blocks, g.o, partial, (T *)nullptr, accumulate, dbias);
}
} // namespace

template <class T>
lks_status conv::backward_bias(lks_cuda_queue *q, const geometry &g, const T *dy,
                               bool accumulate, T *dbias)
{
    const int64_t n_blocks = g.n * conv::n_blocks_each(g); /* or none */
    const size_t n_bytes = (size_t)((n_blocks > 0 ? n_blocks : 1) * g.o) * sizeof(T);
    T *partial;
    lks_status st;

    if (g.o == 0)
        return LKS_OK;
    if (!(partial = (T *)lks_cuda_scratch(q, n_bytes)))
        return LKS_NOMEM;
    st = add_blocks(q, g, dy, partial, accumulate, dbias);
    lks_cuda_scratch_free(q, partial, n_bytes);
    return st;
}

#define SUMS(T)                                                                          \
    template lks_status conv::add_parts(lks_cuda_queue *, const geometry &,              \
                                        const parts &, int64_t, const T *, T *, bool,    \
                                        T *);                                            \
    template lks_status conv::backward_bias(lks_cuda_queue *, const geometry &,          \
                                            const T *, bool, T *);
SUMS(float)
SUMS(double)
