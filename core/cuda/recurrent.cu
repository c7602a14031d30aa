/* Recurrent layers: ../reference/recurrent_of.h for all sequences at once. Of each step the
 * products are gemm.cu's; a thread then has a unit of a sequence. */
#include "cuda/launch.cuh"

#include "formulas.h"

#define T float
#include "reference/recurrent_cell_of.h"
#undef T
#define T double
#include "reference/recurrent_cell_of.h"
#undef T

namespace
{
enum { MAX_GATES = 4 };

/* (T, N, ·) and (N, ·); data NULL: not there */
template <class T> struct steps {
    T *data;
    int64_t step, row;

    explicit steps(const lks_view *x)
        : data(x ? (T *)x->data : nullptr), step(x ? x->strides[0] : 0),
          row(x ? x->strides[1] : 0)
    {
    }
    __device__ T *at(int64_t t, int64_t n) const
    {
        return data + t * step + n * row;
    }
};

template <class T> struct rows {
    T *data;
    int64_t row;

    explicit rows(const lks_view *x)
        : data(x ? (T *)x->data : nullptr), row(x ? x->strides[0] : 0)
    {
    }
    __device__ T *at(int64_t n) const
    {
        return data + n * row;
    }
};

/* What kernels have of a call. */
template <class T> struct layer {
    lks_recurrence kind;
    bool reverse, projects;
    int64_t N, n_steps, n_gates, H, P;
    const int64_t *lengths; /* NULL: n_steps */
    int64_t length_stride;
    steps<T> x, y, gates, cells, hidden;
    rows<T> h0, h_n, c0, c_n;
    /* dense scratch: gates' arguments or gradients, what w_hr projects or its gradient,
     * the state that a product leaves, a GRU's `hidden` of the step */
    T *args, *output, *state, *apart;

    explicit layer(const lks_recurrent *r)
        : kind(r->kind), reverse(r->reverse), projects(r->w_hr), N(r->y->sizes[1]),
          n_steps(r->y->sizes[0]), n_gates(lks_recurrence_gates(r->kind)),
          H(r->w_hh->sizes[0] / n_gates), P(r->y->sizes[2]),
          lengths(r->lengths ? (const int64_t *)r->lengths->data : nullptr),
          length_stride(r->lengths ? r->lengths->strides[0] : 0), x(r->x), y(r->y),
          gates(r->gates), cells(r->cells), hidden(r->hidden), h0(r->h0), h_n(r->h_n),
          c0(r->c0), c_n(r->c_n)
    {
    }

    /* One out of range is told and counts as the nearest. */
    __device__ int64_t length(int64_t n) const
    {
        const int64_t length = lengths ? lengths[n * length_stride] : n_steps;

        return length < 1 ? 1 : length > n_steps ? n_steps : length;
    }
    __device__ bool has(int64_t i, int64_t n) const
    {
        return i < length(n);
    }
    /* Where a sequence's i-th step is. */
    __device__ int64_t place(int64_t i, int64_t n) const
    {
        return reverse ? length(n) - 1 - i : i;
    }
};

/* Gradients, as far as kernels have them. */
template <class T> struct gradients {
    steps<T> dy, dx, d_hidden, d_projected, unprojected;
    rows<T> dh, dc;

    explicit gradients(const lks_recurrent_grads *g)
        : dy(g->dy), dx(g->dx), d_hidden(g->d_hidden), d_projected(g->d_projected),
          unprojected(g->unprojected), dh(g->dh0), dc(g->dc0)
    {
    }
};

__global__ void check_lengths(int64_t n, const int64_t *lengths, int64_t stride,
                              int64_t n_steps, lks_cuda_complaint about,
                              lks_cuda_trouble *trouble)
{
    const int64_t i = lks_cuda_thread();

    if (i < n && (lengths[i * stride] < 1 || lengths[i * stride] > n_steps))
        lks_cuda_complain(trouble, about, i, lengths[i * stride]);
}

/* x is 0 beyond each length. */
template <class T> __global__ void clear_rest(layer<T> l, steps<T> x, int64_t size)
{
    const int64_t at = lks_cuda_thread(), row = at / size, t = row / l.N;
    const int64_t n = row - t * l.N;

    if (t < l.n_steps && !l.has(t, n))
        x.at(t, n)[at - row * size] = 0;
}

/* The i-th step from its arguments; those of the next begin as its x. */
template <class T> __global__ void activate(layer<T> l, int64_t i)
{
    const int64_t at = lks_cuda_thread(), n = at / l.H, j = at - n * l.H;
    T *args = l.args + n * l.n_gates * l.H + j;

    if (n >= l.N)
        return;
    if (i >= 0 && l.has(i, n)) {
        const int64_t t = l.place(i, n);
        T g[MAX_GATES] = {0}, apart = 0, out;

        for (int k = 0; k < l.n_gates; k++)
            g[k] = args[k * l.H];
        if (l.kind == LKS_GRU) {
            g[2] = l.x.at(t, n)[2 * l.H + j];
            apart = l.apart[at];
            out = gru_step(g, apart, l.h_n.at(n)[j]);
        } else if (l.kind == LKS_LSTM) {
            out = lstm_step(g, l.c_n.at(n) + j);
        } else {
            out = rnn_step(l.kind == LKS_RNN_RELU, g[0]);
        }
        for (int k = 0; k < l.n_gates && l.gates.data; k++)
            l.gates.at(t, n)[k * l.H + j] = g[k];
        if (l.cells.data)
            l.cells.at(t, n)[j] = l.c_n.at(n)[j];
        if (l.hidden.data)
            l.hidden.at(t, n)[j] = apart;
        if (l.projects)
            l.output[at] = out;
        else
            l.h_n.at(n)[j] = l.y.at(t, n)[j] = out;
    }
    for (int k = 0; k < l.n_gates && i + 1 < l.n_steps && l.has(i + 1, n); k++)
        args[k * l.H] = l.x.at(l.place(i + 1, n), n)[k * l.H + j];
}

/* What the i-th step is projected to. */
template <class T> __global__ void take_projected(layer<T> l, int64_t i)
{
    const int64_t at = lks_cuda_thread(), n = at / l.P, p = at - n * l.P;

    if (n < l.N && l.has(i, n))
        l.h_n.at(n)[p] = l.y.at(l.place(i, n), n)[p] = l.state[at];
}

/* ---- backward ---- */

/* The state's gradient before the i-th step, of the steps after it and dy. */
template <class T> __global__ void take_gradient(layer<T> l, gradients<T> g, int64_t i)
{
    const int64_t at = lks_cuda_thread(), n = at / l.P, p = at - n * l.P;
    T dh;

    if (n >= l.N)
        return;
    dh = l.has(i + 1, n) && i + 1 < l.n_steps ? l.state[at] : g.dh.at(n)[p];
    if (i >= 0 && l.has(i, n)) {
        const int64_t t = l.place(i, n);

        if (g.dy.data)
            dh = g.dy.at(t, n)[p] + dh;
        if (l.projects)
            g.d_projected.at(t, n)[p] = dh;
    }
    l.state[at] = g.dh.at(n)[p] = dh;
}

template <class T>
__device__ T before(const layer<T> &l, int64_t i, int64_t n, int64_t j,
                    const steps<T> &states, const rows<T> &first)
{
    return i > 0        ? states.at(l.place(i - 1, n), n)[j]
           : first.data ? first.at(n)[j]
                        : (T)0;
}

template <class T>
__global__ void activate_backward(layer<T> l, gradients<T> grads, int64_t i)
{
    const int64_t at = lks_cuda_thread(), n = at / l.H, j = at - n * l.H;
    T g[MAX_GATES] = {0}, d[MAX_GATES] = {0};

    if (n >= l.N || !l.has(i, n))
        return;
    const int64_t t = l.place(i, n);
    T *dx = grads.dx.at(t, n) + j, *args = l.args + n * l.n_gates * l.H + j;

    for (int k = 0; k < l.n_gates && l.n_gates > 1; k++)
        g[k] = l.gates.at(t, n)[k * l.H + j];
    if (l.kind == LKS_LSTM) {
        const T dy = l.projects ? l.output[at] : l.state[at];
        const T out = lstm_step_backward(g, before(l, i, n, j, l.cells, l.c0),
                                         l.cells.at(t, n)[j], dy, grads.dc.at(n) + j, d);

        if (l.projects)
            grads.unprojected.at(t, n)[j] = out;
    } else if (l.kind == LKS_GRU) {
        gru_step_backward(g, l.hidden.at(t, n)[j], before(l, i, n, j, l.y, l.h0),
                          l.state + at, d, grads.d_hidden.at(t, n) + j);
    } else {
        d[0] = rnn_step_backward(l.kind == LKS_RNN_RELU, l.y.at(t, n)[j], l.state[at]);
    }
    for (int k = 0; k < l.n_gates; k++)
        dx[k * l.H] = args[k * l.H] = d[k];
    if (l.kind == LKS_GRU)
        args[2 * l.H] = grads.d_hidden.at(t, n)[j];
}

/* ---- products ---- */

/* Dense scratch [n_rows, n_columns] as a view, of columns from the first on. */
lks_view matrix(const lks_view *like, void *data, int64_t n_rows, int64_t n_columns)
{
    lks_view m = {};

    m.dtype = like->dtype;
    m.device = like->device;
    m.ndim = 2;
    m.sizes[0] = n_rows;
    m.sizes[1] = n_columns;
    m.strides[0] = n_columns;
    m.strides[1] = 1;
    m.data = data;
    return m;
}

lks_view transposed(const lks_view *w)
{
    lks_view out = *w;

    out.sizes[0] = w->sizes[1];
    out.sizes[1] = w->sizes[0];
    out.strides[0] = w->strides[1];
    out.strides[1] = w->strides[0];
    return out;
}

/* Rows [first, first + n) of w. */
template <class T> lks_view part(const lks_view *w, int64_t first, int64_t n)
{
    lks_view out = *w;

    out.data = (T *)w->data + first * w->strides[0];
    out.sizes[0] = n;
    return out;
}

/* Scratch of one call. */
template <class T> struct memory {
    lks_cuda_queue *q;
    void *block;
    size_t n_bytes;
};

template <class T> lks_status take_memory(lks_cuda_queue *q, layer<T> *l, memory<T> *out)
{
    const int64_t n_args = l->N * l->n_gates * l->H, n_units = l->N * l->H;

    out->q = q;
    out->n_bytes = (size_t)(n_args + 2 * n_units + l->N * l->P) * sizeof(T);
    out->block = lks_cuda_scratch(q, out->n_bytes);
    if (!out->block)
        return LKS_NOMEM;
    l->args = (T *)out->block;
    l->output = l->args + n_args;
    l->apart = l->output + n_units;
    l->state = l->apart + n_units;
    return LKS_OK;
}

/* The arguments of a step from the state. */
template <class T> lks_status multiply_state(const lks_recurrent *r, const layer<T> &l)
{
    const int64_t GH = l.n_gates * l.H, n_added = l.kind == LKS_GRU ? 2 * l.H : GH;
    const lks_view w = part<T>(r->w_hh, 0, n_added), w_t = transposed(&w);
    lks_view bias = r->b_hh ? part<T>(r->b_hh, 0, n_added) : lks_view{};
    lks_view args = matrix(r->y, l.args, l.N, GH);

    args.sizes[1] = n_added;
    LKS_TRY(lks_cuda_gemm(r->h_n, &w_t, r->b_hh ? &bias : nullptr, true, &args));
    if (n_added < GH) {
        const lks_view w_n = part<T>(r->w_hh, n_added, l.H), w_n_t = transposed(&w_n);
        const lks_view apart = matrix(r->y, l.apart, l.N, l.H);

        if (r->b_hh)
            bias = part<T>(r->b_hh, n_added, l.H);
        return lks_cuda_gemm(r->h_n, &w_n_t, r->b_hh ? &bias : nullptr, false, &apart);
    }
    return LKS_OK;
}

/* from, or 0 if that is not there */
lks_status begin(const lks_view *from, const lks_view *to)
{
    return from ? lks_cuda_copy(from, to) : lks_cuda_fill(to, 0);
}

template <class T>
lks_status clear(lks_cuda_queue *q, const layer<T> &l, const lks_view *x)
{
    if (!x || !l.lengths)
        return LKS_OK;
    LKS_LAUNCH(q, (clear_rest<T>), lks_cuda_blocks(lks_view_count(x), LKS_CUDA_THREADS),
               LKS_CUDA_THREADS, l, steps<T>(x), x->sizes[2]);
    return LKS_OK;
}

template <class T>
lks_status check(lks_cuda_queue *q, const layer<T> &l, lks_cuda_complaint about,
                 const lks_view *y)
{
    if (!l.lengths)
        return LKS_OK;
    lks_cuda_describe(q, about, y, 0);
    LKS_LAUNCH(q, check_lengths, lks_cuda_blocks(l.N, LKS_CUDA_THREADS), LKS_CUDA_THREADS,
               l.N, l.lengths, l.length_stride, l.n_steps, about, q->trouble_d);
    return LKS_OK;
}

template <class T>
lks_status project(lks_cuda_queue *q, const lks_recurrent *r, const layer<T> &l,
                   int64_t i)
{
    const lks_view output = matrix(r->y, l.output, l.N, l.H);
    const lks_view state = matrix(r->y, l.state, l.N, l.P), w = transposed(r->w_hr);

    LKS_TRY(lks_cuda_gemm(&output, &w, nullptr, false, &state));
    LKS_LAUNCH(q, (take_projected<T>), lks_cuda_blocks(l.N * l.P, LKS_CUDA_THREADS),
               LKS_CUDA_THREADS, l, i);
    return LKS_OK;
}

template <class T>
lks_status forward(lks_cuda_queue *q, const lks_recurrent *r, const layer<T> &l)
{
    LKS_TRY(begin(r->h0, r->h_n));
    if (l.kind == LKS_LSTM)
        LKS_TRY(begin(r->c0, r->c_n));
    for (int64_t i = -1; i < l.n_steps; i++) {
        if (i >= 0)
            LKS_TRY(multiply_state(r, l));
        LKS_LAUNCH(q, (activate<T>), lks_cuda_blocks(l.N * l.H, LKS_CUDA_THREADS),
                   LKS_CUDA_THREADS, l, i);
        if (i >= 0 && l.projects)
            LKS_TRY(project(q, r, l, i));
    }
    return clear(q, l, r->y);
}

template <class T>
lks_status step_backward(lks_cuda_queue *q, const lks_recurrent *r, const layer<T> &l,
                         const gradients<T> &grads, int64_t i)
{
    const lks_view state = matrix(r->y, l.state, l.N, l.P);
    const lks_view args = matrix(r->y, l.args, l.N, l.n_gates * l.H);

    LKS_LAUNCH(q, (take_gradient<T>), lks_cuda_blocks(l.N * l.P, LKS_CUDA_THREADS),
               LKS_CUDA_THREADS, l, grads, i);
    if (i < 0)
        return LKS_OK;
    if (l.projects) {
        const lks_view output = matrix(r->y, l.output, l.N, l.H);

        LKS_TRY(lks_cuda_gemm(&state, r->w_hr, nullptr, false, &output));
    }
    LKS_LAUNCH(q, (activate_backward<T>), lks_cuda_blocks(l.N * l.H, LKS_CUDA_THREADS),
               LKS_CUDA_THREADS, l, grads, i);
    return lks_cuda_gemm(&args, r->w_hh, nullptr, l.kind == LKS_GRU, &state);
}

template <class T>
lks_status backward(lks_cuda_queue *q, const lks_recurrent *r,
                    const lks_recurrent_grads *g, const layer<T> &l)
{
    const gradients<T> grads(g);

    LKS_TRY(begin(g->dh_n, g->dh0));
    if (l.kind == LKS_LSTM)
        LKS_TRY(begin(g->dc_n, g->dc0));
    for (int64_t i = l.n_steps - 1; i >= -1; i--)
        LKS_TRY(step_backward(q, r, l, grads, i));
    LKS_TRY(clear(q, l, g->dx));
    LKS_TRY(clear(q, l, g->d_hidden));
    LKS_TRY(clear(q, l, g->d_projected));
    return clear(q, l, g->unprojected);
}

template <class T> lks_status run(const lks_recurrent *r, const lks_recurrent_grads *g)
{
    layer<T> l(r);
    memory<T> m;
    lks_cuda_queue *q;
    lks_status st;

    if (l.N == 0)
        return LKS_OK;
    LKS_TRY(lks_cuda_queue_for(r->y, &q));
    LKS_TRY(check(q, l, g ? LKS_CUDA_RECURRENT_BACKWARD : LKS_CUDA_RECURRENT, r->y));
    LKS_TRY(take_memory(q, &l, &m));
    st = g ? backward(q, r, g, l) : forward(q, r, l);
    lks_cuda_scratch_free(q, m.block, m.n_bytes);
    return st;
}
} // namespace

static lks_status run_for(const char *kernel, const lks_recurrent *r,
                          const lks_recurrent_grads *g)
{
    if (r->y->dtype == LKS_F32)
        return run<float>(r, g);
    if (r->y->dtype == LKS_F64)
        return run<double>(r, g);
    return lks_cuda_no_dtype(kernel, r->y->dtype);
}

extern "C" lks_status lks_cuda_recurrent(const lks_recurrent *r)
{
    return run_for("recurrent", r, nullptr);
}

extern "C" lks_status lks_cuda_recurrent_backward(const lks_recurrent *r,
                                                  const lks_recurrent_grads *g)
{
    return run_for("recurrent_backward", r, g);
}
