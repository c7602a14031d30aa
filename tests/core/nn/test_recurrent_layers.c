/* Recurrent layers in models: lengths, states given and carried, first values. What they
 * compute is compared with PyTorch in test_model_golden.c. */
#include "support/test_device.h"
#include "support/models.h"

#include <math.h>
#include <stdio.h>

#include "autograd/backward.h"
#include "nn/flat.h"
#include "nn/layer.h"
#include "ops/ops.h"
#include "tensor/scope.h"

enum { N = 3, T = 6, WIDTH = 4 };

#define FROM(...)                                                                        \
    .from = (const char *const[]){__VA_ARGS__},                                          \
    .n_from = sizeof(const char *const[]){__VA_ARGS__} / sizeof(char *)

#define OPTIONS(...)                                                                     \
    .options = {(const lks_option[]){__VA_ARGS__},                                       \
                sizeof((const lks_option[]){__VA_ARGS__}) / sizeof(lks_option)}

static const char *const kinds[] = {"rnn", "lstm", "gru"};

enum { N_KINDS = sizeof kinds / sizeof *kinds };

/* Of two layers; the model gives all that there is of it. */
static lks_model *make(const char *kind, bool bidirectional, bool varies)
{
    const lks_layer_spec layer = {.type = kind,
                                  OPTIONS({"hidden_size", 1, {5}}, {"num_layers", 1, {2}},
                                          {"bidirectional", 1, {bidirectional}})};
    const lks_model_input input = {"inputs", LKS_SHAPE_OF(T, WIDTH), LKS_F32, varies};
    lks_model *model = NULL;

    ck_ok(lks_model_create_from(&layer, 1, &input, 1, 3, test_device(), &model));
    return model;
}

static lks_tensor *noise(lks_shape shape)
{
    const lks_rng rng = {.seed = 9};

    return lks_randn(shape, LKS_F32, &rng, test_device());
}

static void assert_same(lks_tensor *got, lks_tensor *want, const char *what)
{
    const size_t n = (size_t)lks_numel(want) * sizeof(float);
    void *a = tensor_get(lks_contiguous(got)), *b = tensor_get(lks_contiguous(want));

    ck_assert_int_eq(lks_numel(got), lks_numel(want));
    ck_assert_msg(memcmp(a, b, n) == 0, "%s differ", what);
    free(a);
    free(b);
}

static void run(lks_model *model, lks_tensor *x, lks_tensor *lengths, lks_tensor **out)
{
    ck_ok(lks_model_run_padded(model, &x, &lengths, out));
}

/* ---- lengths ---- */

START_TEST(padding_is_left_out_so_a_batch_has_the_bits_of_each_sample_alone)
{
    static const int64_t ends[N] = {4, 6, 1};

    for (int k = 0; k < N_KINDS; k++) {
        lks_model *model = make(kinds[k], true, true);
        lks_tensor *x, *all[LKS_LAYER_MAX_PORTS], *one[LKS_LAYER_MAX_PORTS];

        lks_scope_open();
        x = noise(LKS_SHAPE_OF(N, T, WIDTH));
        run(model, x, lks_from_data(LKS_SHAPE_OF(N), LKS_I64, ends, test_device()), all);
        for (int i = 0; i < N; i++) {
            run(model, lks_narrow(lks_narrow(x, 0, i, 1), 1, 0, ends[i]), NULL, one);
            assert_same(lks_narrow(lks_narrow(all[0], 0, i, 1), 1, 0, ends[i]), one[0],
                        "outputs");
            assert_same(lks_narrow(all[1], 0, i, 1), one[1], "states");
        }
        ck_assert(tensor_at(lks_contiguous(lks_narrow(all[0], 0, 2, 1)), 10) == 0);
        lks_scope_close();
        lks_model_destroy(model);
    }
}
END_TEST

/* Whatever stands behind a sample's end. */
START_TEST(padding_changes_no_gradient)
{
    static const int64_t ends[N] = {4, 6, 1};
    float *gradients[2];
    const lks_view *grads;

    for (int k = 0; k < N_KINDS; k++) {
        lks_model *model = make(kinds[k], false, true);
        const size_t n = lks_param_block_numel(lks_model_params(model));

        for (int pad = 0; pad < 2; pad++) {
            lks_tensor *x, *y[LKS_LAYER_MAX_PORTS], *lengths;

            lks_scope_open();
            x = noise(LKS_SHAPE_OF(N, T, WIDTH));
            lengths = lks_from_data(LKS_SHAPE_OF(N), LKS_I64, ends, test_device());
            lks_fill_(lks_narrow(lks_narrow(x, 0, 0, 1), 1, 4, 2), pad * 1e6);
            run(model, x, lengths, y);
            lks_param_block_zero_grad(lks_model_params(model));
            ck_ok(lks_backward(lks_sum_all(lks_mul(y[0], y[0]))));
            lks_scope_close();
            grads = lks_param_block_grads(lks_model_params(model));
            gradients[pad] = calloc(n, sizeof(float));
            ck_ok(lks_flat_read(grads, gradients[pad]));
        }
        ck_assert_mem_eq(gradients[0], gradients[1], n * sizeof(float));
        free(gradients[0]);
        free(gradients[1]);
        lks_model_destroy(model);
    }
}
END_TEST

