/* The named model seq2seq: beside PyTorch's (tests/golden/seq2seq.py), step by step, and
 * beside other sentences. */
#include "support/test_device.h"
#include "support/golden_model.h"
#include "support/models.h"

#include "autograd/backward.h"
#include "nn/seq2seq.h"
#include "ops/ops.h"
#include "tensor/scope.h"

enum { LSTM = 1, DOT = 1, NONE = 2, SOURCE = 7, TARGET = 6 };

#define SEQ2SEQ(dim, hidden, layers, ...)                                                \
    LAYER("seq2seq", {"embedding_dim", 1, {dim}}, {"hidden_size", 1, {hidden}},          \
          {"num_layers", 1, {layers}}, {"dropout", 1, {0.5}}, __VA_ARGS__)

static const lks_layer_spec gru = SEQ2SEQ(4, 5, 3, {"tie_weights", 1, {1}});
static const lks_layer_spec lstm =
    SEQ2SEQ(4, 3, 2, {"cell", 1, {LSTM}}, {"attention", 1, {DOT}},
            {"bidirectional", 1, {0}}, {"tie_weights", 1, {0}});
static const lks_layer_spec plain =
    SEQ2SEQ(3, 4, 1, {"cell", 1, {LSTM}}, {"attention", 1, {NONE}});

static const lks_model_input fields[] = {{.name = "inputs",
                                          .shape = {1, {4}},
                                          .dtype = LKS_I64,
                                          .varies = true,
                                          .n_tokens = TARGET},
                                         {.name = "source",
                                          .shape = {1, {5}},
                                          .dtype = LKS_I64,
                                          .varies = true,
                                          .n_tokens = SOURCE}};

static lks_model *model_of(const lks_layer_spec *spec)
{
    lks_model *model;

    ck_ok(lks_model_create_from(spec, 1, fields, 2, 1, test_device(), &model));
    lks_model_set_training(model, false);
    return model;
}

/* ---- beside PyTorch ---- */

static void compare(const char *name, const lks_layer_spec *spec)
{
    char path[512];
    lks_safetensors *file;
    lks_model *model = model_of(spec);
    lks_tensor *y;

    snprintf(path, sizeof path, GOLDEN "%s_case.safetensors", name);
    ck_ok(lks_safetensors_open(path, &file));
    snprintf(path, sizeof path, GOLDEN "%s.safetensors", name);
    ck_ok(lks_model_load(model, path));
    lks_scope_open();
    ck_ok(lks_model_run_padded(
        model, (lks_tensor *[]){load(file, "inputs"), load(file, "source")},
        (lks_tensor *[]){NULL, load(file, "lengths")}, &y));
    assert_close(y, load(file, "y"), "y");
    ck_ok(lks_backward_from(y, load(file, "cotangent")));
    assert_gradients(file, model);
    lks_scope_close();
    lks_safetensors_close(file);
    lks_model_destroy(model);
}

START_TEST(additive_attention_over_three_layers_both_ways_is_pytorchs)
{
    compare("seq2seq_gru", &gru);
}
END_TEST

START_TEST(dot_attention_with_weights_of_its_own_is_pytorchs)
{
    compare("seq2seq_lstm", &lstm);
}
END_TEST

START_TEST(a_model_without_attention_is_pytorchs)
{
    compare("seq2seq_plain", &plain);
}
END_TEST

/* ---- the same bits ---- */

static const lks_layer_spec *const all[] = {&gru, &lstm, &plain};
enum { N_ALL = sizeof all / sizeof *all, N = 3, S = 5, T = 4 };

static const int64_t source[N][S] = {{3, 1, 6, 0, 0}, {1, 2, 3, 4, 5}, {2, 5, 0, 0, 0}};
static const int64_t lengths[N] = {3, 5, 2};
static const int64_t inputs[N][T] = {{2, 1, 5, 4}, {2, 3, 3, 1}, {2, 5, 1, 0}};

static lks_tensor *tokens(lks_shape shape, const int64_t *values)
{
    return lks_from_data(shape, LKS_I64, values, test_device());
}

/* The logits (N, T, V) of all, in the forward that trains. */
static float *forward_all(lks_model *model)
{
    lks_tensor *y;
    float *out;

    lks_scope_open();
    ck_ok(lks_model_run_padded(model,
                               (lks_tensor *[]){tokens(LKS_SHAPE_OF(N, T), *inputs),
                                                tokens(LKS_SHAPE_OF(N, S), *source)},
                               (lks_tensor *[]){NULL, tokens(LKS_SHAPE_OF(N), lengths)},
                               &y));
    out = tensor_get(y);
    lks_scope_close();
    return out;
}

