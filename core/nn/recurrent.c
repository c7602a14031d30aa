/* nn.RNN, nn.LSTM and nn.GRU over samples (T, features). */
#include "base/layer_options.h"
#include "base/option_expand.h"
#include "base/try.h"
#include "nn/layer.h"
#include "ops/ops.h"

#include <math.h>
#include <stdio.h>

typedef struct recurrent {
    int64_t hidden_size, num_layers, proj_size; /* 0: no projection */
    int nonlinearity;                           /* of rnn: tanh, relu */
    bool bias, batch_first, bidirectional;
    double dropout;
    lks_recurrence kind;
} recurrent;

#define RULE(kind, ...) LKS_OPTION_RULE(recurrent, kind, __VA_ARGS__)

static bool is_lstm(const recurrent *config)
{
    return config->kind == LKS_LSTM;
}

static int64_t n_directions(const recurrent *config)
{
    return config->bidirectional ? 2 : 1;
}

/* Numbers out of each step of a direction. */
static int64_t width(const recurrent *config)
{
    return config->proj_size ? config->proj_size : config->hidden_size;
}

/* ---- infer ---- */

/* Parameters of one direction of one layer, of whose input this is the width.
 * source: nn.RNNBase's reset_parameters */
static lks_status add_weights(lks_layer *layer, int64_t number, bool reverse,
                              int64_t n_in)
{
    const recurrent *config = layer->config;
    const int64_t h = config->hidden_size, gh = lks_recurrence_gates(config->kind) * h;
    const double bound = 1 / sqrt((double)h);
    const lks_init init = lks_init_uniform(-bound, bound);
    const struct {
        const char *name;
        bool is_there;
        lks_shape shape;
    } weights[] = {
        {"weight_ih", true, LKS_SHAPE_OF(gh, n_in)},
        {"weight_hh", true, LKS_SHAPE_OF(gh, width(config))},
        {"bias_ih", config->bias, LKS_SHAPE_OF(gh)},
        {"bias_hh", config->bias, LKS_SHAPE_OF(gh)},
        {"weight_hr", config->proj_size > 0, LKS_SHAPE_OF(config->proj_size, h)},
    };
    char name[48];

    for (size_t i = 0; i < sizeof weights / sizeof *weights; i++) {
        snprintf(name, sizeof name, "%s_l%lld%s", weights[i].name, (long long)number,
                 reverse ? "_reverse" : "");
        if (weights[i].is_there)
            LKS_TRY(lks_layer_add_param(layer, name, weights[i].shape, init));
    }
    return LKS_OK;
}

static lks_status check_options(const lks_layer *layer)
{
    const recurrent *config = layer->config;

    if (!config->batch_first)
        return lks_layer_refuse_options(
            layer, "samples come first always: batch_first may be left out or true");
    if (config->proj_size >= config->hidden_size)
        return lks_layer_refuse_options(
            layer, "proj_size is %lld; it must be below hidden_size, %lld",
            (long long)config->proj_size, (long long)config->hidden_size);
    return LKS_OK;
}

static lks_status check_state(const lks_layer *layer, size_t i, const lks_shape *want)
{
    char text[LKS_SHAPE_TEXT];

    if (i >= layer->n_in || lks_shape_equal(&layer->in[i].shape, want))
        return LKS_OK;
    return lks_layer_refuse(layer, "its %s is %s", i == 1 ? "first state" : "first cells",
                            lks_shape_text(want, text, sizeof text));
}

