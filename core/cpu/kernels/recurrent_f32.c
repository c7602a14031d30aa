/* Recurrent layers of f32. The weights are packed once a call; a group of sequences then
 * goes through all its steps, apart from the others, so that threads share the groups. In
 * a step the group goes past a block of the weights' columns, all gates', and what comes
 * out is activated while it is in the first cache. */
#include "cpu/kernels/recurrent.h"

#include "base/try.h"
#include "cpu/kernels/packed.h"
#include "cpu/parallel.h"
#include "formulas.h"
#include "layout/index.h"

#define T float
#include "reference/recurrent_cell_of.h"
#undef T

/* LKS_SIMD_FOR for bodies with arrays, which `omp simd` would keep in memory. */
#if defined(__clang__)
#define VECTOR_FOR(i, n)                                                                 \
    _Pragma("clang loop vectorize(assume_safety)") for (int64_t i = 0; i < (n); i++)
#else
#define VECTOR_FOR(i, n) _Pragma("GCC ivdep") for (int64_t i = 0; i < (n); i++)
#endif

enum {
    GROUP = 96, /* sequences */
    MAX_GATES = 4,
    WIDTH = LKS_PACKED_WIDTH,
    DEPTH = LKS_PRODUCT_DEPTH,
    SUMS = GROUP * WIDTH,
    PAD = LKS_LANES,         /* lest rows begin a power of two apart */
    MIN_PART_TERMS = 262144, /* multiplications worth a thread */
};

typedef struct layer {
    const lks_recurrent *r;
    const lks_recurrent_grads *g; /* NULL: forward */
    int64_t N, n_steps, n_gates, H, P;
    lks_packed
        w[MAX_GATES]; /* W_hh transposed, gate by gate; backward: W_hh, all gates' */
    lks_packed w_hr;  /* transposed; backward: as it is */
    float *packed, *scratch; /* [n_parts][scratch_size] */
    size_t n_packed_bytes;
    int64_t n_parts, group_size; /* of groups; sequences in one at most */
} layer;

/* Sequences [first, first + n). At step i sequence first + q is at[q], or -1: it is over.
 * Strides of h and dgates are the layer's P + PAD and G H + PAD. */
typedef struct group {
    const layer *l;
    int64_t first, n, i;
    int64_t n_steps[GROUP], at[GROUP];
    float *h, *h_next;  /* [n][P + PAD]: the state; backward h is its gradient */
    float *output;      /* [n][H + PAD]: with w_hr, what it projects, and its gradient */
    float *dgates;      /* [n][G H + PAD]: of backward */
    float *zeros;       /* [H] */
    float *sums, *more; /* [gates][GROUP][WIDTH] */
} group;

static int64_t at_most(int64_t n, int64_t limit)
{
    return n < limit ? n : limit;
}

static float *step_at(const lks_view *x, int64_t t, int64_t n)
{
    return x ? (float *)x->data + t * x->strides[0] + n * x->strides[1] : NULL;
}

static float *row_at(const lks_view *x, int64_t n)
{
    return x ? (float *)x->data + n * x->strides[0] : NULL;
}

static void row_copy(int64_t n, const float *x, float *out) /* x NULL: 0 */
{
    if (x && x != out)
        memcpy(out, x, (size_t)n * sizeof *out);
    else if (!x)
        memset(out, 0, (size_t)n * sizeof *out);
}

static void row_add(int64_t n, const float *x, float *out)
{
    LKS_SIMD_FOR(j, n)
    out[j] = x[j] + out[j];
}

/* ---- weights ---- */

static void pack_w_hh(int64_t begin, int64_t end, void *context)
{
    const layer *l = context;
    const float *w = l->r->w_hh->data;
    const int64_t n = lks_packed_blocks(l->w[0].n_columns);

    for (int64_t b = begin; b < end; b++)
        if (l->g)
            LKS_CPU(pack)(w, l->P, 1, b, &l->w[0]);
        else
            LKS_CPU(pack)(w + b / n * l->H * l->P, 1, l->P, b % n, &l->w[b / n]);
}