START_TEST(dropout1d_drops_whole_steps)
{
    const lks_layer_spec layer = {.type = "dropout1d"};
    const lks_model_input input = {"inputs", LKS_SHAPE_OF(T, WIDTH), LKS_F32, true};
    lks_tensor *x, *lengths, *y = NULL;
    int n_dropped = 0;
    lks_model *model;

    ck_ok(lks_model_create_from(&layer, 1, &input, 1, 3, test_device(), &model));
    lks_scope_open();
    x = lks_ones(LKS_SHAPE_OF(N, T, WIDTH), LKS_F32, test_device());
    lengths = lks_full(LKS_SHAPE_OF(N), T, LKS_I64, test_device());
    lks_model_set_training(model, true);
    run(model, x, lengths, &y);
    for (int64_t step = 0; step < N * T; step++) {
        const double first = tensor_at(y, step * WIDTH);

        ck_assert(first == 0 || first == 2);
        n_dropped += first == 0;
        for (int64_t i = 1; i < WIDTH; i++)
            ck_assert(tensor_at(y, step * WIDTH + i) == first);
    }
    ck_assert_int_gt(n_dropped, 0);
    ck_assert_int_lt(n_dropped, N * T);
    lks_model_set_training(model, false);
    run(model, x, lengths, &y);
    assert_same(y, x, "outside training");
    lks_scope_close();
    lks_model_destroy(model);
}
END_TEST

/* ---- states ---- */

START_TEST(windows_that_carry_have_the_bits_of_the_whole_sequence)
{
    for (int k = 0; k < N_KINDS; k++) {
        lks_model *model = make(kinds[k], false, true);
        lks_tensor *x, *whole[LKS_LAYER_MAX_PORTS], *part[LKS_LAYER_MAX_PORTS];

        lks_scope_open();
        x = noise(LKS_SHAPE_OF(N, T, WIDTH));
        run(model, x, NULL, whole);
        lks_model_set_carrying(model, true);
        for (int t = 0; t < T; t += 2) {
            run(model, lks_narrow(x, 1, t, 2), NULL, part);
            assert_same(part[0], lks_narrow(whole[0], 1, t, 2), "outputs");
        }
        assert_same(part[1], whole[1], "last states");
        lks_model_forget_carried(model);
        run(model, lks_narrow(x, 1, 0, 2), NULL, part);
        assert_same(part[0], lks_narrow(whole[0], 1, 0, 2), "first outputs");
        lks_scope_close();
        lks_model_destroy(model);
    }
}
END_TEST

/* Truncated back-propagation: a window's gradient ends where it begins, so a window that is
 * the whole sequence has the whole gradient. */
START_TEST(what_is_carried_has_no_history)
{
    lks_model *model = make("lstm", false, true);
    lks_tensor *x, *first, *y[LKS_LAYER_MAX_PORTS];

    lks_model_set_carrying(model, true);
    lks_scope_open();
    first = lks_requires_grad_(noise(LKS_SHAPE_OF(N, 2, WIDTH)));
    x = lks_requires_grad_(noise(LKS_SHAPE_OF(N, 2, WIDTH)));
    run(model, first, NULL, y);
    run(model, x, NULL, y);
    ck_ok(lks_backward(lks_sum_all(y[0])));
    ck_assert_ptr_nonnull(lks_grad(x));
    ck_assert_ptr_null(lks_grad(first));
    lks_scope_close();
    lks_model_destroy(model);
}
END_TEST

