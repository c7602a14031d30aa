/* One sequence through a recurrent layer, for elements of type T. Each step's products
 * are gemm_of.h's, of one row: with W_hh they take b_hh, then what stood in x (a GRU's n
 * takes b_hh alone, and goes into `hidden`); with w_hr they take nothing. Backward goes
 * from the last step to the first: what comes from the step after is added to dy, and
 * what goes to the step before is the product of all gates' gradients with W_hh, to which
 * a GRU's dh z is added. Sequences have nothing to do with one another. */
#include "reference/gemm_of.h"
#include "reference/recurrent_cell_of.h"

enum { OF(MAX_GATES) = 4 };

/* Of step t of sequence n; of sequence n. */
static T *OF(step_at)(const lks_view *x, int64_t t, int64_t n)
{
    return (T *)x->data + t * x->strides[0] + n * x->strides[1];
}

static T *OF(row_at)(const lks_view *x, int64_t n)
{
    return (T *)x->data + n * x->strides[0];
}

static void OF(row_copy)(int64_t n, const T *x, T *out) /* x NULL: 0 */
{
    for (int64_t i = 0; i < n; i++)
        out[i] = x ? x[i] : 0;
}

/* out [w's columns] = row [w's rows] w (+ bias) (+ out) */
static void OF(row_gemm)(T *row, const lks_view *w, T *bias, bool accumulate, T *out)
{
    const lks_view a = {
        .data = row, .sizes = {1, w->sizes[0]}, .strides = {w->sizes[0], 1}};
    const lks_view b = {.data = bias, .sizes = {w->sizes[1]}, .strides = {1}};
    const lks_view c = {
        .data = out, .sizes = {1, w->sizes[1]}, .strides = {w->sizes[1], 1}};

    OF(gemm)(&a, w, bias ? &b : NULL, accumulate, &c);
}

/* Rows [first, first + n) of W, transposed, for products of rows. */
static lks_view OF(rows_of)(const lks_view *w, int64_t first, int64_t n)
{
    return (lks_view){.data = (T *)w->data + first * w->sizes[1],
                      .sizes = {w->sizes[1], n},
                      .strides = {1, w->sizes[1]}};
}

/* What one sequence is worked on with. */
typedef struct OF(sequence) {
    const lks_recurrent *r;
    int64_t n, n_steps, n_gates, H, P;
    T *gates, *hidden, *output; /* [n_gates][H], [H], [H]: of one step */
} OF(sequence);

/* Bytes of scratch for one sequence. */
static size_t OF(recurrent_scratch)(const lks_recurrent *r)
{
    const int64_t GH = r->w_hh->sizes[0], H = GH / lks_recurrence_gates(r->kind);

    return (size_t)(GH + 2 * H) * sizeof(T);
}

static OF(sequence) OF(sequence_of)(const lks_recurrent *r, int64_t n, T *scratch)
{
    const int n_gates = lks_recurrence_gates(r->kind);
    const int64_t H = r->w_hh->sizes[0] / n_gates;

    return (OF(sequence)){
        .r = r,
        .n = n,
        .n_steps = r->lengths ? lks_index_at(r->lengths, n) : r->y->sizes[0],
        .n_gates = n_gates,
        .H = H,
        .P = r->y->sizes[2],
        .gates = scratch,
        .hidden = scratch + n_gates * H,
        .output = scratch + (n_gates + 1) * H,
    };
}

/* The i-th step is at … */
static int64_t OF(step_of)(const OF(sequence) * s, int64_t i)
{
    return s->r->reverse ? s->n_steps - 1 - i : i;
}

/* The gates' arguments from x and the state h. */
static void OF(gates_of)(const OF(sequence) * s, const T *x, T *h)
{
    const lks_recurrent *r = s->r;
    const int64_t GH = s->n_gates * s->H, n_added = r->kind == LKS_GRU ? 2 * s->H : GH;
    const lks_view added = OF(rows_of)(r->w_hh, 0, n_added);
    const lks_view apart = OF(rows_of)(r->w_hh, n_added, GH - n_added);
    T *bias = r->b_hh ? r->b_hh->data : NULL;

    OF(row_copy)(GH, x, s->gates);
    OF(row_gemm)(h, &added, bias, true, s->gates);
    OF(row_gemm)(h, &apart, bias ? bias + n_added : NULL, false, s->hidden);
}

