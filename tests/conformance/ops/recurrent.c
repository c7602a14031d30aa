/* Recurrent modules, with the parameters that the case gives. */
#include "table.h"

#include <stdio.h>
#include <string.h>

enum { MAX_WEIGHTS = 128 };

static lks_recurrence rnn_kind(call *c, int position)
{
    return strcmp(word(c, ctor(position, "nonlinearity"), "tanh"), "relu") == 0
               ? LKS_RNN_RELU
               : LKS_RNN_TANH;
}

/* The state's weights in their order. */
static void find_weights(call *c, const lks_rnn_params *p, lks_tensor **out)
{
    const struct {
        const char *name;
        bool is_there;
    } kinds[] = {{"weight_ih", true},
                 {"weight_hh", true},
                 {"bias_ih", p->bias},
                 {"bias_hh", p->bias},
                 {"weight_hr", p->proj_size > 0}};
    char name[64];

    for (int64_t l = 0; l < p->num_layers; l++)
        for (int d = 0; d < (p->bidirectional ? 2 : 1); d++)
            for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
                snprintf(name, sizeof name, "%s_l%lld%s", kinds[i].name, (long long)l,
                         d ? "_reverse" : "");
                if (kinds[i].is_there)
                    *out++ = tensor(c, state(name));
            }
}

static void run_layers(call *c, lks_recurrence kind)
{
    const bool lstm = kind == LKS_LSTM;
    lks_tensor *weights[MAX_WEIGHTS], *states[MAX_LIST] = {NULL}, *h_n, *c_n;
    lks_rnn_params p = {
        .kind = kind,
        .num_layers = integer(c, ctor(2, "num_layers"), 1),
        .proj_size = integer(c, ctor(7, "proj_size"), 0),
        .bias = flag(c, ctor(3, "bias"), true),
        .bidirectional = flag(c, ctor(6, "bidirectional"), false),
        .batch_first = flag(c, ctor(4, "batch_first"), false),
        .weights = weights,
    };

    integer(c, ctor(0, "input_size"), 0); /* the weights' shapes say these */
    integer(c, ctor(1, "hidden_size"), 0);
    only(c, ctor(5, "dropout"), 0);
    find_weights(c, &p, weights);
    if (lstm && given(c, arg(1, "hx")))
        tensors(c, arg(1, "hx"), states);
    else if (!lstm)
        states[0] = optional(c, arg(1, "hx"));
    give(c, lks_rnn(tensor(c, arg(0, "input")), states[0], states[1], &p, &h_n, &c_n));
    give(c, h_n);
    if (lstm)
        give(c, c_n);
}

static void run_rnn(call *c)
{
    run_layers(c, rnn_kind(c, -1));
}

static void run_lstm(call *c)
{
    run_layers(c, LKS_LSTM);
}

static void run_gru(call *c)
{
    run_layers(c, LKS_GRU);
}

typedef lks_tensor *(*cell_fn)(lks_tensor *x, lks_tensor *h, lks_tensor *w_ih,
                               lks_tensor *w_hh, lks_tensor *b_ih, lks_tensor *b_hh);

static void take_sizes(call *c)
{
    integer(c, ctor(0, "input_size"), 0); /* the weights' shapes say these */
    integer(c, ctor(1, "hidden_size"), 0);
    flag(c, ctor(2, "bias"), true);
}

static void run_cell(call *c, cell_fn cell)
{
    take_sizes(c);
    give(c, cell(tensor(c, arg(0, "input")), optional(c, arg(1, "hx")),
                 tensor(c, state("weight_ih")), tensor(c, state("weight_hh")),
                 optional(c, state("bias_ih")), optional(c, state("bias_hh"))));
}

static void run_rnn_cell(call *c)
{
    run_cell(c, rnn_kind(c, 3) == LKS_RNN_RELU ? lks_rnn_relu_cell : lks_rnn_tanh_cell);
}

static void run_gru_cell(call *c)
{
    run_cell(c, lks_gru_cell);
}

static void run_lstm_cell(call *c)
{
    lks_tensor *states[MAX_LIST] = {NULL}, *c_n;

    take_sizes(c);
    if (given(c, arg(1, "hx")))
        tensors(c, arg(1, "hx"), states);
    give(c, lks_lstm_cell(tensor(c, arg(0, "input")), states[0], states[1],
                          tensor(c, state("weight_ih")), tensor(c, state("weight_hh")),
                          optional(c, state("bias_ih")), optional(c, state("bias_hh")),
                          &c_n));
    give(c, c_n);
}

static const row rows[] = {
    {"nn.RNN", .run = run_rnn},          {"nn.LSTM", .run = run_lstm},
    {"nn.GRU", .run = run_gru},          {"nn.RNNCell", .run = run_rnn_cell},
    {"nn.GRUCell", .run = run_gru_cell}, {"nn.LSTMCell", .run = run_lstm_cell},
};
FAMILY(recurrent, rows);
