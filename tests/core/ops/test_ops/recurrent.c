#include "cases.h"

static const lks_rng stream = {.seed = 7, .step = 1, .lane = 2, .layer = 3};

/* All results in a row. */
static lks_tensor *all_of(lks_tensor *y, lks_tensor *h_n, lks_tensor *c_n)
{
    lks_tensor *const parts[] = {lks_flatten(y, 0, -1), lks_flatten(h_n, 0, -1),
                                 lks_flatten(c_n, 0, -1)};

    return lks_cat(parts, c_n ? 3 : 2, 0);
}

static lks_tensor *run_all(lks_tensor *x, lks_tensor *h0, lks_tensor *c0,
                           const lks_rnn_params *p)
{
    lks_tensor *h_n, *c_n, *y = lks_rnn(x, h0, c0, p, &h_n, &c_n);

    return y ? all_of(y, h_n, c_n) : NULL;
}

static lks_tensor *run_ragged(lks_tensor *const *x, int n_weights, lks_rnn_params p,
                              int64_t length)
{
    const int64_t lengths[] = {2, length, 1};

    p.weights = x + 1;
    p.lengths = lks_from_data(LKS_SHAPE_OF(3), LKS_I64, lengths, lks_tensor_device(x[0]));
    return run_all(x[0], x[1 + n_weights], p.kind == LKS_LSTM ? x[2 + n_weights] : NULL,
                   &p);
}

#define PARAMS(...)              (&(const lks_rnn_params){.weights = x + 1, __VA_ARGS__})
#define RNN(id, h0, c0, ...)     F(id, lks_rnn(x[0], h0, c0, PARAMS(__VA_ARGS__), NULL, NULL))
#define RNN_ALL(id, h0, c0, ...) F(id, run_all(x[0], h0, c0, PARAMS(__VA_ARGS__)))
#define RAGGED(id, n, length, ...)                                                       \
    F(id, run_ragged(x, n, (lks_rnn_params){__VA_ARGS__}, length))

RNN(rnn_lstm, NULL, NULL, .kind = LKS_LSTM, .bias = true)
RNN_ALL(rnn_lstm_states, x[3], x[4], .kind = LKS_LSTM)
RNN_ALL(rnn_lstm_projected, x[4], x[5], .kind = LKS_LSTM, .proj_size = 2)
RNN_ALL(rnn_gru, x[5], NULL, .kind = LKS_GRU, .bias = true, .batch_first = true)
RNN_ALL(rnn_gru_both_ways, x[5], NULL, .kind = LKS_GRU, .bidirectional = true)
RNN_ALL(rnn_tanh_layers, x[5], NULL, .kind = LKS_RNN_TANH, .num_layers = 2)
RNN_ALL(rnn_relu_one, NULL, NULL, .kind = LKS_RNN_RELU, .bias = true)
RNN_ALL(rnn_lstm_one, x[3], x[4], .kind = LKS_LSTM, .batch_first = true)
RNN_ALL(rnn_lstm_one_biased, x[5], x[6], .kind = LKS_LSTM, .bias = true)
RNN(rnn_dropout, NULL, NULL, .kind = LKS_RNN_TANH, .num_layers = 2, .dropout = 0.25,
    .rng = &stream)
RNN(rnn_evaluated, NULL, NULL, .kind = LKS_RNN_TANH, .num_layers = 2, .dropout = 0.25)
RAGGED(rnn_ragged_lstm, 4, 3, .kind = LKS_LSTM, .bidirectional = true)
RAGGED(rnn_ragged_gru, 4, 3, .kind = LKS_GRU, .bidirectional = true, .batch_first = true)
RAGGED(rnn_ragged_tanh, 4, 3, .kind = LKS_RNN_TANH, .num_layers = 2)

