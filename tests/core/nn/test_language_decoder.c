/* Language models as decoders: what a row gives, step by step and after rows were moved, is
 * what the model gives for its tokens at once. */
#include "support/decoder_walk.h"
#include "support/models.h"

#include "nn/language_decoder.h"
#include "nn/layer.h"
#include "tensor/scope.h"

enum { WINDOW = 4 };

/* The sum of a sequence so far, which it carries; of whole numbers, in whose sums no order
 * shows. */
static lks_status infer_sum(lks_layer *layer)
{
    layer->out[0] = layer->in[0];
    lks_layer_add_carried(layer);
    return LKS_OK;
}

static lks_status forward_sum(const lks_layer *layer, const lks_layer_run *run,
                              lks_tensor *const *in, lks_tensor **out)
{
    lks_tensor *y = lks_cumsum(lks_round(lks_mul_scalar(in[0], 8)), 1);

    (void)layer;
    if (run->carried[0])
        y = lks_add(y, lks_transpose(run->carried[0], 0, 1));
    *out = lks_sin(y);
    return lks_layer_carry(run, 0, lks_transpose(lks_narrow(y, 1, -1, 1), 0, 1));
}

static const lks_layer_type sum = {.name = "sum",
                                   .infer = infer_sum,
                                   .forward = forward_sum,
                                   .takes_varying = true,
                                   .steps = lks_layer_steps};
static const lks_layer_type sum_at_once = {
    .name = "sum", .infer = infer_sum, .forward = forward_sum, .takes_varying = true};

static lks_model *language_model(const lks_layer_type *type)
{
    const lks_model_input input = {"inputs", {1, {WINDOW}}, LKS_I64, .varies = true};
    const lks_layer_spec layers[] = {
        LAYER("embedding", {"num_embeddings", 1, {N_TOKENS}}, {"embedding_dim", 1, {5}}),
        {.type = "sum", .own = type},
        LAYER("dropout"),
        LAYER("linear", {"out_features", 1, {N_TOKENS}}),
    };
    lks_model *model;

    ck_ok(lks_model_create_from(layers, N_LAYERS(layers), &input, 1, 1, test_device(),
                                &model));
    return model;
}

/* The row's last tokens, at most `window` of them, at once, by the same model, which must
 * not carry meanwhile. */
static float *run_at_once(const trial *trial, const row *row, int window)
{
    const int n = trial->n_read < window ? trial->n_read : window;
    lks_model *model = language_model(&sum_at_once);
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

static float *expect_all_read(const trial *trial, const row *row)
{
    return run_at_once(trial, row, MAX_READ);
}

static float *expect_window(const trial *trial, const row *row)
{
    return run_at_once(trial, row, WINDOW);
}

static void walk_language(const lks_layer_type *type,
                          float *(*expect)(const trial *, const row *))
{
    trial self = {.model = language_model(type), .n_rows = 3, .expect = expect};

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
    walk_language(&sum, expect_all_read);
}
END_TEST

START_TEST(a_language_model_that_cannot_step_runs_its_last_tokens_again)
{
    walk_language(&sum_at_once, expect_window);
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
          what_is_no_language_model_is_refused)