/* The gates and what comes out of them; of an LSTM the cells c change. */
static void OF(activate)(const OF(sequence) * s, const T *h, T *c)
{
    const int64_t H = s->H;

    for (int64_t j = 0; j < H; j++) {
        T g[OF(MAX_GATES)] = {0};

        for (int k = 0; k < s->n_gates; k++)
            g[k] = s->gates[k * H + j];
        s->output[j] = s->r->kind == LKS_LSTM ? OF(lstm_step)(g, &c[j])
                       : s->r->kind == LKS_GRU
                           ? OF(gru_step)(g, s->hidden[j], h[j])
                           : OF(rnn_step)(s->r->kind == LKS_RNN_RELU, g[0]);
        for (int k = 0; k < s->n_gates; k++)
            s->gates[k * H + j] = g[k];
    }
}

static void OF(keep_step)(const OF(sequence) * s, int64_t t, const T *c)
{
    const lks_recurrent *r = s->r;

    if (r->gates)
        OF(row_copy)(s->n_gates * s->H, s->gates, OF(step_at)(r->gates, t, s->n));
    if (r->cells)
        OF(row_copy)(s->H, c, OF(step_at)(r->cells, t, s->n));
    if (r->hidden)
        OF(row_copy)(s->H, s->hidden, OF(step_at)(r->hidden, t, s->n));
}

/* h_n and c_n hold the state on the way. */
static void OF(recurrent)(const lks_recurrent *r, int64_t n, T *scratch)
{
    const OF(sequence) s = OF(sequence_of)(r, n, scratch);
    T *h = OF(row_at)(r->h_n, n), *c = r->kind == LKS_LSTM ? OF(row_at)(r->c_n, n) : NULL;

    OF(row_copy)(s.P, r->h0 ? OF(row_at)(r->h0, n) : NULL, h);
    if (c)
        OF(row_copy)(s.H, r->c0 ? OF(row_at)(r->c0, n) : NULL, c);
    for (int64_t i = 0; i < s.n_steps; i++) {
        const int64_t t = OF(step_of)(&s, i);

        OF(gates_of)(&s, OF(step_at)(r->x, t, n), h);
        OF(activate)(&s, h, c);
        OF(keep_step)(&s, t, c);
        if (r->w_hr) {
            const lks_view w = OF(rows_of)(r->w_hr, 0, s.P);

            OF(row_gemm)(s.output, &w, NULL, false, h);
        } else {
            OF(row_copy)(s.P, s.output, h);
        }
        OF(row_copy)(s.P, h, OF(step_at)(r->y, t, n));
    }
    for (int64_t t = s.n_steps; t < r->y->sizes[0]; t++)
        OF(row_copy)(s.P, NULL, OF(step_at)(r->y, t, n));
}

/* ---- backward ---- */

/* The state before the i-th step, NULL: 0. */
static const T *OF(before)(const OF(sequence) * s, int64_t i, const lks_view *states,
                           const lks_view *first)
{
    return i > 0   ? OF(step_at)(states, OF(step_of)(s, i - 1), s->n)
           : first ? OF(row_at)(first, s->n)
                   : NULL;
}

/* The gates' gradients into dx and scratch, there a GRU's n having that of `hidden`; dh
 * and dc go on to the step before but for what comes through the gates. s->output has dy,
 * and what comes out anew. */