static lks_status infer(lks_layer *layer)
{
    const recurrent *config = layer->config;
    const lks_shape *in = &layer->in[0].shape;
    const int64_t d = n_directions(config), n = config->num_layers * d;

    LKS_TRY(check_options(layer));
    if (in->ndim != 2)
        return lks_layer_refuse(layer, "%s wants a sequence, (T, features)",
                                layer->type->name);
    layer->n_out = is_lstm(config) ? 3 : 2;
    layer->out[0] = (lks_port){.shape = LKS_SHAPE_OF(in->sizes[0], d * width(config)),
                               .varies_with = layer->in[0].varies_with};
    layer->out[1].shape = LKS_SHAPE_OF(n, width(config));
    layer->out[2].shape = LKS_SHAPE_OF(n, config->hidden_size);
    if (is_lstm(config) && layer->n_in == 2)
        return lks_layer_refuse(layer, "lstm takes its first cells beside its state");
    LKS_TRY(check_state(layer, 1, &layer->out[1].shape));
    LKS_TRY(check_state(layer, 2, &layer->out[2].shape));
    for (int64_t l = 0; l < config->num_layers; l++)
        for (int64_t k = 0; k < d; k++)
            LKS_TRY(add_weights(layer, l, k == 1,
                                l == 0 ? in->sizes[1] : layer->out[0].shape.sizes[1]));
    lks_layer_add_carried(layer);
    lks_layer_add_carried(layer); /* an LSTM's cells */
    return LKS_OK;
}

static lks_status infer_rnn(lks_layer *layer)
{
    recurrent *config = layer->config;

    config->kind = config->nonlinearity ? LKS_RNN_RELU : LKS_RNN_TANH;
    return infer(layer);
}

static lks_status infer_lstm(lks_layer *layer)
{
    ((recurrent *)layer->config)->kind = LKS_LSTM;
    return infer(layer);
}

static lks_status infer_gru(lks_layer *layer)
{
    ((recurrent *)layer->config)->kind = LKS_GRU;
    return infer(layer);
}

/* ---- forward ---- */

/* A state as ports have it, (N, L D, …), and as the operation has it, (L D, N, …). */
static lks_tensor *turn(lks_tensor *state)
{
    return state ? lks_transpose(state, 0, 1) : NULL;
}

/* What it begins with: what it is given, else what the lane carries. */
static lks_tensor *first_state(const lks_layer *layer, const lks_layer_run *run,
                               lks_tensor *const *in, size_t i)
{
    return layer->n_in > 1 ? turn(in[1 + i]) : run->carried[i];
}

static lks_status forward(const lks_layer *layer, const lks_layer_run *run,
                          lks_tensor *const *in, lks_tensor **out)
{
    const recurrent *config = layer->config;
    const bool has_cells = is_lstm(config);
    const lks_rnn_params params = {
        .kind = config->kind,
        .num_layers = config->num_layers,
        .proj_size = config->proj_size,
        .bias = config->bias,
        .bidirectional = config->bidirectional,
        .batch_first = true,
        .dropout = config->dropout,
        .rng = run->training ? &run->rng : NULL,
        .weights = run->params,
        .lengths = run->lengths[0],
    };
    lks_tensor *h0 = first_state(layer, run, in, 0);
    lks_tensor *c0 = has_cells ? first_state(layer, run, in, 1) : NULL;
    lks_tensor *h_n, *c_n;

    LKS_TRY(lks_layer_put(&out[0], lks_rnn(in[0], h0, c0, &params, &h_n, &c_n)));
    LKS_TRY(lks_layer_carry(run, 0, h_n));
    if (has_cells)
        LKS_TRY(lks_layer_carry(run, 1, c_n));
    LKS_TRY(lks_layer_put(&out[1], turn(h_n)));
    return has_cells ? lks_layer_put(&out[2], turn(c_n)) : LKS_OK;
}

/* One way, from what it carries. */
static bool steps(const lks_layer *layer)
{
    const recurrent *config = layer->config;

    return !config->bidirectional && layer->n_in == 1;
}

/* The type `id`, which may be given its first state. */
#define TYPE(id, n_states)                                                               \
    static const lks_option_rule id##_options[] = {LKS_OPTIONS_##id(RULE)};              \
    const lks_layer_type lks_layer_##id = {                                              \
        .name = #id,                                                                     \
        .options = id##_options,                                                         \
        .n_options = sizeof id##_options / sizeof *id##_options,                         \
        .config_size_bytes = sizeof(recurrent),                                          \
        .n_more_inputs = n_states,                                                       \
        .takes_varying = true,                                                           \
        .steps = steps,                                                                  \
        .infer = infer_##id,                                                             \
        .forward = forward,                                                              \
    }

TYPE(rnn, 1);
TYPE(lstm, 2);
TYPE(gru, 1);
