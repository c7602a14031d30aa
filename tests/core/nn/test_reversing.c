/* A seq2seq learns to reverse sequences of digits, and searches find what it has learnt. */
#include "support/models.h"
#include "support/test_device.h"

#include "autograd/backward.h"
#include "decode/beam.h"
#include "decode/sample.h"
#include "nn/seq2seq_decoder.h"
#include "ops/ops.h"
#include "optim/optim.h"
#include "tensor/scope.h"

enum { BOS = 2, EOS = 3, A_DIGIT = 4, N_DIGITS = 5, N_TOKENS = A_DIGIT + N_DIGITS };
enum { LONGEST = 5, BATCH = 32, N_STEPS = 300 };

/* Digits, and the same from the last to the first. */
typedef struct pairs {
    int64_t source[BATCH][LONGEST], lengths[BATCH];
    int64_t inputs[BATCH][LONGEST + 1], targets[BATCH][LONGEST + 1];
} pairs;

static void draw(uint32_t number, pairs *out)
{
    const lks_rng rng = {.seed = 5, .step = number};

    memset(out, 0, sizeof *out);
    for (int i = 0; i < BATCH; i++) {
        const int n = 1 + (int)(lks_rng_bits(&rng, (uint64_t)i * 8) % LONGEST);

        out->lengths[i] = n;
        out->inputs[i][0] = BOS;
        for (int j = 0; j <= LONGEST; j++)
            out->targets[i][j] = LKS_NO_IGNORE_INDEX;
        out->targets[i][n] = EOS;
        for (int j = 0; j < n; j++) {
            const int64_t digit =
                A_DIGIT + lks_rng_bits(&rng, (uint64_t)i * 8 + j + 1) % N_DIGITS;

            out->source[i][j] = digit;
            out->targets[i][n - 1 - j] = out->inputs[i][n - j] = digit;
        }
    }
}

static lks_tensor *tokens(lks_shape shape, const int64_t *values)
{
    return lks_from_data(shape, LKS_I64, values, test_device());
}

static lks_model *translator(void)
{
    const lks_model_input inputs[] = {
        {"inputs", {1, {LONGEST + 1}}, LKS_I64, .n_tokens = N_TOKENS},
        {"source", {1, {LONGEST}}, LKS_I64, .varies = true, .n_tokens = N_TOKENS}};
    const lks_layer_spec spec =
        LAYER("seq2seq", {"embedding_dim", 1, {24}}, {"hidden_size", 1, {25}});
    lks_model *model;

    ck_ok(lks_model_create_from(&spec, 1, inputs, 2, 1, test_device(), &model));
    return model;
}

static void learn(lks_model *model, lks_optim *optim, const pairs *batch)
{
    const lks_shape wide = LKS_SHAPE_OF(BATCH, LONGEST + 1);
    lks_tensor *inputs[2], *lengths[2] = {NULL}, *y;

    lks_scope_open();
    lks_param_block_zero_grad(lks_model_params(model));
    inputs[0] = tokens(wide, *batch->inputs);
    inputs[1] = tokens(LKS_SHAPE_OF(BATCH, LONGEST), *batch->source);
    lengths[1] = tokens(LKS_SHAPE_OF(BATCH), batch->lengths);
    ck_ok(lks_model_run_padded(model, inputs, lengths, &y));
    ck_ok(lks_backward(lks_cross_entropy(
        lks_flatten(y, 0, 1), lks_flatten(tokens(wide, *batch->targets), 0, -1), NULL)));
    ck_ok(lks_param_block_fill_missing_grads(lks_model_params(model)));
    ck_ok(lks_optim_step(optim));
    lks_scope_close();
}

static int count_right(const lks_hypotheses *found, const pairs *batch)
{
    int n_right = 0;

    for (int i = 0; i < BATCH; i++) {
        const lks_hypothesis *best = &found[i].items[0];
        const int64_t n = batch->lengths[i] + 1;

        n_right += best->n_tokens == n &&
                   memcmp(best->tokens, batch->targets[i], n * sizeof(int64_t)) == 0;
    }
    return n_right;
}

static void release(lks_hypotheses *found)
{
    for (int i = 0; i < BATCH; i++)
        lks_hypotheses_release(&found[i]);
}

START_TEST(a_model_learns_to_reverse_digits_and_searches_find_them)
{
    const lks_option options[] = {{"lr", 1, {0.01}}};
    const lks_beam beam = {.width = 4, .n_best = 2, .length_penalty = 1};
    const lks_sampling greedy = {.top_p = 1};
    lks_model *model = translator();
    lks_hypotheses found[BATCH] = {{0}}, likely[BATCH] = {{0}};
    lks_decode_start starts[BATCH];
    const int64_t *source[BATCH];
    lks_decoder decoder;
    lks_optim *optim;
    pairs batch;

    ck_ok(lks_optim_create("adam", (lks_options){options, 1}, lks_model_params(model),
                           &optim));
    for (uint32_t i = 1; i <= N_STEPS; i++) {
        draw(i, &batch);
        learn(model, optim, &batch);
    }
    draw(0, &batch); /* never seen */
    for (int i = 0; i < BATCH; i++) {
        source[i] = batch.source[i];
        starts[i] = (lks_decode_start){BOS, 2 * LONGEST};
    }
    ck_ok(lks_seq2seq_decoder_create(model, source, batch.lengths, BATCH, &decoder));
    ck_ok(lks_sample(&decoder, &greedy, starts, BATCH, EOS, NULL, likely));
    lks_seq2seq_decoder_destroy(&decoder);
    ck_ok(lks_seq2seq_decoder_create(model, source, batch.lengths, BATCH, &decoder));
    ck_ok(lks_beam_search(&decoder, &beam, starts, BATCH, EOS, found));
    lks_seq2seq_decoder_destroy(&decoder);
    ck_assert_int_ge(count_right(likely, &batch), BATCH - 1);
    ck_assert_int_ge(count_right(found, &batch), BATCH - 1);
    release(likely);
    release(found);
    lks_optim_destroy(optim);
    lks_model_destroy(model);
}
END_TEST

LKS_SUITE("reversing", a_model_learns_to_reverse_digits_and_searches_find_them)
