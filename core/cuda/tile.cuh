/* A block of threads makes a tile of sums of products: of rows of a with columns of b,
 * taken as in a product of matrices. What all products and convolutions share; they
 * differ in where their terms stand in memory and in when a chain ends.
 *
 * Terms come in slices of DEPTH. While the block works on one slice in shared memory, the
 * next is under way to registers; it then goes to the other half of shared memory, and
 * the block meets. Only terms that are there are multiplied: one of zeros would make
 * another zero of -0, and a NaN of an infinity. Lines that are not there are, and nobody
 * stores what becomes of them. */
#ifndef LKS_CUDA_TILE_CUH
#define LKS_CUDA_TILE_CUH

#include "cuda/pack.cuh"

extern __shared__ __align__(16) unsigned char dynamic_shared[];

namespace tile
{
/* ROWS x COLUMNS sums a block, N_ROWS x N_COLUMNS a thread. PACKED: what is read of
 * matrices is whole packs, at multiples of their size (matrix::is_packed). BLOCKS share a
 * processor. */
template <class T_, int ROWS_, int COLUMNS_, int N_ROWS_, int N_COLUMNS_, int DEPTH_,
          bool PACKED_ = false, int BLOCKS_ = 2>
struct shape {
    typedef T_ T;
    static constexpr int ROWS = ROWS_, COLUMNS = COLUMNS_, DEPTH = DEPTH_;
    static constexpr int N_ROWS = N_ROWS_, N_COLUMNS = N_COLUMNS_;
    static constexpr int THREADS = ROWS / N_ROWS * (COLUMNS / N_COLUMNS);
    static constexpr int PACK = 16 / (int)sizeof(T); /* elements moved at once */
    static constexpr bool PACKED = PACKED_;
    static constexpr int BLOCKS = BLOCKS_;
    /* A second register for each of many sums would be one too many. */
    static constexpr bool SUMS_SHARED = sizeof(T) * N_ROWS * N_COLUMNS >= 128;
    static constexpr size_t SUMS_BYTES = SUMS_SHARED ? sizeof(T) * ROWS * COLUMNS : 0;
};

/* A slice of each operand, term by term, and its successor. A pack's width between terms
 * keeps threads that store along the terms out of each other's banks. */
template <class S> struct slices {
    alignas(16) typename S::T a[2][S::DEPTH][S::ROWS + S::PACK];
    alignas(16) typename S::T b[2][S::DEPTH][S::COLUMNS + S::PACK];
};

/* An operand that is a matrix in memory: its lines are rows of a or columns of b. Strides
 * count elements. */
template <class T> struct matrix {
    const T *data;
    int64_t n_lines, stride, term_stride;

    __device__ matrix at(const T *data_) const
    {
        return {data_, n_lines, stride, term_stride};
    }

    bool is_packed(int64_t n_terms) const
    {
        const int64_t pack = 16 / (int64_t)sizeof(T);
        const bool along_terms = stride != 1;

        return (along_terms
                    ? term_stride == 1 && stride % pack == 0 && n_terms % pack == 0
                    : term_stride % pack == 0 && n_lines % pack == 0) &&
               (uintptr_t)data % 16 == 0;
    }
};

/* Brings slices of LINES lines of a matrix. A thread takes packs along whichever stride
 * is 1: of one line, or of one term. */
template <class S, int LINES> struct reader {
    typedef typename S::T T;
    static constexpr int PACK = S::PACK, N_PACKS = LINES * S::DEPTH / PACK;
    static constexpr int N = (N_PACKS + S::THREADS - 1) / S::THREADS;
    static constexpr int LINE_PACKS = S::DEPTH / PACK, TERM_PACKS = LINES / PACK;

    const T *from; /* this thread's first pack in the next slice */
    int64_t stride, term_stride;
    int n_lines; /* of the tile */
    T held[N][PACK];

    __device__ reader(const matrix<T> &m, int64_t first_line)
        : from(m.data + first_line * m.stride), stride(m.stride),
          term_stride(m.term_stride),
          n_lines((int)(m.n_lines - first_line < LINES ? m.n_lines - first_line : LINES))
    {
        seek(from);
    }

    /* The next slice begins at `first`, where the tile's first line has its term. */
    __device__ void seek(const T *first)
    {
        from = first + line(0) * stride + term(0) * term_stride;
    }

    __device__ bool along_terms() const
    {
        return stride != 1;
    }

    /* Where this thread's i-th pack begins. */
    __device__ int line(int i) const
    {
        const int pack = (int)threadIdx.x;

        return along_terms() ? pack / LINE_PACKS + i * (S::THREADS / LINE_PACKS)
                             : pack % TERM_PACKS * PACK;
    }
    __device__ int term(int i) const
    {
        const int pack = (int)threadIdx.x;

        return along_terms() ? pack % LINE_PACKS * PACK
                             : pack / TERM_PACKS + i * (S::THREADS / TERM_PACKS);
    }

    static __device__ bool has(int i)
    {
        return N_PACKS % S::THREADS == 0 || (int)threadIdx.x + i * S::THREADS < N_PACKS;
    }

    __device__ void load(int n_terms)
    {
        const int64_t apart = along_terms() ? stride * (S::THREADS / LINE_PACKS)
                                            : term_stride * (S::THREADS / TERM_PACKS);

#pragma unroll
        for (int i = 0; i < N; i++) {
            if (!has(i) || line(i) >= n_lines || term(i) >= n_terms)
                continue;
            if (S::PACKED)
                read_pack(from + i * apart, held[i]);
            else
                read(from + i * apart, along_terms() ? term_stride : 1,
                     along_terms() ? n_terms - term(i) : n_lines - line(i), held[i]);
        }
        from += n_terms * term_stride;
    }

    __device__ void store(T (*to)[LINES + PACK]) const
    {
#pragma unroll
        for (int i = 0; i < N; i++) {
            if (!has(i))
                continue;
            if (!along_terms()) {
                write_pack(&to[term(i)][line(i)], held[i]);
                continue;
            }
#pragma unroll
            for (int e = 0; e < PACK; e++)
                to[term(i) + e][line(i)] = held[i][e];
        }
    }
};

/* The sums that a thread has under way: the chains. */
template <class S> struct chains {
    typedef typename S::T T;
    static constexpr int N_ROWS = S::N_ROWS, N_COLUMNS = S::N_COLUMNS;
    /* Neighbours in a line, read at once; a thread's packs stand apart by all threads'.
     */
    static constexpr int ROW_PACK = N_ROWS < S::PACK ? N_ROWS : S::PACK;
    static constexpr int COLUMN_PACK = N_COLUMNS < S::PACK ? N_COLUMNS : S::PACK;

    T at[N_ROWS][N_COLUMNS];

    __device__ void clear()
    {
#pragma unroll
        for (int i = 0; i < N_ROWS; i++)
#pragma unroll
            for (int j = 0; j < N_COLUMNS; j++)
                at[i][j] = 0;
    }

    /* A warp is 4 x 8 threads: so it reads the fewest different numbers. */
    static __device__ int thread_row()
    {
        const int warps_across = S::COLUMNS / N_COLUMNS / 8;

        return (int)threadIdx.x / 32 / warps_across * 4 + (int)threadIdx.x % 32 / 8;
    }
    static __device__ int thread_column()
    {
        const int warps_across = S::COLUMNS / N_COLUMNS / 8;

        return (int)threadIdx.x / 32 % warps_across * 8 + (int)threadIdx.x % 8;
    }

    /* The row, or column, of the tile that i, or j, is. */
    static __device__ int row(int i)
    {
        return i / ROW_PACK * (S::ROWS / N_ROWS * ROW_PACK) + thread_row() * ROW_PACK +
               i % ROW_PACK;
    }
    static __device__ int column(int j)
    {
        return j / COLUMN_PACK * (S::COLUMNS / N_COLUMNS * COLUMN_PACK) +
               thread_column() * COLUMN_PACK + j % COLUMN_PACK;
    }

    /* One term of each chain; MASKED: of those with a column that counts. */
    template <bool MASKED>
    __device__ void add_term(const T *a, const T *b, const bool (&counts)[N_COLUMNS])
    {
        T x[N_ROWS / ROW_PACK][ROW_PACK], y[N_COLUMNS / COLUMN_PACK][COLUMN_PACK];

#pragma unroll
        for (int i = 0; i < N_ROWS; i += ROW_PACK)
            read_pack(a + row(i), x[i / ROW_PACK]);
#pragma unroll
        for (int j = 0; j < N_COLUMNS; j += COLUMN_PACK)
            read_pack(b + column(j), y[j / COLUMN_PACK]);
#pragma unroll
        for (int i = 0; i < N_ROWS; i++)
#pragma unroll
            for (int j = 0; j < N_COLUMNS; j++)
                if (!MASKED || counts[j])
                    at[i][j] = LKS_FMA(x[i / ROW_PACK][i % ROW_PACK],
                                       y[j / COLUMN_PACK][j % COLUMN_PACK], at[i][j]);
    }

    template <bool MASKED>
    __device__ void add(const T (*a)[S::ROWS + S::PACK],
                        const T (*b)[S::COLUMNS + S::PACK], int n_terms,
                        const bool (&counts)[N_COLUMNS])
    {
        if (n_terms == S::DEPTH) {
#pragma unroll
            for (int t = 0; t < S::DEPTH; t++)
                add_term<MASKED>(a[t], b[t], counts);
        } else {
#pragma unroll 1
            for (int t = 0; t < n_terms; t++)
                add_term<MASKED>(a[t], b[t], counts);
        }
    }
};

/* What chains are added to. */
template <class S> struct sums {
    typedef typename S::T T;

    T own[S::SUMS_SHARED ? 1 : S::N_ROWS * S::N_COLUMNS];

    __device__ T &at(int i, int j)
    {
        const int number = i * S::N_COLUMNS + j;

        if constexpr (S::SUMS_SHARED)
            return ((T *)dynamic_shared)[number * S::THREADS + threadIdx.x];
        else
            return own[number];
    }

    __device__ void set(const chains<S> &c)
    {
#pragma unroll
        for (int i = 0; i < S::N_ROWS; i++)
#pragma unroll
            for (int j = 0; j < S::N_COLUMNS; j++)
                at(i, j) = c.at[i][j];
    }

    __device__ void add(const chains<S> &c)
    {
#pragma unroll
        for (int i = 0; i < S::N_ROWS; i++)
#pragma unroll
            for (int j = 0; j < S::N_COLUMNS; j++)
                at(i, j) += c.at[i][j];
    }
};

/* Work through all slices, of which there is one at least: of no terms if there are none.
 * `Terms` knows them:
 *   next      go on to the next slice: n terms, `ends` if it ends a chain; false: no more
 *   load      that slice to registers, on the way to a half of shared memory
 *   store     from there to that half
 *   multiply  what is in a half
 *   finish    a chain has ended, the last one perhaps; leaves the next one's start */
template <class S, class Terms> static __device__ void run(Terms &terms, chains<S> &c)
{
    bool more = terms.next();
    int half = 0;

    terms.load(half);
    terms.store(half);
    __syncthreads();
    while (more) {
        const int n = terms.n;
        const bool ends = terms.ends;

        more = terms.next();
        if (more)
            terms.load(half ^ 1);
        terms.multiply(c, half, n);
        if (ends)
            terms.finish(c, !more);
        half ^= 1;
        if (more)
            terms.store(half);
        __syncthreads();
    }
}

/* A tile's place in a launch: x counts row tiles fastest, then tiles of columns, then
 * whatever else there are several of. */
template <class S> struct index {
    int64_t row, column, other;

    __device__ index(int64_t n_rows, int64_t n_columns)
    {
        const int64_t n_down = (n_rows + S::ROWS - 1) / S::ROWS;
        const int64_t n_across = (n_columns + S::COLUMNS - 1) / S::COLUMNS;
        const int64_t i = blockIdx.x / n_down;

        row = blockIdx.x % n_down * S::ROWS;
        column = i % n_across * S::COLUMNS;
        other = i / n_across;
    }
};

/* ---- on the host ---- */

static inline int64_t ceiling(int64_t n, int64_t each)
{
    return (n + each - 1) / each;
}

/* Tiles of shape S that n_rows x n_columns sums make. */
template <class S> static int64_t count(int64_t n_rows, int64_t n_columns)
{
    return ceiling(n_rows, S::ROWS) * ceiling(n_columns, S::COLUMNS);
}

/* What tells which tiles suit a device. */
struct device {
    int n_processors, shared_bytes; /* the most a block may have */
};

static inline lks_status device_of(const lks_cuda_queue *q, device *out)
{
    LKS_CUDA_TRY(q->index,
                 cudaDeviceGetAttribute(&out->n_processors,
                                        cudaDevAttrMultiProcessorCount, q->index));
    LKS_CUDA_TRY(q->index, cudaDeviceGetAttribute(&out->shared_bytes,
                                                  cudaDevAttrMaxSharedMemoryPerBlockOptin,
                                                  q->index));
    return LKS_OK;
}

/* Whether tiles of S keep every processor at work, and fit. */
template <class S>
static bool suits(const device &d, int64_t n_rows, int64_t n_columns, int64_t n_each)
{
    return n_rows > S::ROWS / 2 && n_columns > S::COLUMNS / 2 &&
           count<S>(n_rows, n_columns) * n_each >= d.n_processors &&
           sizeof(slices<S>) + S::SUMS_BYTES <= (size_t)d.shared_bytes;
}

/* More shared memory than a kernel may have unasked. */
template <class S, class Kernel>
static lks_status allow_sums(const lks_cuda_queue *q, Kernel kernel)
{
    if (S::SUMS_SHARED)
        LKS_CUDA_TRY(q->index,
                     cudaFuncSetAttribute((const void *)kernel,
                                          cudaFuncAttributeMaxDynamicSharedMemorySize,
                                          (int)S::SUMS_BYTES));
    return LKS_OK;
}
} // namespace tile

#endif
