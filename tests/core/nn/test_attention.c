/* Layers of attention in a model: padding, what is causal, dropout, and what they refuse. */
#include "support/models.h"
#include "support/test_device.h"

#include <math.h>

#include "autograd/backward.h"
#include "ops/ops.h"
#include "tensor/scope.h"

enum { N_TOKENS = 9, LONGEST = 5 };

#define FROM(...)                                                                        \
    .from = (const char *const[]){__VA_ARGS__},                                          \
    .n_from = sizeof(const char *const[]){__VA_ARGS__} / sizeof(char *)
#define OPTIONS(...)                                                                     \
    .options = {(const lks_option[]){__VA_ARGS__},                                       \
                sizeof((const lks_option[]){__VA_ARGS__}) / sizeof(lks_option)}
#define EMBEDDING                                                                        \
    .type = "embedding",                                                                 \
    OPTIONS({"num_embeddings", 1, {N_TOKENS}}, {"embedding_dim", 1, {4}})

/* Of tokens and of others, (up to 5) each. */
static lks_model *make(const lks_layer_spec *layers, size_t n)
{
    const lks_model_input inputs[] = {
        {"tokens", LKS_SHAPE_OF(LONGEST), LKS_I64, .varies = true},
        {"others", LKS_SHAPE_OF(LONGEST), LKS_I64, .varies = true}};
    lks_model *model;

    ck_ok(lks_model_create_from(layers, n, inputs, 2, 3, test_device(), &model));
    lks_model_set_training(model, false);
    return model;
}

/* Samples first … first + n of 3, padded to `longest` with numbers of their own. */
static lks_tensor *tokens(int64_t first, int64_t n, int64_t longest, int64_t salt)
{
    int64_t values[3 * LONGEST];

    for (int64_t i = 0; i < n * longest; i++)
        values[i] = ((first + i / longest) * 5 + i % longest * 7 + salt) % N_TOKENS;
    return lks_from_data(LKS_SHAPE_OF(n, longest), LKS_I64, values, test_device());
}

static const int64_t lengths[] = {5, 2, 3}, other_lengths[] = {1, 4, 5};

/* All three samples, padded. */
static lks_tensor *run_all(lks_model *model)
{
    lks_tensor *x[] = {tokens(0, 3, LONGEST, 0), tokens(0, 3, LONGEST, 4)};
    lks_tensor *n[] = {
        lks_from_data(LKS_SHAPE_OF(3), LKS_I64, lengths, test_device()),
        lks_from_data(LKS_SHAPE_OF(3), LKS_I64, other_lengths, test_device())};
    lks_tensor *y = NULL;

    ck_ok(lks_model_run_padded(model, x, n, &y));
    return y;
}

static lks_tensor *run_alone(lks_model *model, int64_t i)
{
    lks_tensor *x[] = {tokens(i, 1, lengths[i], 0), tokens(i, 1, other_lengths[i], 4)};
    lks_tensor *y = NULL;

    ck_ok(lks_model_run(model, x, &y));
    return y;
}

/* Each sample's output, as far as it goes, is to the bit that of the sample alone. */
static void check_padding(const lks_layer_spec *layers, size_t n)
{
    lks_model *model = make(layers, n);
    lks_tensor *all;

    lks_scope_open();
    all = run_all(model);
    for (int64_t i = 0; i < 3; i++) {
        lks_tensor *alone = run_alone(model, i);
        lks_tensor *row = lks_narrow(all, 0, i, 1);

        if (lks_ndim(all) == 3)
            row = lks_narrow(row, 1, 0, lengths[i]);
        row = lks_contiguous(row);
        ck_assert_int_eq(lks_numel(row), lks_numel(alone));
        for (int64_t k = 0; k < lks_numel(row); k++)
            ck_assert_msg(tensor_at(row, k) == tensor_at(alone, k),
                          "sample %d, element %d: %.9g, and alone %.9g", (int)i, (int)k,
                          tensor_at(row, k), tensor_at(alone, k));
    }
    lks_scope_close();
    lks_model_destroy(model);
}

START_TEST(a_padded_sample_is_what_it_is_alone)
{
    const lks_layer_spec encoder[] = {
        {EMBEDDING},
        LAYER("positional_encoding"),
        LAYER("multihead_attention", {"num_heads", 1, {2}}),
        LAYER("positional_encoding", {"learned", 1, {1}}),
        LAYER("transformer_encoder", {"num_layers", 1, {2}}, {"nhead", 1, {2}},
              {"dim_feedforward", 1, {6}}),
    };
    const lks_layer_spec decoder[] = {
        {EMBEDDING, .name = "own"},
        {EMBEDDING, .name = "memory", FROM("others")},
        {.type = "transformer_decoder_layer",
         FROM("own", "memory"),
         OPTIONS({"nhead", 1, {2}}, {"dim_feedforward", 1, {6}}, {"causal", 1, {1}})},
        {.type = "multihead_attention",
         FROM("2", "memory", "memory"),
         OPTIONS({"num_heads", 1, {4}})},
    };

    check_padding(encoder, N_LAYERS(encoder));
    check_padding(decoder, N_LAYERS(decoder));
}
END_TEST