START_TEST(a_first_state_may_be_given)
{
    static const lks_option gru[] = {{"hidden_size", 1, {5}}};
    const lks_model_input inputs[] = {{"inputs", LKS_SHAPE_OF(T, WIDTH), LKS_F32, false},
                                      {"state", LKS_SHAPE_OF(1, 5), LKS_F32, false}};
    const lks_layer_spec given[] = {
        {.type = "gru", .options = {gru, 1}, FROM("inputs", "state")}};
    const lks_layer_spec none[] = {{.type = "gru", .options = {gru, 1}}};
    lks_tensor *x[2], *y[2], *zero[2], *plain[2];
    lks_model *a, *b;

    ck_ok(lks_model_create_from(given, 1, inputs, 2, 3, test_device(), &a));
    ck_ok(lks_model_create_from(none, 1, inputs, 2, 3, test_device(), &b));
    lks_scope_open();
    x[0] = noise(LKS_SHAPE_OF(N, T, WIDTH));
    x[1] = lks_zeros(LKS_SHAPE_OF(N, 1, 5), LKS_F32, test_device());
    ck_ok(lks_model_run(a, x, zero));
    ck_ok(lks_model_run(b, x, plain));
    assert_same(zero[0], plain[0], "outputs of a state of zeros");
    x[1] = zero[1]; /* (N, 1, 5): where it ended, it goes on */
    ck_ok(lks_model_run(a, x, y));
    ck_assert(tensor_at(lks_contiguous(y[0]), 0) !=
              tensor_at(lks_contiguous(zero[0]), 0));
    lks_scope_close();
    lks_model_destroy(a);
    lks_model_destroy(b);
}
END_TEST

/* ---- what cannot be, and what they begin with ---- */

#define REFUSED(code, text, ...)                                                         \
    do {                                                                                 \
        const lks_layer_spec layers_[] = {__VA_ARGS__};                                  \
        lks_model *none_;                                                                \
        ck_fails(lks_model_create(layers_, N_LAYERS(layers_), LKS_SHAPE_OF(T, WIDTH), 0, \
                                  test_device(), &none_),                                \
                 code, text);                                                            \
    } while (0)

START_TEST(what_does_not_fit_is_refused)
{
    REFUSED(LKS_INVALID, "samples come first always: batch_first may be left out or true",
            {.type = "gru", OPTIONS({"hidden_size", 1, {5}}, {"batch_first", 1, {0}})});
    REFUSED(LKS_INVALID, "proj_size is 5; it must be below hidden_size, 5",
            {.type = "lstm", OPTIONS({"hidden_size", 1, {5}}, {"proj_size", 1, {5}})});
    REFUSED(LKS_SHAPE, "rnn wants a sequence, (T, features)", {.type = "flatten"},
            {.type = "rnn", OPTIONS({"hidden_size", 1, {5}})});
    REFUSED(LKS_SHAPE, "its first state is (1, 5)",
            {.type = "gru", OPTIONS({"hidden_size", 1, {5}}), FROM("inputs", "inputs")});
    REFUSED(LKS_SHAPE, "lstm takes its first cells beside its state",
            {.type = "lstm", OPTIONS({"hidden_size", 1, {5}}), FROM("inputs", "inputs")});
    REFUSED(LKS_INVALID, "layer 0 (gru) takes 1 to 2 inputs; from has 3",
            {.type = "gru",
             OPTIONS({"hidden_size", 1, {5}}),
             FROM("inputs", "inputs", "inputs")});
}
END_TEST

/* source: nn.RNNBase's reset_parameters */
START_TEST(first_values_are_uniform_within_one_over_the_root_of_the_hidden_size)
{
    lks_model *model = make("lstm", true, false);
    const lks_param_block *params = lks_model_params(model);
    const double bound = 1 / sqrt(5);

    ck_assert_uint_eq(lks_param_block_count(params), 16);
    ck_assert_str_eq(lks_param_block_at(params, 7)->name, "0.bias_hh_l0_reverse");
    for (size_t i = 0; i < 16; i++) {
        const lks_param *param = lks_param_block_at(params, i);
        double largest = 0;

        for (size_t j = 0; j < param->numel; j++)
            largest = fmax(largest, fabs(tensor_at(param->tensor, (int64_t)j)));
        ck_assert_msg(largest <= bound && largest > 0.8 * bound, "%s up to %g",
                      param->name, largest);
    }
    lks_model_destroy(model);
}
END_TEST

LKS_SUITE("recurrent_layers",
          padding_is_left_out_so_a_batch_has_the_bits_of_each_sample_alone,
          padding_changes_no_gradient, dropout1d_drops_whole_steps,
          windows_that_carry_have_the_bits_of_the_whole_sequence,
          what_is_carried_has_no_history, a_first_state_may_be_given,
          what_does_not_fit_is_refused,
          first_values_are_uniform_within_one_over_the_root_of_the_hidden_size)
