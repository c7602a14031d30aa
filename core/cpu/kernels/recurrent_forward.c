/* Forward: in a step the group goes past a block of the weights' columns, all gates', and
 * what comes out is activated while it is in the first cache. */
#include "cpu/kernels/recurrent_group.h"

#include "formulas.h"
#include "layout/index.h"

#define T float
#include "reference/recurrent_cell_of.h"
#undef T

enum {
    WIDTH = LKS_PACKED_WIDTH,
    DEPTH = LKS_PRODUCT_DEPTH,
    SUMS = LKS_RECURRENT_SUMS,
    PAD = LKS_RECURRENT_PAD,
    MAX_GATES = LKS_RECURRENT_GATES,
    AHEAD = 4, /* sequences, whose x is asked for */
};

typedef lks_recurrent_layer layer;
typedef lks_recurrent_group group;

/* x of a sequence's units from `first` on, a line of each gate, which nothing would guess.
 * Asked for all at once they would drive each other out of the cache: from one sequence to
 * the next they are often a power of two apart. */
static void ask_for_x(const group *s, int64_t q, int64_t first)
{
    const float *x;

    if (q >= s->n || s->at[q] < 0)
        return;
    x = lks_step_at(s->l->r->x, s->at[q], s->first + q) + first;
    for (int64_t k = 0; k < s->l->n_gates; k++)
        __builtin_prefetch(x + k * s->l->H);
}

/* The arguments of units [first, first + n): b_hh and x join the first block of terms, but
 * x not a GRU's n. */
static void add_x(const group *s, int64_t first, int64_t n)
{
    const lks_recurrent *r = s->l->r;
    const int64_t H = s->l->H, n_gates = s->l->n_gates;
    const int64_t n_added = r->kind == LKS_GRU ? 2 : n_gates;

    for (int64_t q = 0; q < s->n; q++) {
        ask_for_x(s, q + AHEAD, first);
        for (int64_t k = 0; k < n_gates && s->at[q] >= 0; k++) {
            const float *x = lks_step_at(r->x, s->at[q], s->first + q) + k * H + first;
            const float *b =
                r->b_hh ? (const float *)r->b_hh->data + k * H + first : NULL;
            float *sums = s->sums + k * SUMS + q * WIDTH;

            if (b)
                lks_add_row(sums, b, n);
            if (k < n_added)
                lks_add_row(sums, x, n);
        }
    }
}

static void sum_gates(const group *s, int64_t block, int64_t first, int64_t n)
{
    const layer *l = s->l;

    for (int64_t t = 0; t < l->P; t += DEPTH) {
        float *sums = t > 0 ? s->more : s->sums;

        for (int64_t k = 0; k < l->n_gates; k++)
            LKS_CPU(packed_sums)
        (&l->w[k], block, t, lks_at_most(l->P - t, DEPTH), s->h, l->P + PAD, s->n,
         sums + k * SUMS);
        if (t == 0)
            add_x(s, first, n);
        for (int64_t k = 0; k < l->n_gates && t > 0; k++)
            for (int64_t q = 0; q < s->n; q++)
                lks_state_add(n, sums + k * SUMS + q * WIDTH,
                              s->sums + k * SUMS + q * WIDTH);
    }
}

static void sigmoids(int64_t n, float *x)
{
    LKS_VECTOR_FOR(j, n)
    x[j] = sigmoid_float(x[j]);
}

static void tanhs(int64_t n, float *x)
{
    LKS_VECTOR_FOR(j, n)
    x[j] = rnn_step_float(false, x[j]);
}

static void relus(int64_t n, float *x)
{
    LKS_VECTOR_FOR(j, n)
    x[j] = rnn_step_float(true, x[j]);
}

/* f of gate k of all sequences at a stretch: one number's function waits for no other's,
 * and what f needs is loaded once. Of a sequence that is over it is of no number in
 * particular. */
static void activate(const group *s, int64_t k, int64_t n, void (*f)(int64_t n, float *x))
{
    float *x = s->sums + k * SUMS;

    if (n == WIDTH)
        f(s->n * WIDTH, x);
    for (int64_t q = 0; q < s->n && n < WIDTH; q++)
        f(n, x + q * WIDTH);
}

/* Units [first, first + n) of sequence q: gates `SUMS` apart, and where what comes out of
 * them goes. */
typedef struct units {
    int64_t n;
    float *gates;
    float *c, *out;         /* the cell; the output */
    float *kept_c, *hidden; /* or NULL */
    const float *x, *h;     /* of a GRU's n, and the state before */
} units;

static units units_of(const group *s, int64_t q, int64_t first, int64_t n)
{
    const layer *l = s->l;
    const lks_recurrent *r = l->r;
    const int64_t t = s->at[q], at = s->first + q, H = l->H;
    float *output = r->w_hr ? s->output + q * (H + PAD) : s->h_next + q * (l->P + PAD);

    return (units){
        .n = n,
        .gates = s->sums + q * WIDTH,
        .c = r->c_n ? lks_row_at(r->c_n, at) + first : NULL,
        .out = output + first,
        .kept_c = r->cells ? lks_step_at(r->cells, t, at) + first : NULL,
        .hidden = r->hidden ? lks_step_at(r->hidden, t, at) + first : NULL,
        .x = lks_step_at(r->x, t, at) + (l->n_gates - 1) * H + first,
        .h = s->h + q * (l->P + PAD) + first,
    };
}

/* In the middle of a step there is one tanh more to take: an LSTM's of its cell, in a fifth
 * gate's place, which is in `more`, or a GRU's of its candidate. These make its argument. */