START_TEST(padding_is_in_no_bag)
{
    static const double modes[] = {LKS_BAG_MEAN, LKS_BAG_SUM, LKS_BAG_MAX};

    for (int i = 0; i < 3; i++) {
        const lks_layer_spec bag[] = {LAYER(
            "embedding_bag", {"num_embeddings", 1, {N_TOKENS}}, {"embedding_dim", 1, {4}},
            {"mode", 1, {modes[i]}}, {"padding_idx", 1, {-3}}, {"max_norm", 1, {0.5}})};

        check_padding(bag, N_LAYERS(bag));
    }
}
END_TEST

/* The gradient of what place 1 gives is 0 at the places behind it. */
START_TEST(a_causal_layer_looks_back_only)
{
    const lks_layer_spec layers[] = {
        LAYER("multihead_attention", {"num_heads", 1, {2}}, {"causal", 1, {1}}),
        LAYER("transformer_encoder_layer", {"nhead", 1, {2}}, {"dim_feedforward", 1, {6}},
              {"causal", 1, {1}})};
    const lks_rng rng = {.seed = 5};
    lks_model *model;
    lks_tensor *x, *y;

    ck_ok(lks_model_create(layers, 2, LKS_SHAPE_OF(4, 4), 0, test_device(), &model));
    lks_scope_open();
    x = lks_requires_grad_(
        lks_randn(LKS_SHAPE_OF(1, 4, 4), LKS_F32, &rng, test_device()));
    y = lks_select(lks_model_forward(model, x), 1, 1);
    ck_ok(lks_backward(lks_sum_all(lks_square(y))));
    for (int64_t i = 0; i < 16; i++)
        ck_assert_msg((tensor_at(lks_grad(x), i) == 0) == (i >= 8), "element %d: %g",
                      (int)i, tensor_at(lks_grad(x), i));
    lks_scope_close();
    lks_model_destroy(model);
}
END_TEST

static double first_output(lks_model *model, uint64_t step)
{
    const lks_rng rng = {.seed = 5};
    double value;

    lks_scope_open();
    lks_model_set_position(model, 1, step, 0);
    value = tensor_at(
        lks_sum_all(lks_square(lks_model_forward(
            model, lks_randn(LKS_SHAPE_OF(2, 4, 4), LKS_F32, &rng, test_device())))),
        0);
    lks_scope_close();
    return value;
}

START_TEST(dropout_is_of_the_step_and_not_of_evaluation)
{
    const lks_layer_spec layers[] = {
        LAYER("positional_encoding", {"dropout", 1, {0.5}}),
        LAYER("multihead_attention", {"num_heads", 1, {2}}, {"dropout", 1, {0.5}}),
        LAYER("transformer_encoder_layer", {"nhead", 1, {2}}, {"dim_feedforward", 1, {6}},
              {"dropout", 1, {0.5}})};

    for (size_t i = 0; i < 3; i++) {
        lks_model *model;
        double evaluated;

        ck_ok(lks_model_create(&layers[i], 1, LKS_SHAPE_OF(4, 4), 0, test_device(),
                               &model));
        ck_assert_double_eq(first_output(model, 1), first_output(model, 1));
        ck_assert_double_ne(first_output(model, 1), first_output(model, 2));
        lks_model_set_training(model, false);
        evaluated = first_output(model, 1);
        ck_assert_double_eq(evaluated, first_output(model, 2));
        lks_model_set_training(model, true);
        ck_assert_double_ne(evaluated, first_output(model, 1));
        lks_model_destroy(model);
    }
}
END_TEST

START_TEST(parameters_have_pytorchs_names_and_order)
{
    static const char *const names[] = {
        "0.layers.0.self_attn.in_proj_weight",
        "0.layers.0.self_attn.in_proj_bias",
        "0.layers.0.self_attn.out_proj.weight",
        "0.layers.0.self_attn.out_proj.bias",
        "0.layers.0.multihead_attn.in_proj_weight",
        "0.layers.0.multihead_attn.in_proj_bias",
        "0.layers.0.multihead_attn.out_proj.weight",
        "0.layers.0.multihead_attn.out_proj.bias",
        "0.layers.0.linear1.weight",
        "0.layers.0.linear1.bias",
        "0.layers.0.linear2.weight",
        "0.layers.0.linear2.bias",
        "0.layers.0.norm1.weight",
        "0.layers.0.norm1.bias",
        "0.layers.0.norm2.weight",
        "0.layers.0.norm2.bias",
        "0.layers.0.norm3.weight",
        "0.layers.0.norm3.bias",
        "0.norm.weight",
        "0.norm.bias",
    };
    const lks_layer_spec layers[] = {
        {.type = "transformer_decoder",
         FROM("inputs", "inputs"),
         OPTIONS({"num_layers", 1, {1}}, {"nhead", 1, {2}}, {"norm", 1, {1}})}};
    const lks_param_block *params;
    lks_model *model;

    ck_ok(lks_model_create(layers, 1, LKS_SHAPE_OF(4, 4), 0, test_device(), &model));
    params = lks_model_params(model);
    ck_assert_uint_eq(lks_param_block_count(params), sizeof names / sizeof *names);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        ck_assert_str_eq(lks_param_block_at(params, i)->name, names[i]);
    lks_model_destroy(model);
}
END_TEST

