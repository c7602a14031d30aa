/* Translations, step by step and after rows were moved. */
#include "support/decoder_walk.h"
#include "support/models.h"

#include "base/alloc.h"
#include "base/try.h"
#include "nn/seq2seq_decoder.h"
#include "tensor/scope.h"

static const int64_t first[] = {1, 4, 2}, second[] = {3, 2, 5, 6, 1}, third[] = {7};
static const int64_t *const sentences[] = {first, second, third};
static const int64_t lengths[] = {3, 5, 1};

static lks_model *translator(double cell, double attention, double layers)
{
    const lks_model_input inputs[] = {
        {"inputs", {1, {4}}, LKS_I64, .varies = true, .n_tokens = N_TOKENS},
        {"source", {1, {4}}, LKS_I64, .varies = true, .n_tokens = N_TOKENS}};
    const lks_layer_spec spec = LAYER(
        "seq2seq", {"embedding_dim", 1, {6}}, {"hidden_size", 1, {7}},
        {"cell", 1, {cell}}, {"attention", 1, {attention}}, {"num_layers", 1, {layers}});
    lks_model *model;

    ck_ok(lks_model_create_from(&spec, 1, inputs, 2, 1, test_device(), &model));
    return model;
}

/* By the forward that trains, of this sentence alone. */
static float *expect_translation(const trial *trial, const row *row)
{
    const int64_t n = lengths[row->sentence];
    lks_tensor *inputs[2], *y;
    float *out;

    lks_scope_open();
    inputs[0] = tokens(LKS_SHAPE_OF(1, trial->n_read), row->read);
    inputs[1] = tokens(LKS_SHAPE_OF(1, n), sentences[row->sentence]);
    ck_ok(lks_model_run(trial->model, inputs, &y));
    out = last_of(y);
    lks_scope_close();
    return out;
}

START_TEST(translations_step_and_are_reordered_among_sentences_of_different_length)
{
    const double kinds[][3] = {{0, 0, 2}, {1, 1, 3}, {1, 2, 1}};

    for (int k = 0; k < 3; k++) {
        trial self = {.model = translator(kinds[k][0], kinds[k][1], kinds[k][2]),
                      .n_rows = 3,
                      .expect = expect_translation};

        for (int i = 0; i < 3; i++)
            self.rows[i].sentence = i;
        lks_model_set_training(self.model, false);
        ck_ok(
            lks_seq2seq_decoder_create(self.model, sentences, lengths, 3, &self.decoder));
        walk(&self);
        lks_seq2seq_decoder_destroy(&self.decoder);
        lks_model_destroy(self.model);
    }
}
END_TEST

/* All of a decoder's life but its end. */
static lks_status live(const lks_model *model, lks_decoder *out)
{
    const int64_t fed[] = {1, 2, 3, 4}, rows[] = {1, 1, 2, 0};
    float log_p[4 * N_TOKENS];

    LKS_TRY(lks_seq2seq_decoder_create(model, sentences, lengths, 3, out));
    LKS_TRY(out->ops->step(out->self, fed, 3, log_p));
    LKS_TRY(out->ops->reorder(out->self, rows, 4));
    return out->ops->step(out->self, fed, 4, log_p);
}

START_TEST(every_allocation_of_a_translation_may_fail)
{
    lks_model *model = translator(1, 0, 2);
    lks_status st = LKS_NOMEM;

    for (int64_t n = 0; st != LKS_OK; n++) {
        lks_decoder decoder = {0};

        lks_alloc_fail_after(n);
        st = live(model, &decoder);
        lks_alloc_fail_after(-1);
        ck_assert(st == LKS_OK || st == LKS_NOMEM);
        lks_error_clear();
        lks_seq2seq_decoder_destroy(&decoder);
    }
    lks_model_destroy(model);
}
END_TEST

START_TEST(sentences_that_are_empty_or_have_unknown_tokens_are_refused)
{
    const int64_t none[] = {2, 0}, unknown[] = {3, N_TOKENS};
    const int64_t *const wrong[] = {first, unknown};
    lks_model *model = translator(0, 0, 1);
    lks_decoder decoder;

    ck_assert_int_eq(lks_seq2seq_decoder_create(model, sentences, none, 2, &decoder),
                     LKS_INVALID);
    ck_assert_str_eq(lks_error_text(), "sentence 1 is empty: there is nothing to "
                                       "translate");
    ck_assert_int_eq(
        lks_seq2seq_decoder_create(model, wrong, (const int64_t[]){1, 2}, 2, &decoder),
        LKS_INVALID);
    ck_assert_str_eq(lks_error_text(), "sentence 1 has token 9; the vocabulary has 9");
    lks_model_destroy(model);
}
END_TEST

LKS_SUITE("seq2seq_decoder", every_allocation_of_a_translation_may_fail,
          translations_step_and_are_reordered_among_sentences_of_different_length,
          sentences_that_are_empty_or_have_unknown_tokens_are_refused)
