/* Recurrent networks of several layers and directions, and single steps of one: what
 * PyTorch has as RNN, LSTM and GRU, and their cells. */
#include <stdio.h>

#include "base/alloc.h"
#include "base/try.h"
#include "ops/recurrent.h"

typedef lks_rnn_params params;

/* A call on its way. A cell is one layer over one step. */
typedef struct network {
    const char *name;
    bool is_cell, is_batched;
    const params *p;
    int64_t n_layers, n_directions, n_weights; /* weights of a layer and direction */
    int64_t T, N, I, H, P;
} network;

enum { W_IH, W_HH, B_IH, B_HH, W_HR, N_WEIGHTS };

static int64_t place_of(const network *net, int which)
{
    return which == W_HR && !net->p->bias ? B_IH : which;
}

static bool has_weight(const network *net, int which)
{
    return which == W_HR                    ? net->p->proj_size > 0
           : which == B_IH || which == B_HH ? net->p->bias
                                            : true;
}

/* Layer l's in direction d; NULL if there is none. */
static lks_tensor *weight_of(const network *net, int64_t l, int64_t d, int which)
{
    const int64_t first = (l * net->n_directions + d) * net->n_weights;

    return has_weight(net, which) ? net->p->weights[first + place_of(net, which)] : NULL;
}

/* ---- what does not fit ---- */

typedef struct weight_text {
    char text[64];
} weight_text;

/* "weight_ih_l0_reverse"; of a cell "weight_ih". */
static const char *name_weight(const network *net, int64_t l, int64_t d, int which,
                               weight_text *out)
{
    static const char *const names[] = {"weight_ih", "weight_hh", "bias_ih", "bias_hh",
                                        "weight_hr"};

    if (net->is_cell)
        return names[which];
    snprintf(out->text, sizeof out->text, "%s_l%lld%s", names[which], (long long)l,
             d ? "_reverse" : "");
    return out->text;
}

static lks_status check_shape(const network *net, const char *what, const lks_tensor *t,
                              const lks_tensor *x, const lks_shape *want)
{
    char text[LKS_SHAPE_TEXT];

    if (!lks_view_has_shape(&t->view, want))
        return lks_fail(LKS_SHAPE, "%s: %s %s, which input %s makes %s", net->name, what,
                        LKS_TEXT(t), LKS_TEXT(x),
                        lks_shape_text(want, text, sizeof text));
    if (t->view.dtype != x->view.dtype)
        return lks_fail(LKS_DTYPE, "%s: %s is %s, the input %s", net->name, what,
                        lks_dtype_name(t->view.dtype), lks_dtype_name(x->view.dtype));
    return lks_same_device(x, t, net->name);
}

static lks_shape weight_shape(const network *net, int64_t l, int which)
{
    const int64_t GH = lks_recurrence_gates(net->p->kind) * net->H;

    switch (which) {
    case W_IH:
        return LKS_SHAPE_OF(GH, l > 0 ? net->n_directions * net->P : net->I);
    case W_HH:
        return LKS_SHAPE_OF(GH, net->P);
    case W_HR:
        return LKS_SHAPE_OF(net->P, net->H);
    default:
        return LKS_SHAPE_OF(GH);
    }
}

static lks_status check_weights(const network *net, const lks_tensor *x)
{
    weight_text text;

    for (int64_t l = 0; l < net->n_layers; l++)
        for (int64_t d = 0; d < net->n_directions; d++)
            for (int which = 0; which < N_WEIGHTS; which++) {
                const lks_shape want = weight_shape(net, l, which);

                if (has_weight(net, which))
                    LKS_TRY(check_shape(net, name_weight(net, l, d, which, &text),
                                        weight_of(net, l, d, which), x, &want));
            }
    return LKS_OK;
}

/* (L D, N, size); of a cell and of one sample without the first or the second. */
static lks_status check_state(const network *net, const char *what, const lks_tensor *h,
                              const lks_tensor *x, int64_t size)
{
    lks_shape want = {.ndim = 0};

    if (!h)
        return LKS_OK;
    if (!net->is_cell)
        want.sizes[want.ndim++] = net->n_layers * net->n_directions;
    if (net->is_batched)
        want.sizes[want.ndim++] = net->N;
    want.sizes[want.ndim++] = size;
    return check_shape(net, what, h, x, &want);
}