static void lstm_cells(const units *u)
{
    const float *i = u->gates, *f = i + SUMS, *g = f + SUMS;
    float *c = u->c, *tanh_c = u->gates + MAX_GATES * SUMS;

    LKS_VECTOR_FOR(j, u->n)
    {
        const float gates[] = {i[j], f[j], g[j]};

        tanh_c[j] = c[j] = lstm_cell_float(gates, c[j]);
    }
    if (u->kept_c)
        lks_copy_row(u->kept_c, c, u->n);
}

static void gru_candidates(const units *u)
{
    const float *r = u->gates, *x = u->x;
    float *n = u->gates + 2 * SUMS;

    if (u->hidden)
        lks_copy_row(u->hidden, n, u->n);
    LKS_VECTOR_FOR(j, u->n)
    n[j] = gru_candidate_float(r[j], n[j], x[j]);
}

static void rnn_outputs(const units *u)
{
    lks_copy_row(u->out, u->gates, u->n);
}

static void lstm_outputs(const units *u)
{
    const float *o = u->gates + 3 * SUMS, *tanh_c = o + SUMS;
    float *out = u->out;

    LKS_VECTOR_FOR(j, u->n)
    out[j] = o[j] * tanh_c[j];
}

static void gru_outputs(const units *u)
{
    const float *z = u->gates + SUMS, *n = z + SUMS, *h = u->h;
    float *out = u->out;

    LKS_VECTOR_FOR(j, u->n)
    out[j] = gru_state_float(z[j], n[j], h[j]);
}

/* What each kind makes of its gates' sums. */
typedef struct recurrence {
    void (*activations[MAX_GATES])(int64_t n, float *x); /* of those that are all sums */
    void (*middle)(const units *u);                      /* or NULL */
    int64_t middle_gate; /* whose tanh it leaves to take */
    void (*outputs)(const units *u);
} recurrence;

static const recurrence recurrences[LKS_N_RECURRENCES] = {
    [LKS_RNN_TANH] = {.activations = {tanhs}, .outputs = rnn_outputs},
    [LKS_RNN_RELU] = {.activations = {relus}, .outputs = rnn_outputs},
    [LKS_LSTM] = {{sigmoids, sigmoids, tanhs, sigmoids},
                  lstm_cells,
                  MAX_GATES,
                  lstm_outputs},
    [LKS_GRU] = {{sigmoids, sigmoids}, gru_candidates, 2, gru_outputs},
};

static void each_sequence(const group *s, int64_t first, int64_t n,
                          void (*f)(const units *u))
{
    for (int64_t q = 0; q < s->n; q++)
        if (s->at[q] >= 0) {
            const units u = units_of(s, q, first, n);

            f(&u);
        }
}

static void keep_gates(const group *s, int64_t first, int64_t n)
{
    for (int64_t q = 0; q < s->n && s->l->r->gates; q++)
        for (int64_t k = 0; k < s->l->n_gates && s->at[q] >= 0; k++)
            lks_copy_row(lks_step_at(s->l->r->gates, s->at[q], s->first + q) +
                             k * s->l->H + first,
                         s->sums + k * SUMS + q * WIDTH, n);
}

static void update_units(const group *s, int64_t first, int64_t n)
{
    const recurrence *r = &recurrences[s->l->r->kind];

    for (int64_t k = 0; k < s->l->n_gates; k++)
        if (r->activations[k])
            activate(s, k, n, r->activations[k]);
    if (r->middle) {
        each_sequence(s, first, n, r->middle);
        activate(s, r->middle_gate, n, tanhs);
    }
    each_sequence(s, first, n, r->outputs);
    keep_gates(s, first, n);
}

static void step(group *s)
{
    const layer *l = s->l;
    const int64_t stride = l->P + PAD;
    float *h = s->h;

    for (int64_t b = 0; b < lks_packed_blocks(l->H); b++) {
        const int64_t first = lks_packed_block(l->H, b);
        const int64_t n = lks_at_most(lks_packed_block(l->H, b + 1), l->H) - first;

        sum_gates(s, b, first, n);
        update_units(s, first, n);
    }
    if (l->r->w_hr)
        LKS_CPU(recurrent_multiply)
    (s, &l->w_hr, s->output, l->H + PAD, false, s->h_next, stride);
    for (int64_t q = 0; q < s->n; q++)
        if (s->at[q] >= 0)
            lks_state_copy(l->P, s->h_next + q * stride,
                           lks_step_at(l->r->y, s->at[q], s->first + q));
        else
            lks_state_copy(l->P, h + q * stride, s->h_next + q * stride);
    s->h = s->h_next;
    s->h_next = h;
}

void LKS_CPU(recurrent_forward)(lks_recurrent_group *s)
{
    const layer *l = s->l;
    const lks_recurrent *r = l->r;
    const int64_t stride = l->P + PAD;

    for (int64_t q = 0; q < s->n; q++) {
        lks_state_copy(l->P, lks_row_at(r->h0, s->first + q), s->h + q * stride);
        if (r->kind == LKS_LSTM)
            lks_state_copy(l->H, lks_row_at(r->c0, s->first + q),
                           lks_row_at(r->c_n, s->first + q));
    }
    for (int64_t i = 0; i < l->n_steps; i++) {
        lks_group_go_to(s, i);
        step(s);
    }
    for (int64_t q = 0; q < s->n; q++) {
        lks_state_copy(l->P, s->h + q * stride, lks_row_at(r->h_n, s->first + q));
        for (int64_t t = s->n_steps[q]; t < l->n_steps; t++)
            lks_state_copy(l->P, NULL, lks_step_at(r->y, t, s->first + q));
    }
}
