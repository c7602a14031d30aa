/* Language models as decoders: what a row gives, step by step and after rows were moved, is
 * what the model gives for its tokens at once. */
#include "support/decoder_walk.h"
#include "support/models.h"

#include "base/alloc.h"
#include "base/try.h"
#include "nn/language_decoder.h"
#include "tensor/scope.h"

enum { WINDOW = 4 };

/* What stands between the embedding and the scores. */
static const lks_layer_spec lstm =
    LAYER("lstm", {"hidden_size", 1, {6}}, {"num_layers", 1, {2}});
static const lks_layer_spec gru = LAYER("gru", {"hidden_size", 1, {6}});
static const lks_layer_spec both_ways =
    LAYER("gru", {"hidden_size", 1, {6}}, {"bidirectional", 1, {1}});

static const lks_layer_spec transformer =
    LAYER("transformer_encoder_layer", {"nhead", 1, {2}}, {"dim_feedforward", 1, {7}},
          {"causal", 1, {1}});

static lks_model *language_model(const lks_layer_spec *middle)
{
    const lks_model_input input = {"inputs", {1, {WINDOW}}, LKS_I64, .varies = true};
    const lks_layer_spec layers[] = {
        LAYER("embedding", {"num_embeddings", 1, {N_TOKENS}}, {"embedding_dim", 1, {6}}),
        *middle,
        LAYER("dropout"),
        LAYER("layer_norm", {"normalized_shape", 1, {middle == &both_ways ? 12 : 6}}),
        LAYER("linear", {"out_features", 1, {N_TOKENS}}),
        LAYER("log_softmax", {"dim", 1, {-1}}),
    };
    lks_model *model;

    ck_ok(lks_model_create_from(layers, N_LAYERS(layers), &input, 1, 1, test_device(),
                                &model));
    return model;
}

/* The row's last tokens, at most `window` of them, at once, by a model of the same weights,
 * which carries nothing. */
static float *run_at_once(const trial *trial, const lks_layer_spec *middle,
                          const row *row, int window)
{
    const int n = trial->n_read < window ? trial->n_read : window;
    lks_model *model = language_model(middle);
    lks_tensor *x, *y;
    float *out;

    lks_model_set_training(model, false);
    lks_scope_open();
    x = tokens(LKS_SHAPE_OF(1, n), row->read + trial->n_read - n);
    ck_ok(lks_model_run(model, &x, &y));
    out = last_of(y);
    lks_scope_close();
    lks_model_destroy(model);
    return out;
}

static float *expect_lstm(const trial *trial, const row *row)
{
    return run_at_once(trial, &lstm, row, MAX_READ);
}

static float *expect_gru(const trial *trial, const row *row)
{
    return run_at_once(trial, &gru, row, MAX_READ);
}

static float *expect_both_ways(const trial *trial, const row *row)
{
    return run_at_once(trial, &both_ways, row, WINDOW);
}

static float *expect_transformer(const trial *trial, const row *row)
{
    return run_at_once(trial, &transformer, row, WINDOW);
}

static void walk_language(const lks_layer_spec *middle,
                          float *(*expect)(const trial *, const row *))
{
    trial self = {.model = language_model(middle), .expect = expect};

    for (int again = 0; again < 2; again++) { /* the second begins anew */
        ck_ok(lks_language_decoder_create(self.model, &self.decoder));
        ck_assert_int_eq(self.decoder.n_tokens, N_TOKENS);
        self.n_rows = 3;
        self.n_read = 0;
        walk(&self);
        lks_language_decoder_destroy(&self.decoder);
    }
    lks_model_destroy(self.model);
}

START_TEST(a_language_model_steps_and_is_reordered_by_what_it_carries)
{
    walk_language(&lstm, expect_lstm);
    walk_language(&gru, expect_gru);
}
END_TEST

START_TEST(a_language_model_that_cannot_step_runs_its_last_tokens_again)
{
    walk_language(&both_ways, expect_both_ways);
    walk_language(&transformer, expect_transformer);
}
END_TEST

/* All of a decoder's life but its end. */
static lks_status live(lks_model *model, lks_decoder *out)
{
    const int64_t fed[] = {1, 2}, rows[] = {1, 1, 0};
    float log_p[3 * N_TOKENS];

    LKS_TRY(lks_language_decoder_create(model, out));
    LKS_TRY(out->ops->step(out->self, fed, 2, log_p));
    LKS_TRY(out->ops->reorder(out->self, rows, 3));
    return out->ops->step(out->self, rows, 3, log_p);
}

START_TEST(every_allocation_of_a_language_decoder_may_fail)
{
    const lks_layer_spec *const kinds[] = {&lstm, &transformer};

    for (int k = 0; k < 2; k++) {
        lks_model *model = language_model(kinds[k]);
        lks_status st = LKS_NOMEM;

        for (int64_t n = 0; st != LKS_OK; n++) {
            lks_decoder decoder = {0};

            lks_alloc_fail_after(n);
            st = live(model, &decoder);
            lks_alloc_fail_after(-1);
            ck_assert(st == LKS_OK || st == LKS_NOMEM);
            lks_error_clear();
            lks_language_decoder_destroy(&decoder);
        }
        lks_model_destroy(model);
    }
}
END_TEST

START_TEST(what_is_no_language_model_is_refused)
{
    const lks_layer_spec layers[] = {
        LAYER("embedding", {"num_embeddings", 1, {3}}, {"embedding_dim", 1, {5}}),
        LAYER("last"),
    };
    lks_model_input input = {"inputs", {1, {WINDOW}}, LKS_I64, .varies = true};
    lks_decoder decoder;
    lks_model *model;

    ck_ok(lks_model_create_from(layers, 2, &input, 1, 1, test_device(), &model));
    ck_assert_int_eq(lks_language_decoder_create(model, &decoder), LKS_SHAPE);
    lks_model_destroy(model);
    input.varies = false;
    ck_ok(lks_model_create_from(layers, 1, &input, 1, 1, test_device(), &model));
    ck_assert_int_eq(lks_language_decoder_create(model, &decoder), LKS_INVALID);
    lks_model_destroy(model);
}
END_TEST

LKS_SUITE("language_decoder", a_language_model_steps_and_is_reordered_by_what_it_carries,
          a_language_model_that_cannot_step_runs_its_last_tokens_again,
          every_allocation_of_a_language_decoder_may_fail,
          what_is_no_language_model_is_refused)