static lks_status check_lengths(const network *net)
{
    const lks_tensor *lengths = net->p->lengths;

    if (!lengths)
        return LKS_OK;
    if (lengths->view.ndim != 1 || lengths->view.sizes[0] != net->N)
        return lks_fail(LKS_SHAPE, "%s: lengths %s of %lld sequences", net->name,
                        LKS_TEXT(lengths), (long long)net->N);
    if (lengths->view.dtype != LKS_I64)
        return lks_fail(LKS_DTYPE, "%s: lengths are int64, not %s", net->name,
                        lks_dtype_name(lengths->view.dtype));
    return LKS_OK;
}

static lks_status check_params(const network *net, const lks_tensor *c0)
{
    const params *p = net->p;

    if (p->num_layers < 0)
        return lks_fail(LKS_INVALID, "%s: num_layers %lld is below 1", net->name,
                        (long long)p->num_layers);
    if (p->proj_size < 0 || (p->proj_size > 0 && p->kind != LKS_LSTM))
        return lks_fail(LKS_INVALID, "%s: proj_size %lld: it is an LSTM's, or 0",
                        net->name, (long long)p->proj_size);
    if (c0 && p->kind != LKS_LSTM)
        return lks_fail(LKS_INVALID, "%s: c0 is an LSTM's", net->name);
    if (!(p->dropout >= 0 && p->dropout <= 1))
        return lks_fail(LKS_INVALID, "%s: dropout %g is not in [0, 1]", net->name,
                        p->dropout);
    return LKS_OK;
}

/* The sizes, of x and the first layer's weights, which are there. */
static lks_status measure(network *net, const lks_tensor *x)
{
    const lks_view *w = &net->p->weights[W_IH]->view;
    const int n_dims = net->is_cell ? 1 : 2, ndim = x->view.ndim;
    const int64_t *sizes = x->view.sizes;

    if (ndim != n_dims && ndim != n_dims + 1)
        return lks_fail(LKS_SHAPE, "%s: takes input %s, not %s", net->name,
                        net->is_cell          ? "(N, I) or (I)"
                        : net->p->batch_first ? "(N, T, I) or (T, I)"
                                              : "(T, N, I) or (T, I)",
                        LKS_TEXT(x));
    net->is_batched = ndim > n_dims;
    net->I = sizes[ndim - 1];
    net->T = net->is_cell ? 1 : sizes[net->is_batched && net->p->batch_first ? 1 : 0];
    net->N = !net->is_batched                      ? 1
             : net->is_cell || net->p->batch_first ? sizes[0]
                                                   : sizes[1];
    net->H = w->ndim > 0 ? w->sizes[0] / lks_recurrence_gates(net->p->kind) : 0;
    net->P = net->p->proj_size > 0 ? net->p->proj_size : net->H;
    return LKS_OK;
}

static lks_status check_sizes(const network *net, const lks_tensor *x)
{
    const lks_tensor *w = net->p->weights[W_IH];
    const int n_gates = lks_recurrence_gates(net->p->kind);

    if (net->T == 0)
        return lks_fail(LKS_SHAPE, "%s: input %s has no steps", net->name, LKS_TEXT(x));
    if (net->H == 0)
        return lks_fail(LKS_SHAPE, "%s: the first weight %s has no row for each of %d %s",
                        net->name, LKS_TEXT(w), n_gates, n_gates > 1 ? "gates" : "gate");
    if (net->p->proj_size >= net->H)
        return lks_fail(LKS_INVALID, "%s: proj_size %lld is not below hidden_size %lld",
                        net->name, (long long)net->p->proj_size, (long long)net->H);
    return LKS_OK;
}

static lks_status check(network *net, const lks_tensor *x, const lks_tensor *h0,
                        const lks_tensor *c0)
{
    LKS_TRY(check_params(net, c0));
    LKS_TRY(measure(net, x));
    LKS_TRY(check_sizes(net, x));
    LKS_TRY(check_weights(net, x));
    LKS_TRY(check_state(net, "h0", h0, x, net->P));
    LKS_TRY(check_state(net, "c0", c0, x, net->H));
    return check_lengths(net);
}

/* ---- what is done ---- */

/* The i-th of h (L D, N, …), NULL if there is none. */
static lks_status state_of(lks_tensor *h, int64_t i, lks_tensor **out)
{
    *out = h ? lks_lines_dense(lks_select(h, 0, i)) : NULL;
    return *out || !h ? LKS_OK : LKS_NOMEM;
}

typedef struct outputs {
    lks_tensor *at[LKS_RNN_N_OUTPUTS];
} outputs;