static void pack_w_hr(int64_t begin, int64_t end, void *context)
{
    const layer *l = context;

    for (int64_t b = begin; b < end; b++)
        LKS_CPU(pack)(l->r->w_hr->data, l->g ? l->H : 1, l->g ? 1 : l->H, b, &l->w_hr);
}

static lks_status pack_weights(layer *l)
{
    const int index = l->r->y->device.index;
    const int64_t n_gates = l->g ? 1 : l->n_gates;
    const int64_t n_terms = l->g ? l->n_gates * l->H : l->P;
    const int64_t n_columns = l->g ? l->P : l->H;
    const int64_t size = lks_packed_size(n_terms, n_columns);
    const int64_t w_hr_size =
        l->r->w_hr ? lks_packed_size(l->g ? l->P : l->H, l->g ? l->H : l->P) : 0;

    l->n_packed_bytes = (size_t)(n_gates * size + w_hr_size) * sizeof(float);
    l->packed = lks_cpu_alloc(index, l->n_packed_bytes);
    if (!l->packed)
        return LKS_NOMEM;
    for (int64_t k = 0; k < n_gates; k++)
        l->w[k] = (lks_packed){n_terms, n_columns, l->packed + k * size};
    l->w_hr =
        (lks_packed){l->g ? l->P : l->H, l->g ? l->H : l->P, l->packed + n_gates * size};
    lks_parallel_for(index, n_gates * lks_packed_blocks(n_columns),
                     MIN_PART_TERMS / (WIDTH * n_terms + 1) + 1, pack_w_hh, l);
    if (l->r->w_hr)
        lks_parallel_for(index, lks_packed_blocks(l->w_hr.n_columns), 1, pack_w_hr, l);
    return LKS_OK;
}

/* ---- products of a step ---- */

/* out [n][out_stride] = a [n][a_stride] w, of the group's rows that are not over; added to
 * what stands there if that counts. */
static void multiply(const group *s, const lks_packed *w, const float *a,
                     int64_t a_stride, bool add, float *out, int64_t out_stride)
{
    for (int64_t b = 0; b < lks_packed_blocks(w->n_columns); b++) {
        const int64_t first = lks_packed_block(w->n_columns, b);
        const int64_t end = lks_packed_block(w->n_columns, b + 1);
        const int64_t n = at_most(end, w->n_columns) - first;

        for (int64_t t = 0; t < w->n_terms; t += DEPTH) {
            LKS_CPU(packed_sums)
            (w, b, t, at_most(w->n_terms - t, DEPTH), a, a_stride, s->n, s->sums);
            for (int64_t q = 0; q < s->n; q++) {
                float *to = out + q * out_stride + first;

                if (s->at[q] < 0)
                    continue;
                if (t > 0 || add)
                    lks_add_row(to, s->sums + q * WIDTH, n);
                else
                    lks_copy_row(to, s->sums + q * WIDTH, n);
            }
        }
    }
}

/* ---- forward ---- */

/* The arguments of units [first, first + n): b_hh and x join the first block of terms, but
 * x not a GRU's n. */
static void add_x(const group *s, int64_t first, int64_t n)
{
    const lks_recurrent *r = s->l->r;
    const int64_t H = s->l->H, n_gates = s->l->n_gates;
    const int64_t n_added = r->kind == LKS_GRU ? 2 : n_gates;

    for (int64_t q = 0; q < s->n; q++)
        for (int64_t k = 0; k < n_gates && s->at[q] >= 0; k++) {
            const float *x = step_at(r->x, s->at[q], s->first + q) + k * H + first;
            const float *b =
                r->b_hh ? (const float *)r->b_hh->data + k * H + first : NULL;
            float *sums = s->sums + k * SUMS + q * WIDTH;

            if (b)
                lks_add_row(sums, b, n);
            if (k < n_added)
                lks_add_row(sums, x, n);
        }
}