static void assert_same_bits(const lks_tensor *got, const float *want, const char *what)
{
    float *values;

    ck_assert_msg(got != NULL, "%s", lks_error_text());
    values = tensor_get(got);
    ck_assert_msg(memcmp(values, want, (size_t)lks_numel(got) * sizeof *values) == 0,
                  "%s", what);
    free(values);
}

/* Sentence n alone, token after token: (T, V) at `want`. */
static void step_alone(lks_model *model, int n, const float *want)
{
    lks_seq2seq_memory memory;
    lks_seq2seq_state state;
    lks_seq2seq *decoder;
    lks_tensor *y;

    ck_ok(lks_seq2seq_open(model, &decoder));
    lks_scope_open();
    ck_ok(lks_seq2seq_encode(decoder, tokens(LKS_SHAPE_OF(1, lengths[n]), source[n]),
                             NULL, &memory, &state));
    for (int t = 0; t < T; t++) {
        ck_ok(lks_seq2seq_decode(decoder, &memory, &state,
                                 tokens(LKS_SHAPE_OF(1, 1), &inputs[n][t]), &y));
        assert_same_bits(y, want + (ptrdiff_t)t * TARGET, "a step");
    }
    lks_scope_close();
    lks_seq2seq_close(decoder);
}

START_TEST(a_sentence_alone_step_by_step_gives_the_bits_of_a_padded_batch)
{
    for (int i = 0; i < N_ALL; i++) {
        lks_model *model = model_of(all[i]);
        float *want = forward_all(model);

        for (int n = 0; n < N; n++)
            step_alone(model, n, want + (ptrdiff_t)n * T * TARGET);
        free(want);
        lks_model_destroy(model);
    }
}
END_TEST

START_TEST(dropout_acts_in_training_by_the_step_and_not_in_evaluation)
{
    lks_model *model = model_of(&gru);
    float *evaluated = forward_all(model), *first, *again, *second;
    const size_t size = (size_t)N * T * TARGET * sizeof *first;

    lks_model_set_training(model, true);
    lks_model_set_position(model, 3, 1, 0);
    first = forward_all(model);
    again = forward_all(model);
    lks_model_set_position(model, 3, 2, 0);
    second = forward_all(model);
    ck_assert(memcmp(first, evaluated, size) != 0);
    ck_assert(memcmp(first, again, size) == 0);
    ck_assert(memcmp(first, second, size) != 0);
    free(evaluated);
    free(first);
    free(again);
    free(second);
    lks_model_destroy(model);
}
END_TEST

/* ---- what does not fit ---- */

static void refuse(const lks_layer_spec *spec, const lks_model_input *with,
                   lks_status status, const char *text)
{
    lks_model *model;

    ck_assert_int_eq(lks_model_create_from(spec, 1, with, 2, 1, test_device(), &model),
                     status);
    ck_assert_msg(strstr(lks_error_text(), text) != NULL, "%s", lks_error_text());
}

START_TEST(vocabularies_that_nobody_tells_or_that_are_too_small_are_refused)
{
    const lks_layer_spec small = SEQ2SEQ(4, 5, 1, {"target_vocabulary", 1, {TARGET - 1}});
    lks_model_input untold[] = {fields[0], fields[1]};

    untold[1].n_tokens = 0;
    refuse(&gru, untold, LKS_INVALID, "source_vocabulary is missing");
    refuse(&small, fields, LKS_INVALID,
           "target_vocabulary is 5; the vocabulary has 6 tokens");
}
END_TEST

START_TEST(samples_that_are_no_sequences_are_refused)
{
    lks_model_input images[] = {fields[0], fields[1]};

    images[1].shape = LKS_SHAPE_OF(5, 5);
    refuse(&gru, images, LKS_SHAPE, "seq2seq wants sequences of tokens");
}
END_TEST

START_TEST(another_model_does_not_translate)
{
    const lks_layer_spec linear = LAYER("linear", {"out_features", 1, {2}});
    lks_seq2seq *decoder;
    lks_model *model;

    ck_ok(lks_model_create(&linear, 1, LKS_SHAPE_OF(3), 0, test_device(), &model));
    ck_assert_int_eq(lks_seq2seq_open(model, &decoder), LKS_INVALID);
    lks_model_destroy(model);
}
END_TEST

LKS_SUITE("seq2seq", additive_attention_over_three_layers_both_ways_is_pytorchs,
          dot_attention_with_weights_of_its_own_is_pytorchs,
          a_model_without_attention_is_pytorchs,
          a_sentence_alone_step_by_step_gives_the_bits_of_a_padded_batch,
          dropout_acts_in_training_by_the_step_and_not_in_evaluation,
          vocabularies_that_nobody_tells_or_that_are_too_small_are_refused,
          samples_that_are_no_sequences_are_refused, another_model_does_not_translate)