/* Layer l in direction d over x (T, N, I) or (N, T, I). */
static lks_status run_direction(const network *net, int64_t l, int64_t d, lks_tensor *x,
                                lks_tensor *h0, lks_tensor *c0, outputs *out)
{
    const int64_t i = l * net->n_directions + d;
    lks_tensor *in[LKS_RNN_N_INPUTS] = {
        [LKS_RNN_X] = x, [LKS_RNN_LENGTHS] = net->p->lengths};

    for (int which = 0; which < N_WEIGHTS; which++) {
        lks_tensor *w = weight_of(net, l, d, which);

        if (w && !(in[LKS_RNN_W_IH + which] = lks_contiguous(w)))
            return LKS_NOMEM;
    }
    LKS_TRY(state_of(h0, i, &in[LKS_RNN_H0]));
    LKS_TRY(state_of(c0, i, &in[LKS_RNN_C0]));
    return lks_recurrent_apply(net->p->kind, d > 0, net->p->batch_first, in, out->at);
}

/* Dropout between layer l and the next one. */
static lks_tensor *drop(const network *net, int64_t l, lks_tensor *x)
{
    lks_rng rng;

    if (!x || !net->p->rng || net->p->dropout == 0 || l + 1 == net->n_layers)
        return x;
    rng = *net->p->rng;
    rng.layer += (uint32_t)l << 16;
    return lks_dropout(x, net->p->dropout, &rng);
}

static lks_tensor *rows_dense(lks_tensor *x)
{
    lks_view rows;

    return !x || lks_view_matrix(&x->view, 2, &rows) ? x : lks_contiguous(x);
}

/* n states (N, …) as (n, N, …). */
static lks_tensor *stack(lks_tensor *const *states, int64_t n)
{
    return n == 1 ? lks_unsqueeze(states[0], 0) : lks_stack(states, (int)n, 0);
}

/* Layer l, its state going into h_n and c_n; what the next one takes. */
static lks_tensor *run_layer(const network *net, int64_t l, lks_tensor *x, lks_tensor *h0,
                             lks_tensor *c0, lks_tensor **h_n, lks_tensor **c_n)
{
    const int64_t D = net->n_directions;
    lks_tensor *y[2];

    if (!(x = rows_dense(x)))
        return NULL;
    for (int64_t d = 0; d < D; d++) {
        outputs one;

        if (run_direction(net, l, d, x, h0, c0, &one) != LKS_OK)
            return NULL;
        y[d] = one.at[LKS_RNN_Y];
        h_n[l * D + d] = one.at[LKS_RNN_H_N];
        c_n[l * D + d] = one.at[LKS_RNN_C_N];
    }
    return drop(net, l, D == 1 ? y[0] : lks_cat(y, 2, 2));
}

/* All layers over x with its batch. */
static lks_status run_layers(const network *net, lks_tensor *x, lks_tensor *h0,
                             lks_tensor *c0, outputs *out)
{
    const int64_t n = net->n_layers * net->n_directions;
    const bool lstm = net->p->kind == LKS_LSTM;
    lks_tensor **states = lks_calloc(2 * (size_t)n, sizeof(lks_tensor *));

    if (!states)
        return LKS_NOMEM;
    for (int64_t l = 0; l < net->n_layers && x; l++)
        x = run_layer(net, l, x, h0, c0, states, states + n);
    out->at[LKS_RNN_Y] = x;
    out->at[LKS_RNN_H_N] = x ? stack(states, n) : NULL;
    out->at[LKS_RNN_C_N] = x && lstm ? stack(states + n, n) : NULL;
    lks_free(states);
    return out->at[LKS_RNN_H_N] && (!lstm || out->at[LKS_RNN_C_N]) ? LKS_OK : LKS_NOMEM;
}

/* With the dimensions that a call leaves out: one sequence's batch, at `at`, and a cell's
 * step or layer, the first. */
static lks_status widen(const network *net, int at, lks_tensor **t)
{
    if (*t && !net->is_batched)
        *t = lks_unsqueeze(*t, net->is_cell ? 0 : at);
    else if (!*t)
        return LKS_OK;
    if (*t && net->is_cell)
        *t = lks_unsqueeze(*t, 0);
    return *t ? LKS_OK : LKS_NOMEM;
}

/* Without them again. */
static lks_status narrow(const network *net, int at, lks_tensor **t)
{
    if (!*t)
        return LKS_OK;
    if (net->is_cell)
        *t = lks_squeeze(*t, 0);
    if (*t && !net->is_batched)
        *t = lks_squeeze(*t, net->is_cell ? 0 : at);
    return *t ? LKS_OK : LKS_NOMEM;
}