/* x, and where the gates go, asked for before the products that they wait for: a line of
 * each gate and sequence, which nothing would guess. */
static void ask_for(const group *s, int64_t first)
{
    const lks_recurrent *r = s->l->r;

    for (int64_t q = 0; q < s->n; q++)
        for (int64_t k = 0; k < s->l->n_gates && s->at[q] >= 0; k++) {
            const int64_t at = k * s->l->H + first;

            __builtin_prefetch(step_at(r->x, s->at[q], s->first + q) + at, 0, 2);
            if (r->gates)
                __builtin_prefetch(step_at(r->gates, s->at[q], s->first + q) + at, 1, 2);
        }
}

static void sum_gates(const group *s, int64_t block, int64_t first, int64_t n)
{
    const layer *l = s->l;

    ask_for(s, first);
    for (int64_t t = 0; t < l->P; t += DEPTH) {
        float *sums = t > 0 ? s->more : s->sums;

        for (int64_t k = 0; k < l->n_gates; k++)
            LKS_CPU(packed_sums)
        (&l->w[k], block, t, at_most(l->P - t, DEPTH), s->h, l->P + PAD, s->n,
         sums + k * SUMS);
        if (t == 0)
            add_x(s, first, n);
        for (int64_t k = 0; k < l->n_gates && t > 0; k++)
            for (int64_t q = 0; q < s->n; q++)
                row_add(n, sums + k * SUMS + q * WIDTH, s->sums + k * SUMS + q * WIDTH);
    }
}

/* What one sequence has of some units: the gates' arguments, `SUMS` apart, to be
 * activated, and what comes out. x is of a GRU's n. */
typedef struct units {
    int64_t n;
    const float *x, *h;
    float *sums, *c, *out;
} units;

static void rnn_units(const units *u, bool relu)
{
    const float *sums = u->sums;
    float *out = u->out;

    if (relu)
        VECTOR_FOR(j, u->n)
    out[j] = rnn_step_float(true, sums[j]);
    else VECTOR_FOR(j, u->n) out[j] = rnn_step_float(false, sums[j]);
}

static void lstm_units(const units *u)
{
    float *i = u->sums, *f = i + SUMS, *g = f + SUMS, *o = g + SUMS;
    float *c = u->c, *out = u->out;

    VECTOR_FOR(j, u->n)
    {
        float gates[] = {i[j], f[j], g[j], o[j]};

        out[j] = lstm_step_float(gates, &c[j]);
        i[j] = gates[0], f[j] = gates[1], g[j] = gates[2], o[j] = gates[3];
    }
}

static void gru_units(const units *u)
{
    float *r = u->sums, *z = r + SUMS, *n = z + SUMS, *out = u->out;
    const float *x = u->x, *h = u->h;

    VECTOR_FOR(j, u->n)
    {
        float gates[] = {r[j], z[j], x[j]};

        out[j] = gru_step_float(gates, n[j], h[j]);
        r[j] = gates[0], z[j] = gates[1], n[j] = gates[2];
    }
}

static void activate(const group *s, int64_t q, int64_t first, int64_t n)
{
    const layer *l = s->l;
    const lks_recurrent *r = l->r;
    const int64_t t = s->at[q], at = s->first + q, H = l->H;
    float *gates = step_at(r->gates, t, at), *cells = step_at(r->cells, t, at);
    float *hidden = step_at(r->hidden, t, at);
    units u = {
        .n = n,
        .x = step_at(r->x, t, at) + (l->n_gates - 1) * H + first,
        .h = s->h + q * (l->P + PAD) + first,
        .sums = s->sums + q * WIDTH,
        .out = r->w_hr ? s->output + q * (H + PAD) : s->h_next + q * (l->P + PAD),
    };

    u.out += first;
    if (hidden)
        lks_copy_row(hidden + first, u.sums + 2 * SUMS, n);
    if (r->kind == LKS_LSTM) {
        u.c = row_at(r->c_n, at) + first;
        lstm_units(&u);
    } else if (r->kind == LKS_GRU) {
        gru_units(&u);
    } else {
        rnn_units(&u, r->kind == LKS_RNN_RELU);
    }
    for (int64_t k = 0; k < l->n_gates && gates; k++)
        lks_copy_row(gates + k * H + first, u.sums + k * SUMS, n);
    if (cells)
        lks_copy_row(cells + first, u.c, n);
}

