/* Gathering and scattering along a dimension. An index out of range is told when somebody
 * waits; nothing is read or written for it. */
#include "cuda/launch.cuh"

static __device__ bool is_inside(int64_t index, int64_t n)
{
    return index >= 0 && index < n;
}

/* ---- index_select ---- */

/* Operands: out, x at place 0 of the dimension, the index of each element. */
template <class T>
static __global__ void index_select(lks_cuda_loops<3> loops, int64_t n, int64_t stride,
                                    lks_cuda_trouble *trouble, int64_t index_stride,
                                    const char *first_index)
{
    const int64_t i = lks_cuda_thread();
    int64_t index;
    char *at[3];

    if (i >= loops.n)
        return;
    loops.at(i, at);
    index = *(const int64_t *)at[2];
    if (is_inside(index, n))
        *(T *)at[0] = *(const T *)(at[1] + index * stride);
    else
        lks_cuda_complain(trouble, LKS_CUDA_INDEX_SELECT,
                          index_stride ? (at[2] - first_index) / index_stride : 0, index);
}

template <class T>
static lks_status select(const lks_view *x, int dim, const lks_view *index,
                         const lks_view *out)
{
    lks_view from = *out, places = *out;
    const lks_view *const views[] = {out, &from, &places};
    lks_cuda_queue *q;

    from.data = x->data;
    places.data = index->data;
    places.dtype = LKS_I64;
    for (int d = 0; d < out->ndim; d++) {
        from.strides[d] = d == dim ? 0 : x->strides[d];
        places.strides[d] = d == dim ? index->strides[0] : 0;
    }
    LKS_TRY(lks_cuda_queue_for(x, &q));
    const lks_cuda_loops<3> loops = lks_cuda_loops_of(views);

    if (loops.n == 0)
        return LKS_OK;
    lks_cuda_describe(q, LKS_CUDA_INDEX_SELECT, x, dim);
    LKS_LAUNCH(q, index_select<T>, lks_cuda_blocks(loops.n, LKS_CUDA_THREADS),
               LKS_CUDA_THREADS, loops, x->sizes[dim],
               x->strides[dim] * (int64_t)sizeof(T), q->trouble_d,
               index->strides[0] * (int64_t)sizeof(int64_t), (const char *)index->data);
    lks_cuda_count_work(q, 2 * lks_cuda_bytes(out) + lks_cuda_bytes(index), 0);
    return LKS_OK;
}

lks_status lks_cuda_index_select(const lks_view *x, int dim, const lks_view *index,
                                 const lks_view *out)
{
    switch (lks_dtype_size_bytes(x->dtype)) {
    case 1:
        return select<uint8_t>(x, dim, index, out);
    case 2:
        return select<uint16_t>(x, dim, index, out);
    case 4:
        return select<uint32_t>(x, dim, index, out);
    default:
        return select<uint64_t>(x, dim, index, out);
    }
}

/* ---- index_add ----
 * Where an index occurs several times, the block of its first place adds all of them, in
 * their order; the blocks of the others have nothing to do. */

typedef struct scatter {
    lks_cuda_loops<2> slice; /* out and x at place 0 of the dimension */
    int64_t out_stride, x_stride;
    const char *index;
    int64_t index_stride, n, n_places; /* indices; places of out along the dimension */
    lks_cuda_trouble *trouble;
} scatter;

static __device__ int64_t index_at(const scatter &s, int64_t i)
{
    return *(const int64_t *)(s.index + i * s.index_stride);
}

static __device__ bool occurs_before(const scatter &s, int64_t first, int64_t index)
{
    bool occurs = false;

    for (int64_t i = threadIdx.x; i < first && !occurs; i += blockDim.x)
        occurs = index_at(s, i) == index;
    return __syncthreads_or(occurs);
}

template <class T> static __global__ void index_add(scatter s)
{
    const int64_t first = blockIdx.x, index = index_at(s, first);

    if (!is_inside(index, s.n_places)) {
        if (threadIdx.x == 0)
            lks_cuda_complain(s.trouble, LKS_CUDA_INDEX_ADD, first, index);
        return;
    }
    if (occurs_before(s, first, index))
        return;
    for (int64_t j = threadIdx.x; j < s.slice.n; j += blockDim.x) {
        char *at[2];
        T sum;

        s.slice.at(j, at);
        sum = *(const T *)(at[0] + index * s.out_stride);
        for (int64_t i = first; i < s.n; i++)
            if (index_at(s, i) == index)
                sum += *(const T *)(at[1] + i * s.x_stride);
        *(T *)(at[0] + index * s.out_stride) = sum;
    }
}

template <class T>
static lks_status add(const lks_view *x, int dim, const lks_view *index,
                      const lks_view *out)
{
    const lks_view to = lks_view_slice(out, dim, 0, 1, 1);
    const lks_view from = lks_view_slice(x, dim, 0, 1, 1);
    const lks_view *const views[] = {&to, &from};
    lks_cuda_queue *q;
    scatter s;

    LKS_TRY(lks_cuda_queue_for(x, &q));
    if (index->sizes[0] == 0)
        return LKS_OK;
    s.slice = lks_cuda_loops_of(views);
    s.out_stride = out->strides[dim] * (int64_t)sizeof(T);
    s.x_stride = x->strides[dim] * (int64_t)sizeof(T);
    s.index = (const char *)index->data;
    s.index_stride = index->strides[0] * (int64_t)sizeof(int64_t);
    s.n = index->sizes[0];
    s.n_places = out->sizes[dim];
    s.trouble = q->trouble_d;
    lks_cuda_describe(q, LKS_CUDA_INDEX_ADD, out, dim);
    LKS_LAUNCH(q, index_add<T>, (unsigned)s.n, LKS_CUDA_THREADS, s);
    lks_cuda_count_work(q, 3 * lks_cuda_bytes(x) + lks_cuda_bytes(index),
                        (double)lks_view_count(x));
    return LKS_OK;
}

lks_status lks_cuda_index_add(const lks_view *x, int dim, const lks_view *index,
                              const lks_view *out)
{
    if (x->dtype == LKS_F32)
        return add<float>(x, dim, index, out);
    if (x->dtype == LKS_F64)
        return add<double>(x, dim, index, out);
    return lks_cuda_no_dtype("index_add", x->dtype);
}