RNN(rnn_gru_projected, NULL, NULL, .kind = LKS_GRU, .proj_size = 2)
RNN(rnn_projected_wide, NULL, NULL, .kind = LKS_LSTM, .proj_size = 3)
RNN(rnn_gru_cells, NULL, x[3], .kind = LKS_GRU)
RNN(rnn_gru_plain, NULL, NULL, .kind = LKS_GRU)
RNN(rnn_no_layers, NULL, NULL, .kind = LKS_GRU, .num_layers = -1)
RNN(rnn_dropout_two, NULL, NULL, .kind = LKS_GRU, .dropout = 2)
RNN(rnn_state, x[3], NULL, .kind = LKS_GRU)
RNN(rnn_lengths, NULL, NULL, .kind = LKS_GRU, .lengths = x[3])
RAGGED(rnn_too_long, 2, 4, .kind = LKS_RNN_TANH)
RAGGED(rnn_of_nothing, 2, 0, .kind = LKS_RNN_TANH)
const lks_op_cases lks_op_cases_rnn = {
    .cases = CASES(
        {"lstm", rnn_lstm, {X(3, 2, 2), X(12, 2), X(12, 3), X(12), X(12)}},
        {"lstm_states",
         rnn_lstm_states,
         {X(3, 2, 2), X(12, 2), X(12, 3), X(1, 2, 3), X(1, 2, 3)}},
        {"lstm_projected",
         rnn_lstm_projected,
         {X(2, 3, 2), X(12, 2), X(12, 2), X(2, 3), X(1, 3, 2), X(1, 3, 3)}},
        {"lstm_one", rnn_lstm_one, {X(3, 2), X(8, 2), X(8, 2), X(1, 2), X(1, 2)}},
        {"gru", rnn_gru, {X(2, 3, 2), X(9, 2), X(9, 3), X(9), X(9), X(1, 2, 3)}},
        {"gru_both_ways",
         rnn_gru_both_ways,
         {X(3, 2, 2), X(6, 2), X(6, 2), X(6, 2), X(6, 2), X(2, 2, 2)}},
        {"tanh_layers",
         rnn_tanh_layers,
         {X(3, 2, 2), X(3, 2), X(3, 3), X(3, 3), X(3, 3), X(2, 2, 3)}},
        {"lstm_one_biased",
         rnn_lstm_one_biased,
         {X(3, 2), X(8, 2), X(8, 2), X(8), X(8), X(1, 2), X(1, 2)}},
        {"relu_one", rnn_relu_one, {X(4, 2), X(3, 2), X(3, 3), X(3), X(3)}},
        {"dropout", rnn_dropout, {X(3, 2, 2), X(3, 2), X(3, 3), X(3, 3), X(3, 3)}},
        {"evaluated", rnn_evaluated, {X(3, 2, 2), X(3, 2), X(3, 3), X(3, 3), X(3, 3)}},
        {"ragged_lstm",
         rnn_ragged_lstm,
         {X(3, 3, 2), X(8, 2), X(8, 2), X(8, 2), X(8, 2), X(2, 3, 2), X(2, 3, 2)}},
        {"ragged_gru",
         rnn_ragged_gru,
         {X(3, 3, 2), X(6, 2), X(6, 2), X(6, 2), X(6, 2), X(2, 3, 2)}},
        {"ragged_tanh",
         rnn_ragged_tanh,
         {X(3, 3, 2), X(2, 2), X(2, 2), X(2, 2), X(2, 2), X(2, 3, 2)}}),
    .refusals =
        REFUSALS({"features",
                  rnn_gru_plain,
                  {X(3, 2, 4), X(6, 2), X(6, 2)},
                  LKS_SHAPE,
                  "gru: weight_ih_l0 (6, 2), which input (3, 2, 4) makes (6, 4)"},
                 {"state's weight",
                  rnn_gru_plain,
                  {X(3, 2, 4), X(6, 4), X(6, 3)},
                  LKS_SHAPE,
                  "gru: weight_hh_l0 (6, 3), which input (3, 2, 4) makes (6, 2)"},
                 {"no rows",
                  rnn_gru_plain,
                  {X(3, 2, 4), X(2, 4), X(2, 2)},
                  LKS_SHAPE,
                  "gru: the first weight (2, 4) has no row for each of 3 gates"},
                 {"a vector",
                  rnn_gru_plain,
                  {X(3), X(6, 4), X(6, 2)},
                  LKS_SHAPE,
                  "gru: takes input (T, N, I) or (T, I), not (3,)"},
                 {"no steps",
                  rnn_gru_plain,
                  {X(0, 2, 4), X(6, 4), X(6, 2)},
                  LKS_SHAPE,
                  "gru: input (0, 2, 4) has no steps"},
                 {"state",
                  rnn_state,
                  {X(3, 2, 4), X(6, 4), X(6, 2), X(1, 3, 2)},
                  LKS_SHAPE,
                  "gru: h0 (1, 3, 2), which input (3, 2, 4) makes (1, 2, 2)"},
                 {"state of one",
                  rnn_state,
                  {X(3, 4), X(6, 4), X(6, 2), X(1, 1, 2)},
                  LKS_SHAPE,
                  "gru: h0 (1, 1, 2), which input (3, 4) makes (1, 2)"},
                 {"dtype",
                  rnn_state,
                  {X(3, 2, 4), X(6, 4), X(6, 2), INDEX(3, 1, 2, 2)},
                  LKS_DTYPE,
                  "gru: h0 is int64, the input float64"},
                 {"projected",
                  rnn_gru_projected,
                  {X(3, 2, 4), X(6, 4), X(6, 2), X(2, 2)},
                  LKS_INVALID,
                  "gru: proj_size 2: it is an LSTM's, or 0"},
                 {"projected wide",
                  rnn_projected_wide,
                  {X(3, 2, 4), X(12, 4), X(12, 3), X(3, 3)},
                  LKS_INVALID,
                  "lstm: proj_size 3 is not below hidden_size 3"},
                 {"cells",
                  rnn_gru_cells,
                  {X(3, 2, 4), X(6, 4), X(6, 2), X(1, 2, 2)},
                  LKS_INVALID,
                  "gru: c0 is an LSTM's"},
                 {"layers",
                  rnn_no_layers,
                  {X(3, 2, 4), X(6, 4), X(6, 2)},
                  LKS_INVALID,
                  "gru: num_layers -1 is below 1"},
                 {"dropout",
                  rnn_dropout_two,
                  {X(3, 2, 4), X(6, 4), X(6, 2)},
                  LKS_INVALID,
                  "gru: dropout 2 is not in [0, 1]"},
                 {"lengths",
                  rnn_lengths,
                  {X(3, 2, 4), X(6, 4), X(6, 2), INDEX(1, 3)},
                  LKS_SHAPE,
                  "gru: lengths (3,) of 2 sequences"},
                 {"lengths' dtype",
                  rnn_lengths,
                  {X(3, 2, 4), X(6, 4), X(6, 2), X(2)},
                  LKS_DTYPE,
                  "gru: lengths are int64, not float64"},
                 {"too long",
                  rnn_too_long,
                  {X(3, 3, 2), X(2, 2), X(2, 2), X(1, 3, 2)},
                  LKS_INVALID,
                  ": length 4 of sequence 1 is beyond the padding, which ends at 3"},
                 {"of nothing",
                  rnn_of_nothing,
                  {X(3, 3, 2), X(2, 2), X(2, 2), X(1, 3, 2)},
                  LKS_INVALID,
                  ": length 0 of sequence 1: a sequence has at least one step"}),
};