static void step(group *s)
{
    const layer *l = s->l;
    const int64_t stride = l->P + PAD;
    float *h = s->h;

    for (int64_t b = 0; b < lks_packed_blocks(l->H); b++) {
        const int64_t first = lks_packed_block(l->H, b);
        const int64_t n = at_most(lks_packed_block(l->H, b + 1), l->H) - first;

        sum_gates(s, b, first, n);
        for (int64_t q = 0; q < s->n; q++)
            if (s->at[q] >= 0)
                activate(s, q, first, n);
    }
    if (l->r->w_hr)
        multiply(s, &l->w_hr, s->output, l->H + PAD, false, s->h_next, stride);
    for (int64_t q = 0; q < s->n; q++)
        if (s->at[q] >= 0)
            row_copy(l->P, s->h_next + q * stride,
                     step_at(l->r->y, s->at[q], s->first + q));
        else
            row_copy(l->P, h + q * stride, s->h_next + q * stride);
    s->h = s->h_next;
    s->h_next = h;
}

/* Where the group is at step i. */
static void go_to(group *s, int64_t i)
{
    s->i = i;
    for (int64_t q = 0; q < s->n; q++)
        s->at[q] = i >= s->n_steps[q] ? -1 : s->l->r->reverse ? s->n_steps[q] - 1 - i : i;
}

static void forward(group *s)
{
    const layer *l = s->l;
    const lks_recurrent *r = l->r;
    const int64_t stride = l->P + PAD;

    for (int64_t q = 0; q < s->n; q++) {
        row_copy(l->P, row_at(r->h0, s->first + q), s->h + q * stride);
        if (r->kind == LKS_LSTM)
            row_copy(l->H, row_at(r->c0, s->first + q), row_at(r->c_n, s->first + q));
    }
    for (int64_t i = 0; i < l->n_steps; i++) {
        go_to(s, i);
        step(s);
    }
    for (int64_t q = 0; q < s->n; q++) {
        row_copy(l->P, s->h + q * stride, row_at(r->h_n, s->first + q));
        for (int64_t t = s->n_steps[q]; t < l->n_steps; t++)
            row_copy(l->P, NULL, step_at(r->y, t, s->first + q));
    }
}

/* ---- backward ---- */

/* The state before a step of sequence q; zeros where there is none. */
static const float *before(const group *s, int64_t q, const lks_view *states,
                           const lks_view *first)
{
    const int64_t at = s->first + q;

    return s->i > 0 ? step_at(states, s->at[q] + (s->l->r->reverse ? 1 : -1), at)
           : first  ? row_at(first, at)
                    : s->zeros;
}

static void rnn_backward(const group *s, int64_t q, const float *dh, float *dx, float *dg)
{
    const bool relu = s->l->r->kind == LKS_RNN_RELU;
    const float *y = step_at(s->l->r->y, s->at[q], s->first + q);

    VECTOR_FOR(j, s->l->H)
    dx[j] = dg[j] = rnn_step_backward_float(relu, y[j], dh[j]);
}

