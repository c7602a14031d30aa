/* Backward: a step activates all of a sequence's gates at a time, then goes past the weights. */
#include "cpu/kernels/recurrent_group.h"

#include "formulas.h"
#include "layout/index.h"

#define T float
#include "reference/recurrent_cell_of.h"
#undef T

enum { PAD = LKS_RECURRENT_PAD, MAX_GATES = LKS_RECURRENT_GATES };

typedef lks_recurrent_layer layer;
typedef lks_recurrent_group group;

/* The state before a step of sequence q; zeros where there is none. */
static const float *before(const group *s, int64_t q, const lks_view *states,
                           const lks_view *first)
{
    const int64_t at = s->first + q;

    return s->i > 0 ? lks_step_at(states, s->at[q] + (s->l->r->reverse ? 1 : -1), at)
           : first  ? lks_row_at(first, at)
                    : s->zeros;
}

static void rnn_backward(const group *s, int64_t q, const float *dh, float *dx, float *dg)
{
    const bool relu = s->l->r->kind == LKS_RNN_RELU;
    const float *y = lks_step_at(s->l->r->y, s->at[q], s->first + q);

    LKS_VECTOR_FOR(j, s->l->H)
    dx[j] = dg[j] = rnn_step_backward_float(relu, y[j], dh[j]);
}

/* out: dy, and what comes out anew */
static void lstm_backward(const group *s, int64_t q, const float *dy, float *out,
                          float *dx, float *dgates)
{
    const lks_recurrent *r = s->l->r;
    const int64_t H = s->l->H, t = s->at[q], at = s->first + q;
    const float *g = lks_step_at(r->gates, t, at), *c = lks_step_at(r->cells, t, at);
    const float *c_before = before(s, q, r->cells, r->c0);
    float *dc = lks_row_at(s->l->g->dc0, at);

    LKS_VECTOR_FOR(j, H)
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
    const float *g = lks_step_at(r->gates, t, at),
                *hidden = lks_step_at(r->hidden, t, at);
    const float *h_before = before(s, q, r->y, r->h0);
    float *d_hidden = lks_step_at(s->l->g->d_hidden, t, at);

    LKS_VECTOR_FOR(j, H)
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
    float *dx = lks_step_at(l->g->dx, t, at);
    float *dgates = s->dgates + q * (l->n_gates * H + PAD);

    if (r->kind == LKS_LSTM)
        lstm_backward(s, q, r->w_hr ? out : dh, out, dx, dgates);
    else if (r->kind == LKS_GRU)
        gru_backward(s, q, dh, dx, dgates);
    else
        rnn_backward(s, q, dh, dx, dgates);
    if (r->w_hr)
        lks_state_copy(H, out, lks_step_at(l->g->unprojected, t, at));
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
            lks_state_add(l->P, lks_step_at(l->g->dy, s->at[q], s->first + q), dh);
        if (l->r->w_hr)
            lks_state_copy(l->P, dh,
                           lks_step_at(l->g->d_projected, s->at[q], s->first + q));
    }
    if (l->r->w_hr)
        LKS_CPU(recurrent_multiply)
    (s, &l->w_hr, s->h, stride, false, s->output, l->H + PAD);
    for (int64_t q = 0; q < s->n; q++)
        if (s->at[q] >= 0)
            activate_backward(s, q);
    LKS_CPU(recurrent_multiply)
    (s, &l->w[0], s->dgates, l->n_gates * l->H + PAD, l->r->kind == LKS_GRU, s->h,
     stride);
}

static void zero_step(const lks_view *x, int64_t t, int64_t n)
{
    if (x)
        lks_state_copy(x->sizes[2], NULL, lks_step_at(x, t, n));
}

void LKS_CPU(recurrent_back)(lks_recurrent_group *s)
{
    const layer *l = s->l;
    const lks_recurrent_grads *g = l->g;
    const int64_t stride = l->P + PAD;

    for (int64_t q = 0; q < s->n; q++) {
        lks_state_copy(l->P, lks_row_at(g->dh_n, s->first + q), s->h + q * stride);
        if (l->r->kind == LKS_LSTM)
            lks_state_copy(l->H, lks_row_at(g->dc_n, s->first + q),
                           lks_row_at(g->dc0, s->first + q));
    }
    for (int64_t i = l->n_steps; i-- > 0;) {
        lks_group_go_to(s, i);
        step_backward(s);
    }
    for (int64_t q = 0; q < s->n; q++) {
        lks_state_copy(l->P, s->h + q * stride, lks_row_at(g->dh0, s->first + q));
        for (int64_t t = s->n_steps[q]; t < l->n_steps; t++) {
            zero_step(g->dx, t, s->first + q);
            zero_step(g->d_hidden, t, s->first + q);
            zero_step(g->d_projected, t, s->first + q);
            zero_step(g->unprojected, t, s->first + q);
        }
    }
}