#define CELL_CASES(name)                                                                 \
    F(name##_biased, lks_##name(x[0], x[1], x[2], x[3], x[4], x[5]))                     \
    F(name##_plain, lks_##name(x[0], NULL, x[1], x[2], NULL, NULL))
CELL_CASES(rnn_tanh_cell)
CELL_CASES(rnn_relu_cell)
CELL_CASES(gru_cell)

F(gru_cell_half, lks_gru_cell(x[0], NULL, x[1], x[2], x[3], NULL))

const lks_op_cases lks_op_cases_rnn_tanh_cell = {
    .cases = CASES({"biased",
                    rnn_tanh_cell_biased,
                    {X(2, 3), X(2, 2), X(2, 3), X(2, 2), X(2), X(2)}},
                   {"one", rnn_tanh_cell_plain, {X(3), X(2, 3), X(2, 2)}}),
    .refusals = REFUSALS({"state",
                          rnn_tanh_cell_biased,
                          {X(2, 3), X(3, 2), X(2, 3), X(2, 2), X(2), X(2)},
                          LKS_SHAPE,
                          "rnn_tanh_cell: h0 (3, 2), which input (2, 3) makes (2, 2)"}),
};
const lks_op_cases lks_op_cases_rnn_relu_cell = {
    .cases = CASES({"biased",
                    rnn_relu_cell_biased,
                    {X(2, 3), X(2, 2), X(2, 3), X(2, 2), X(2), X(2)}},
                   {"one", rnn_relu_cell_plain, {X(3), X(2, 3), X(2, 2)}}),
    .refusals = REFUSALS({"input",
                          rnn_relu_cell_plain,
                          {X(1, 2, 3), X(2, 3), X(2, 2)},
                          LKS_SHAPE,
                          "rnn_relu_cell: takes input (N, I) or (I), not (1, 2, 3)"}),
};
const lks_op_cases lks_op_cases_gru_cell = {
    .cases = CASES(
        {"biased", gru_cell_biased, {X(2, 3), X(2, 2), X(6, 3), X(6, 2), X(6), X(6)}},
        {"one", gru_cell_plain, {X(3), X(6, 3), X(6, 2)}}),
    .refusals = REFUSALS({"one bias",
                          gru_cell_half,
                          {X(2, 3), X(6, 3), X(6, 2), X(6)},
                          LKS_INVALID,
                          "gru_cell: bias_ih and bias_hh come both or neither"},
                         {"bias",
                          gru_cell_biased,
                          {X(2, 3), X(2, 2), X(6, 3), X(6, 2), X(6), X(5)},
                          LKS_SHAPE,
                          "gru_cell: bias_hh (5,), which input (2, 3) makes (6,)"}),
};

static lks_tensor *lstm_cell_all(lks_tensor *const *x, lks_tensor *b_ih, lks_tensor *b_hh)
{
    lks_tensor *c, *h = lks_lstm_cell(x[0], x[1], x[2], x[3], x[4], b_ih, b_hh, &c);
    lks_tensor *const both[] = {h, c};

    return lks_stack(both, 2, 0);
}

F(lstm_cell_biased, lstm_cell_all(x, x[5], x[6]))
F(lstm_cell_plain, lks_lstm_cell(x[0], NULL, NULL, x[1], x[2], NULL, NULL, NULL))
const lks_op_cases lks_op_cases_lstm_cell = {
    .cases = CASES({"biased",
                    lstm_cell_biased,
                    {X(2, 3), X(2, 2), X(2, 2), X(8, 3), X(8, 2), X(8), X(8)}},
                   {"one", lstm_cell_plain, {X(3), X(8, 3), X(8, 2)}}),
    .refusals = REFUSALS({"weight",
                          lstm_cell_plain,
                          {X(3), X(8, 2), X(8, 2)},
                          LKS_SHAPE,
                          "lstm_cell: weight_ih (8, 2), which input (3,) makes (8, 3)"}),
};