/* out: dy, and what comes out anew */
static void lstm_backward(const group *s, int64_t q, const float *dy, float *out,
                          float *dx, float *dgates)
{
    const lks_recurrent *r = s->l->r;
    const int64_t H = s->l->H, t = s->at[q], at = s->first + q;
    const float *g = step_at(r->gates, t, at), *c = step_at(r->cells, t, at);
    const float *c_before = before(s, q, r->cells, r->c0);
    float *dc = row_at(s->l->g->dc0, at);

    VECTOR_FOR(j, H)
    {
        const float gates[] = {g[j], g[H + j], g[2 * H + j], g[3 * H + j]};
        float d[MAX_GATES];

        out[j] = lstm_step_backward_float(gates, c_before[j], c[j], dy[j], &dc[j], d);
        dx[j] = dgates[j] = d[0];
        dx[H + j] = dgates[H + j] = d[1];
        dx[2 * H + j] = dgates[2 * H + j] = d[2];
        dx[3 * H + j] = dgates[3 * H + j] = d[3];
    }
}

static void gru_backward(const group *s, int64_t q, float *dh, float *dx, float *dgates)
{
    const lks_recurrent *r = s->l->r;
    const int64_t H = s->l->H, t = s->at[q], at = s->first + q;
    const float *g = step_at(r->gates, t, at), *hidden = step_at(r->hidden, t, at);
    const float *h_before = before(s, q, r->y, r->h0);
    float *d_hidden = step_at(s->l->g->d_hidden, t, at);

    VECTOR_FOR(j, H)
    {
        const float gates[] = {g[j], g[H + j], g[2 * H + j]};
        float d[3];

        gru_step_backward_float(gates, hidden[j], h_before[j], &dh[j], d, &d_hidden[j]);
        dx[j] = dgates[j] = d[0];
        dx[H + j] = dgates[H + j] = d[1];
        dx[2 * H + j] = d[2];
        dgates[2 * H + j] = d_hidden[j];
    }
}

static void activate_backward(const group *s, int64_t q)
{
    const layer *l = s->l;
    const lks_recurrent *r = l->r;
    const int64_t t = s->at[q], at = s->first + q, H = l->H;
    float *dh = s->h + q * (l->P + PAD), *out = s->output + q * (H + PAD);
    float *dx = step_at(l->g->dx, t, at);
    float *dgates = s->dgates + q * (l->n_gates * H + PAD);

    if (r->kind == LKS_LSTM)
        lstm_backward(s, q, r->w_hr ? out : dh, out, dx, dgates);
    else if (r->kind == LKS_GRU)
        gru_backward(s, q, dh, dx, dgates);
    else
        rnn_backward(s, q, dh, dx, dgates);
    if (r->w_hr)
        row_copy(H, out, step_at(l->g->unprojected, t, at));
}

static void step_backward(group *s)
{
    const layer *l = s->l;
    const int64_t stride = l->P + PAD;

    for (int64_t q = 0; q < s->n; q++) {
        float *dh = s->h + q * stride;

        if (s->at[q] < 0)
            continue;
        if (l->g->dy)
            row_add(l->P, step_at(l->g->dy, s->at[q], s->first + q), dh);
        if (l->r->w_hr)
            row_copy(l->P, dh, step_at(l->g->d_projected, s->at[q], s->first + q));
    }
    if (l->r->w_hr)
        multiply(s, &l->w_hr, s->h, stride, false, s->output, l->H + PAD);
    for (int64_t q = 0; q < s->n; q++)
        if (s->at[q] >= 0)
            activate_backward(s, q);
    multiply(s, &l->w[0], s->dgates, l->n_gates * l->H + PAD, l->r->kind == LKS_GRU, s->h,
             stride);
}

static void zero_step(const lks_view *x, int64_t t, int64_t n)
{
    if (x)
        row_copy(x->sizes[2], NULL, step_at(x, t, n));
}