static lks_status run(const network *net, lks_tensor *x, lks_tensor *h0, lks_tensor *c0,
                      outputs *out)
{
    const int at = net->p->batch_first ? 0 : 1;

    LKS_TRY(widen(net, at, &x));
    LKS_TRY(widen(net, 1, &h0));
    LKS_TRY(widen(net, 1, &c0));
    LKS_TRY(run_layers(net, x, h0, c0, out));
    LKS_TRY(narrow(net, at, &out->at[LKS_RNN_Y]));
    LKS_TRY(narrow(net, 1, &out->at[LKS_RNN_H_N]));
    return narrow(net, 1, &out->at[LKS_RNN_C_N]);
}

/* Whether nothing that is there is NULL because its own expression failed. */
static bool is_whole(const network *net, const lks_tensor *x, const lks_tensor *h0,
                     const lks_tensor *c0)
{
    const int64_t n = net->n_layers * net->n_directions * net->n_weights;

    if (!x || !net->p->weights ||
        ((!h0 || !c0 || !net->p->lengths) && lks_error_status() != LKS_OK))
        return false;
    for (int64_t i = 0; i < n; i++)
        if (!net->p->weights[i])
            return false;
    return true;
}

static lks_tensor *call(network *net, lks_tensor *x, lks_tensor *h0, lks_tensor *c0,
                        lks_tensor **h_n, lks_tensor **c_n)
{
    const lks_status before = lks_error_status();
    const params *p = net->p;
    outputs out = {{NULL}};

    if (h_n)
        *h_n = NULL;
    if (c_n)
        *c_n = NULL;
    net->n_layers = p->num_layers > 0 ? p->num_layers : 1;
    net->n_directions = p->bidirectional ? 2 : 1;
    net->n_weights = 2 + (p->bias ? 2 : 0) + (p->proj_size > 0 ? 1 : 0);
    if (!is_whole(net, x, h0, c0) || check(net, x, h0, c0) != LKS_OK ||
        lks_scope_open() != LKS_OK)
        return NULL;
    if (run(net, x, h0, c0, &out) != LKS_OK)
        out = (outputs){{NULL}};
    if (h_n)
        *h_n = lks_scope_return(out.at[LKS_RNN_H_N]);
    if (c_n)
        *c_n = lks_scope_return(out.at[LKS_RNN_C_N]);
    lks_scope_return(out.at[LKS_RNN_Y]);
    lks_scope_close();
    return lks_named(net->name, before, out.at[LKS_RNN_Y]);
}

lks_tensor *lks_rnn(lks_tensor *x, lks_tensor *h0, lks_tensor *c0,
                    const lks_rnn_params *p, lks_tensor **h_n, lks_tensor **c_n)
{
    network net = {.name = lks_recurrence_name(p->kind), .p = p};

    return call(&net, x, h0, c0, h_n, c_n);
}

/* ---- cells ---- */

static lks_tensor *cell(const char *name, lks_recurrence kind, lks_tensor *x,
                        lks_tensor *h, lks_tensor *c, lks_tensor *const *weights,
                        lks_tensor **c_n)
{
    const params p = {.kind = kind, .bias = weights[B_IH], .weights = weights};
    network net = {.name = name, .is_cell = true, .p = &p};

    if (c_n)
        *c_n = NULL;
    if ((!weights[B_IH] || !weights[B_HH]) && lks_error_status() != LKS_OK)
        return NULL;
    if (!weights[B_IH] != !weights[B_HH]) {
        lks_fail(LKS_INVALID, "%s: bias_ih and bias_hh come both or neither", name);
        return NULL;
    }
    return call(&net, x, h, c, NULL, c_n);
}

#define CELL(name, kind)                                                                 \
    lks_tensor *lks_##name(lks_tensor *x, lks_tensor *h, lks_tensor *w_ih,               \
                           lks_tensor *w_hh, lks_tensor *b_ih, lks_tensor *b_hh)         \
    {                                                                                    \
        return cell(#name, kind, x, h, NULL,                                             \
                    (lks_tensor *const[]){w_ih, w_hh, b_ih, b_hh}, NULL);                \
    }
CELL(rnn_tanh_cell, LKS_RNN_TANH)
CELL(rnn_relu_cell, LKS_RNN_RELU)
CELL(gru_cell, LKS_GRU)

lks_tensor *lks_lstm_cell(lks_tensor *x, lks_tensor *h, lks_tensor *c, lks_tensor *w_ih,
                          lks_tensor *w_hh, lks_tensor *b_ih, lks_tensor *b_hh,
                          lks_tensor **c_n)
{
    return cell("lstm_cell", LKS_LSTM, x, h, c,
                (lks_tensor *const[]){w_ih, w_hh, b_ih, b_hh}, c_n);
}