static void OF(activate_backward)(const OF(sequence) * s, int64_t i, T *dx, T *dh, T *dc)
{
    const lks_recurrent *r = s->r;
    const int64_t H = s->H, t = OF(step_of)(s, i);
    const bool lstm = r->kind == LKS_LSTM, gru = r->kind == LKS_GRU;
    const T *gates = lstm || gru ? OF(step_at)(r->gates, t, s->n) : NULL;
    const T *h_before = gru ? OF(before)(s, i, r->y, r->h0) : NULL;
    const T *c_before = lstm ? OF(before)(s, i, r->cells, r->c0) : NULL;

    for (int64_t j = 0; j < H; j++) {
        T g[OF(MAX_GATES)] = {0}, dg[OF(MAX_GATES)] = {0};

        for (int k = 0; gates && k < s->n_gates; k++)
            g[k] = gates[k * H + j];
        if (lstm)
            s->output[j] = OF(lstm_step_backward)(g, c_before ? c_before[j] : 0,
                                                  OF(step_at)(r->cells, t, s->n)[j],
                                                  s->output[j], &dc[j], dg);
        else if (gru)
            OF(gru_step_backward)
        (g, OF(step_at)(r->hidden, t, s->n)[j], h_before ? h_before[j] : 0, &dh[j], dg,
         &s->hidden[j]);
        else dg[0] = OF(rnn_step_backward)(r->kind == LKS_RNN_RELU,
                                           OF(step_at)(r->y, t, s->n)[j], dh[j]);
        for (int k = 0; k < s->n_gates; k++)
            dx[k * H + j] = s->gates[k * H + j] = dg[k];
        if (gru)
            s->gates[2 * H + j] = s->hidden[j];
    }
}

static void OF(zero_step)(const lks_view *x, int64_t t, int64_t n)
{
    if (x)
        OF(row_copy)(x->sizes[2], NULL, OF(step_at)(x, t, n));
}

static void OF(step_backward)(const OF(sequence) * s, const lks_recurrent_grads *g,
                              int64_t i, T *dh, T *dc)
{
    const lks_recurrent *r = s->r;
    const int64_t t = OF(step_of)(s, i), n = s->n;

    for (int64_t j = 0; g->dy && j < s->P; j++)
        dh[j] = OF(step_at)(g->dy, t, n)[j] + dh[j];
    if (r->w_hr) {
        OF(row_copy)(s->P, dh, OF(step_at)(g->d_projected, t, n));
        OF(row_gemm)(dh, r->w_hr, NULL, false, s->output);
    } else {
        OF(row_copy)(s->P, dh, s->output);
    }
    OF(activate_backward)(s, i, OF(step_at)(g->dx, t, n), dh, dc);
    OF(row_gemm)(s->gates, r->w_hh, NULL, r->kind == LKS_GRU, dh);
    if (r->w_hr)
        OF(row_copy)(s->H, s->output, OF(step_at)(g->unprojected, t, n));
    if (r->kind == LKS_GRU)
        OF(row_copy)(s->H, s->hidden, OF(step_at)(g->d_hidden, t, n));
}

/* dh0 and dc0 hold the state's gradient on the way. */
static void OF(recurrent_backward)(const lks_recurrent *r, const lks_recurrent_grads *g,
                                   int64_t n, T *scratch)
{
    const OF(sequence) s = OF(sequence_of)(r, n, scratch);
    T *dh = OF(row_at)(g->dh0, n),
      *dc = r->kind == LKS_LSTM ? OF(row_at)(g->dc0, n) : NULL;

    OF(row_copy)(s.P, g->dh_n ? OF(row_at)(g->dh_n, n) : NULL, dh);
    if (dc)
        OF(row_copy)(s.H, g->dc_n ? OF(row_at)(g->dc_n, n) : NULL, dc);
    for (int64_t i = s.n_steps; i-- > 0;)
        OF(step_backward)(&s, g, i, dh, dc);
    for (int64_t t = s.n_steps; t < r->y->sizes[0]; t++) {
        OF(zero_step)(g->dx, t, n);
        OF(zero_step)(g->d_hidden, t, n);
        OF(zero_step)(g->d_projected, t, n);
        OF(zero_step)(g->unprojected, t, n);
    }
}
