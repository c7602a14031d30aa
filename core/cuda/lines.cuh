/* Inside the CUDA device: the frame of kernels that go along the lines of one dimension
 * of views of one shape, a thread each.
 *
 * A body is a struct with
 *   __device__ void operator()(int64_t n, char *const *data, const int64_t *strides)
 * const for a line of n elements of each operand: data[k] is its first, strides[k] the
 * bytes to the next. */
#ifndef LKS_CUDA_LINES_CUH
#define LKS_CUDA_LINES_CUH

#include "cuda/launch.cuh"

template <int N> struct lks_cuda_lines_of {
    lks_cuda_loops<N> firsts;
    int64_t n, strides[N];
};

template <int N, class Body>
static __global__ void each_line(lks_cuda_lines_of<N> lines, Body body)
{
    const int64_t i = lks_cuda_thread();
    char *at[N];

    if (i >= lines.firsts.n)
        return;
    lines.firsts.at(i, at);
    body(lines.n, at, lines.strides);
}

template <int N, class Body>
static lks_status lks_cuda_lines(const lks_view *const (&views)[N], int dim,
                                 const Body &body)
{
    lks_view firsts[N];
    const lks_view *outer[N];
    lks_cuda_lines_of<N> lines;
    lks_cuda_queue *q;
    size_t n_bytes = 0;

    for (int k = 0; k < N; k++) {
        firsts[k] = lks_view_without(views[k], dim);
        outer[k] = &firsts[k];
        lines.strides[k] =
            views[k]->strides[dim] * (int64_t)lks_dtype_size_bytes(views[k]->dtype);
        n_bytes += lks_cuda_bytes(views[k]);
    }
    lines.firsts = lks_cuda_loops_of(outer);
    lines.n = views[0]->sizes[dim];
    LKS_TRY(lks_cuda_queue_for(views[0], &q));
    if (lines.firsts.n == 0)
        return LKS_OK;
    LKS_LAUNCH(q, (each_line<N, Body>), lks_cuda_blocks(lines.firsts.n, LKS_CUDA_THREADS),
               LKS_CUDA_THREADS, lines, body);
    lks_cuda_count_work(q, n_bytes, (double)lks_view_count(views[0]));
    return LKS_OK;
}

#endif