/* The largest and the root mean square of a parameter's elements. */
static void check_spread(const lks_model *model, size_t i, double largest, double rms)
{
    const lks_tensor *t = lks_param_block_at(lks_model_params(model), i)->tensor;
    double sum = 0;

    for (int64_t k = 0; k < lks_numel(t); k++) {
        sum += tensor_at(t, k) * tensor_at(t, k);
        ck_assert_double_le(fabs(tensor_at(t, k)), largest);
    }
    ck_assert_double_le(fabs(sqrt(sum / (double)lks_numel(t)) - rms), 0.25 * rms);
}

/* source: nn.MultiheadAttention._reset_parameters: xavier_uniform of (3 E, E) as it is,
 * nn.Linear's of the others, biases of projections 0 */
START_TEST(first_values_are_pytorchs_distributions)
{
    const double e = 64, f = 96;
    const double bounds[] = {sqrt(6 / (4 * e)), 0,           1 / sqrt(e), 0,
                             1 / sqrt(e),       1 / sqrt(e), 1 / sqrt(f), 1 / sqrt(f)};
    const lks_layer_spec layers[] = {
        LAYER("transformer_encoder_layer", {"nhead", 1, {2}},
              {"dim_feedforward", 1, {f}}),
        LAYER("multihead_attention", {"num_heads", 1, {2}}, {"add_bias_kv", 1, {1}})};
    lks_model *model;

    ck_ok(lks_model_create(layers, 2, LKS_SHAPE_OF(3, 64), 1, test_device(), &model));
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++)
        check_spread(model, i, bounds[i], bounds[i] / sqrt(3));
    check_spread(model, 8, 1, 1); /* norm1.weight */
    check_spread(model, 12, bounds[0], bounds[0] / sqrt(3));
    check_spread(model, 14, 1, 1 / sqrt(e)); /* bias_k: xavier_normal */
    lks_model_destroy(model);
}
END_TEST

static void refuse(const lks_layer_spec *layers, size_t n, lks_shape sample,
                   const char *says)
{
    lks_model *model = NULL;

    ck_fails(lks_model_create(layers, n, sample, 0, test_device(), &model), LKS_SHAPE,
             says);
}

START_TEST(what_does_not_fit_is_told)
{
    const lks_layer_spec heads[] = {LAYER("multihead_attention", {"num_heads", 1, {3}})};
    const lks_layer_spec layer[] = {
        LAYER("transformer_encoder_layer", {"nhead", 1, {3}})};
    const lks_layer_spec decoder[] = {LAYER("linear", {"out_features", 1, {6}}),
                                      {.type = "transformer_decoder_layer",
                                       FROM("inputs", "0"),
                                       OPTIONS({"nhead", 1, {2}})}};
    const lks_layer_spec places[] = {
        LAYER("positional_encoding", {"learned", 1, {1}}, {"max_len", 1, {3}})};

    refuse(heads, 1, LKS_SHAPE_OF(4, 4), "4 features do not split into 3 heads");
    refuse(heads, 1, LKS_SHAPE_OF(4), "wants sequences, (length, features)");
    refuse(layer, 1, LKS_SHAPE_OF(4, 4), "4 features do not split into 3 heads");
    refuse(layer, 1, LKS_SHAPE_OF(4), "wants a sequence, (length, features)");
    refuse(decoder, 2, LKS_SHAPE_OF(4, 4), "two sequences, (length, features)");
    refuse(places, 1, LKS_SHAPE_OF(4, 4), "max_len is 3");
}
END_TEST

START_TEST(keys_and_values_of_different_lengths_are_refused)
{
    const lks_layer_spec layers[] = {{EMBEDDING, .name = "own"},
                                     {EMBEDDING, .name = "memory", FROM("others")},
                                     {.type = "multihead_attention",
                                      FROM("own", "own", "memory"),
                                      OPTIONS({"num_heads", 1, {2}})}};
    const lks_model_input inputs[] = {
        {"tokens", LKS_SHAPE_OF(LONGEST), LKS_I64, .varies = true},
        {"others", LKS_SHAPE_OF(LONGEST), LKS_I64, .varies = true}};
    lks_model *model = NULL;

    ck_fails(lks_model_create_from(layers, 3, inputs, 2, 0, test_device(), &model),
             LKS_SHAPE, "keys and values differ in length");
}
END_TEST

LKS_SUITE("attention", a_padded_sample_is_what_it_is_alone, padding_is_in_no_bag,
          a_causal_layer_looks_back_only, dropout_is_of_the_step_and_not_of_evaluation,
          parameters_have_pytorchs_names_and_order,
          first_values_are_pytorchs_distributions, what_does_not_fit_is_told,
          keys_and_values_of_different_lengths_are_refused)