static void backward(group *s)
{
    const layer *l = s->l;
    const lks_recurrent_grads *g = l->g;
    const int64_t stride = l->P + PAD;

    for (int64_t q = 0; q < s->n; q++) {
        row_copy(l->P, row_at(g->dh_n, s->first + q), s->h + q * stride);
        if (l->r->kind == LKS_LSTM)
            row_copy(l->H, row_at(g->dc_n, s->first + q), row_at(g->dc0, s->first + q));
    }
    for (int64_t i = l->n_steps; i-- > 0;) {
        go_to(s, i);
        step_backward(s);
    }
    for (int64_t q = 0; q < s->n; q++) {
        row_copy(l->P, s->h + q * stride, row_at(g->dh0, s->first + q));
        for (int64_t t = s->n_steps[q]; t < l->n_steps; t++) {
            zero_step(g->dx, t, s->first + q);
            zero_step(g->d_hidden, t, s->first + q);
            zero_step(g->d_projected, t, s->first + q);
            zero_step(g->unprojected, t, s->first + q);
        }
    }
}

/* ---- groups ---- */

/* f32 that a group works with. */
static int64_t scratch_size(const layer *l)
{
    const int64_t n = l->group_size, state = n * (l->P + PAD);

    return 2 * MAX_GATES * SUMS + 2 * state + n * (l->H + PAD) + l->H +
           (l->g ? n * (l->n_gates * l->H + PAD) : 0);
}

static void lay_out(const layer *l, float *scratch, group *s)
{
    const int64_t n = l->group_size, state = n * (l->P + PAD);

    *s = (group){.l = l, .sums = scratch, .more = scratch + MAX_GATES * SUMS};
    s->h = s->more + MAX_GATES * SUMS;
    s->h_next = s->h + state;
    s->output = s->h_next + state;
    s->zeros = s->output + n * (l->H + PAD);
    s->dgates = s->zeros + l->H;
    row_copy(l->H, NULL, s->zeros);
}

static void run_groups(int64_t begin, int64_t end, void *context)
{
    const layer *l = context;
    group s;

    for (int64_t part = begin; part < end; part++) {
        const int64_t last = l->N * (part + 1) / l->n_parts;

        lay_out(l, l->scratch + part * scratch_size(l), &s);
        for (s.first = l->N * part / l->n_parts; s.first < last; s.first += s.n) {
            s.n = at_most(last - s.first, l->group_size);
            for (int64_t q = 0; q < s.n; q++)
                s.n_steps[q] =
                    l->r->lengths ? lks_index_at(l->r->lengths, s.first + q) : l->n_steps;
            if (l->g)
                backward(&s);
            else
                forward(&s);
        }
    }
}

static lks_status run_parts(layer *l)
{
    const int index = l->r->y->device.index;
    const int64_t n_terms = l->n_gates * l->H * l->P * l->n_steps;
    size_t n_bytes;

    l->n_parts = lks_parallel_parts(index, l->N, MIN_PART_TERMS / (n_terms + 1) + 1);
    l->group_size = at_most((l->N + l->n_parts - 1) / l->n_parts, GROUP);
    n_bytes = (size_t)(l->n_parts * scratch_size(l)) * sizeof(float);
    l->scratch = lks_cpu_alloc(index, n_bytes);
    if (!l->scratch)
        return LKS_NOMEM;
    lks_parallel_for(index, l->n_parts, 1, run_groups, l);
    lks_cpu_free(index, l->scratch, n_bytes);
    return LKS_OK;
}

lks_status LKS_CPU(recurrent_f32)(const lks_recurrent *r, const lks_recurrent_grads *g)
{
    const int n_gates = lks_recurrence_gates(r->kind);
    layer l = {
        .r = r,
        .g = g,
        .N = r->y->sizes[1],
        .n_steps = r->y->sizes[0],
        .n_gates = n_gates,
        .H = r->w_hh->sizes[0] / n_gates,
        .P = r->y->sizes[2],
    };
    lks_status st;

    if (l.N == 0)
        return LKS_OK;
    LKS_TRY(pack_weights(&l));
    st = run_parts(&l);
    lks_cpu_free(r->y->device.index, l.packed, l.n_packed_bytes);
    return st;
}
