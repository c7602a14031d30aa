/* How layers are wired: names, several inputs and outputs, what lanes carry. */
#include "support/test_device.h"
#include "support/models.h"

#include <stdio.h>

#include "autograd/backward.h"
#include "base/alloc.h"
#include "base/try.h"
#include "nn/layer.h"
#include "ops/ops.h"
#include "tensor/scope.h"

#define FROM(...)                                                                        \
    .from = (const char *const[]){__VA_ARGS__},                                          \
    .n_from = sizeof(const char *const[]){__VA_ARGS__} / sizeof(char *)

#define LINEAR(n)                                                                        \
    .type = "linear", .options = {(const lks_option[]){{"out_features", 1, {n}}}, 1}

static lks_model *make(const lks_layer_spec *layers, size_t n)
{
    lks_model *model = NULL;

    ck_ok(lks_model_create(layers, n, LKS_SHAPE_OF(4), 3, test_device(), &model));
    return model;
}

static lks_tensor *param(const lks_model *model, size_t i)
{
    return lks_param_block_at(lks_model_params(model), i)->tensor;
}

static bool are_equal(const lks_tensor *a, const lks_tensor *b)
{
    void *x = tensor_get(a), *y = tensor_get(b);
    const bool equal = memcmp(x, y, (size_t)lks_numel(a) * sizeof(float)) == 0;

    free(x);
    free(y);
    return equal;
}

/* ---- names ---- */

START_TEST(a_named_layers_parameters_have_its_name)
{
    const lks_layer_spec layers[] = {
        {LINEAR(3), .name = "in"}, {.type = "relu"}, {LINEAR(2)}};
    static const char *const want[] = {"in.weight", "in.bias", "2.weight", "2.bias"};
    lks_model *model = make(layers, 3);

    for (size_t i = 0; i < 4; i++)
        ck_assert_str_eq(lks_param_block_at(lks_model_params(model), i)->name, want[i]);
    lks_model_destroy(model);
}
END_TEST

START_TEST(names_change_no_initial_weight)
{
    const lks_layer_spec plain[] = {{LINEAR(3)}, {LINEAR(2)}};
    const lks_layer_spec named[] = {{LINEAR(3), .name = "a"}, {LINEAR(2), FROM("a")}};
    lks_model *a = make(plain, 2), *b = make(named, 2);

    ck_assert(hash_of(lks_model_params(a)) == hash_of(lks_model_params(b)));
    lks_model_destroy(a);
    lks_model_destroy(b);
}
END_TEST

START_TEST(a_description_shows_names)
{
    const lks_layer_spec layers[] = {{LINEAR(4), .name = "in"},
                                     {.type = "add", FROM("in", "inputs")}};
    lks_model *model = make(layers, 2);
    char *text = lks_model_describe(model);

    ck_assert_str_eq(text, "layer        output  parameters\n"
                           "input        (4,)             0\n"
                           "0 linear in  (4,)            20\n"
                           "1 add        (4,)             0\n"
                           "total                        20\n");
    lks_free(text);
    lks_model_destroy(model);
}
END_TEST

/* ---- several inputs ---- */

START_TEST(a_residual_sum_goes_forward_and_back)
{
    const lks_layer_spec layers[] = {{LINEAR(4), .name = "a"},
                                     {.type = "tanh"},
                                     {LINEAR(4)},
                                     {.type = "add", FROM("2", "a")}};
    const lks_rng rng = {.seed = 5};
    lks_model *model = make(layers, 4);
    lks_tensor *x, *h, *y, *want, *gradient;

    lks_scope_open();
    x = lks_randn(LKS_SHAPE_OF(3, 4), LKS_F32, &rng, test_device());
    y = lks_model_forward(model, x);
    h = lks_linear(x, param(model, 0), param(model, 1));
    want = lks_add(lks_linear(lks_tanh(h), param(model, 2), param(model, 3)), h);
    ck_assert_msg(y != NULL, "%s", lks_error_text());
    ck_assert(are_equal(y, want));

    ck_ok(lks_backward(lks_sum_all(want)));
    gradient = lks_clone(lks_grad(param(model, 0)));
    lks_param_block_zero_grad(lks_model_params(model));
    ck_ok(lks_backward(lks_sum_all(y)));
    ck_assert(are_equal(lks_grad(param(model, 0)), gradient));
    lks_scope_close();
    lks_model_destroy(model);
}
END_TEST

START_TEST(sums_broadcast)
{
    const lks_layer_spec layers[] = {{LINEAR(1), .name = "one"},
                                     {.type = "add", FROM("one", "inputs")}};
    lks_model *model = make(layers, 2);
    const lks_shape out = lks_model_output_shape(model), four = LKS_SHAPE_OF(4);

    ck_assert(lks_shape_equal(&out, &four));
    lks_model_destroy(model);
}
END_TEST

/* ---- layers of a program's own ---- */

static lks_status split_infer(lks_layer *layer)
{
    layer->n_out = 2;
    layer->out[0].shape = LKS_SHAPE_OF(1);
    layer->out[1].shape = LKS_SHAPE_OF(3);
    return LKS_OK;
}

static lks_status split_forward(const lks_layer *layer, const lks_layer_run *run,
                                lks_tensor *const *in, lks_tensor **out)
{
    (void)layer, (void)run;
    out[0] = lks_narrow(in[0], 1, 0, 1);
    return lks_layer_put(&out[1], lks_narrow(in[0], 1, 1, 3));
}

static const lks_layer_type split = {
    .name = "split", .infer = split_infer, .forward = split_forward};

START_TEST(a_layer_may_give_several_outputs)
{
    const lks_layer_spec layers[] = {{.own = &split, .name = "s"},
                                     {LINEAR(3), FROM("s.0")},
                                     {.type = "add", FROM("1", "s.1")}};
    lks_model *model = make(layers, 3);
    lks_tensor *x, *y, *want;

    lks_scope_open();
    x = lks_ones(LKS_SHAPE_OF(2, 4), LKS_F32, test_device());
    y = lks_model_forward(model, x);
    ck_assert_msg(y != NULL, "%s", lks_error_text());
    want = lks_add(lks_linear(lks_narrow(x, 1, 0, 1), param(model, 0), param(model, 1)),
                   lks_narrow(x, 1, 1, 3));
    ck_assert(are_equal(y, want));
    lks_scope_close();
    lks_model_destroy(model);
}
END_TEST

START_TEST(a_last_layers_outputs_come_all)
{
    const lks_layer_spec layers[] = {{.own = &split}};
    lks_model *model = make(layers, 1);
    lks_tensor *x, *outputs[2];

    lks_scope_open();
    x = lks_ones(LKS_SHAPE_OF(2, 4), LKS_F32, test_device());
    ck_ok(lks_model_run(model, &x, outputs));
    ck_assert_int_eq(lks_size(outputs[0], 1), 1);
    ck_assert_int_eq(lks_size(outputs[1], 1), 3);
    ck_assert_ptr_null(lks_model_forward(model, x));
    ck_assert_ptr_nonnull(strstr(lks_error_text(), "1 inputs and 2 outputs"));
    lks_error_clear();
    lks_scope_close();
    lks_model_destroy(model);
}
END_TEST

/* Counts how often it has seen each lane. */
static lks_status count_infer(lks_layer *layer)
{
    lks_layer_add_carried(layer);
    return lks_layer_same_shape(layer);
}

static lks_status count_forward(const lks_layer *layer, const lks_layer_run *run,
                                lks_tensor *const *in, lks_tensor **out)
{
    lks_tensor *n = run->carried[0] ? lks_add_scalar(run->carried[0], 1)
                                    : lks_ones(LKS_SCALAR, LKS_F32, test_device());

    (void)layer;
    LKS_TRY(lks_layer_carry(run, 0, n));
    return lks_layer_put(out, lks_mul(in[0], n));
}

static const lks_layer_type count = {
    .name = "count", .infer = count_infer, .forward = count_forward};

static double seen(lks_model *model, uint32_t lane)
{
    double value;

    lks_scope_open();
    lks_model_set_position(model, 0, 0, lane);
    value = tensor_at(
        lks_model_forward(model, lks_ones(LKS_SHAPE_OF(1, 4), LKS_F32, test_device())),
        0);
    lks_scope_close();
    return value;
}

START_TEST(what_a_lane_carries_is_its_own_and_stays)
{
    const lks_layer_spec layers[] = {{.own = &count}, {.own = &count}};
    lks_model *model = make(layers, 2);

    lks_model_set_carrying(model, true);
    ck_assert(seen(model, 2) == 1);
    ck_assert(seen(model, 2) == 4);
    ck_assert(seen(model, 0) == 1);
    ck_assert(seen(model, 5) == 1);
    ck_assert(seen(model, 2) == 9);
    lks_model_forget_carried(model);
    ck_assert(seen(model, 2) == 1);
    lks_model_destroy(model);
}
END_TEST

START_TEST(nothing_is_carried_unless_the_model_is_to)
{
    const lks_layer_spec layers[] = {{.own = &count}};
    lks_model *model = make(layers, 1);

    ck_assert(seen(model, 0) == 1);
    ck_assert(seen(model, 0) == 1);
    lks_model_set_carrying(model, true);
    ck_assert(seen(model, 0) == 1);
    ck_assert(seen(model, 0) == 2);
    lks_model_set_carrying(model, false);
    ck_assert(seen(model, 0) == 1);
    lks_model_destroy(model);
}
END_TEST

START_TEST(an_evaluation_leaves_what_training_carries)
{
    const lks_layer_spec layers[] = {{.own = &count}};
    lks_model *model = make(layers, 1);

    lks_model_set_carrying(model, true);
    ck_assert(seen(model, 0) == 1);
    ck_assert(seen(model, 0) == 2);
    lks_model_set_training(model, false);
    ck_assert(seen(model, 0) == 1);
    ck_assert(seen(model, 0) == 1);
    lks_model_set_carrying(model, true);
    ck_assert(seen(model, 0) == 1);
    ck_assert(seen(model, 0) == 2);
    lks_model_forget_carried(model);
    ck_assert(seen(model, 0) == 1);
    lks_model_set_training(model, true);
    ck_assert(seen(model, 0) == 3);
    lks_model_destroy(model);
}
END_TEST

/* ---- samples that differ in length ---- */

/* Notes what it is told of its input's lengths in a column of ones: the sum of them, or -1
 * where they are not said. */
static lks_status lengths_infer(lks_layer *layer)
{
    layer->out[0].shape = LKS_SHAPE_OF(1);
    return LKS_OK;
}

static lks_status lengths_forward(const lks_layer *layer, const lks_layer_run *run,
                                  lks_tensor *const *in, lks_tensor **out)
{
    lks_tensor *ones =
        lks_ones(LKS_SHAPE_OF(lks_size(in[0], 0), 1), LKS_F32, test_device());

    (void)layer;
    return lks_layer_put(
        out, run->lengths[0]
                 ? lks_mul(ones, lks_to(lks_sum_all(run->lengths[0]), LKS_F32))
                 : lks_neg(ones));
}

static const lks_layer_type lengths_type = {.name = "lengths",
                                            .takes_varying = true,
                                            .infer = lengths_infer,
                                            .forward = lengths_forward};

#define EMBEDDING                                                                        \
    .type = "embedding",                                                                 \
    .options = {                                                                         \
        (const lks_option[]){{"num_embeddings", 1, {9}}, {"embedding_dim", 1, {4}}}, 2}

/* Of tokens (N, up to 5). */
static lks_status make_of_tokens(const lks_layer_spec *layers, size_t n, lks_model **out)
{
    const lks_model_input tokens = {"tokens", LKS_SHAPE_OF(5), LKS_I64, .varies = true};

    return lks_model_create_from(layers, n, &tokens, 1, 0, test_device(), out);
}

/* What the last layer gives of 2 samples that are padded to `longest`. */
static double run_tokens(lks_model *model, int64_t longest, bool told)
{
    const int64_t each[] = {longest, 1};
    lks_tensor *x, *lengths, *y = NULL;
    double value;

    lks_scope_open();
    x = lks_zeros(LKS_SHAPE_OF(2, longest), LKS_I64, test_device());
    lengths = lks_from_data(LKS_SHAPE_OF(2), LKS_I64, each, test_device());
    ck_ok(lks_model_run_padded(model, &x, told ? &lengths : NULL, &y));
    value = tensor_at(y, 0);
    lks_scope_close();
    return value;
}

START_TEST(lengths_go_along_where_the_first_dimension_is_kept)
{
    static const lks_option two[] = {{"start_dim", 1, {2}}}, last[] = {{"dim", 1, {-1}}};
    static const lks_option shape[] = {{"normalized_shape", 1, {4}}};
    const lks_layer_spec layers[] = {
        {EMBEDDING, .name = "e"},
        {.type = "dropout"},
        {LINEAR(4)},
        {.type = "tanh"},
        {.type = "layer_norm", .options = {shape, 1}},
        {.type = "softmax", .options = {last, 1}},
        {.type = "prelu"},
        {.type = "flatten", .options = {two, 1}, .name = "f"},
        {.type = "bilinear",
         .options = {(const lks_option[]){{"out_features", 1, {4}}}, 1},
         FROM("e", "f")},
        {.type = "add", FROM("8", "e")},
        {.own = &lengths_type}};
    lks_model *model;

    ck_ok(make_of_tokens(layers, sizeof layers / sizeof *layers, &model));
    ck_assert(run_tokens(model, 5, true) == 6);
    ck_assert(run_tokens(model, 3, true) == 4);
    ck_assert(run_tokens(model, 7, true) == 8);
    ck_assert(run_tokens(model, 5, false) == -1);
    lks_model_destroy(model);
}
END_TEST

/* Tokens are their own numbers: what an embedding of one column gives. */
START_TEST(the_last_step_is_the_one_before_a_samples_end)
{
    static const lks_option column[] = {{"num_embeddings", 1, {9}},
                                        {"embedding_dim", 1, {1}}};
    const lks_layer_spec layers[] = {{.type = "embedding", .options = {column, 2}},
                                     {.type = "last"}};
    static const int64_t tokens[2][4] = {{1, 2, 3, 4}, {5, 6, 7, 8}}, ends[2] = {4, 2};
    lks_tensor *x, *lengths, *y[2], *weight;
    lks_model *model;

    ck_ok(make_of_tokens(layers, 1, &model));
    ck_assert(lks_model_output_varies(model));
    lks_model_destroy(model);
    ck_ok(make_of_tokens(layers, 2, &model));
    ck_assert(!lks_model_output_varies(model));
    weight = param(model, 0);
    lks_scope_open();
    x = lks_from_data(LKS_SHAPE_OF(2, 4), LKS_I64, tokens, test_device());
    lengths = lks_from_data(LKS_SHAPE_OF(2), LKS_I64, ends, test_device());
    ck_ok(lks_model_run_padded(model, &x, NULL, &y[0]));
    ck_ok(lks_model_run_padded(model, &x, &lengths, &y[1]));
    ck_assert_int_eq(lks_ndim(y[1]), 2);
    ck_assert(tensor_at(y[0], 0) == tensor_at(weight, 4));
    ck_assert(tensor_at(y[0], 1) == tensor_at(weight, 8));
    ck_assert(tensor_at(y[1], 0) == tensor_at(weight, 4));
    ck_assert(tensor_at(y[1], 1) == tensor_at(weight, 6));
    ck_ok(lks_backward(lks_sum_all(y[1])));
    ck_assert(tensor_at(lks_grad(weight), 6) == 1 && tensor_at(lks_grad(weight), 8) == 0);
    lks_scope_close();
    lks_model_destroy(model);
}
END_TEST

START_TEST(a_field_that_does_not_vary_has_no_lengths)
{
    const lks_layer_spec layers[] = {{.own = &lengths_type}};
    lks_model *model = make(layers, 1);
    lks_tensor *x, *lengths, *y = NULL;

    lks_scope_open();
    x = lks_ones(LKS_SHAPE_OF(2, 4), LKS_F32, test_device());
    ck_ok(lks_model_run(model, &x, &y));
    ck_assert(tensor_at(y, 0) == -1);
    lengths = lks_full(LKS_SHAPE_OF(2), 4, LKS_I64, test_device());
    ck_fails(lks_model_run_padded(model, &x, &lengths, &y), LKS_INVALID,
             "lengths of the field inputs, which does not vary");
    lks_scope_close();
    lks_model_destroy(model);
}
END_TEST

START_TEST(a_layer_of_one_size_refuses_samples_that_vary)
{
    static const lks_option dim[] = {{"dim", 1, {1}}};
    const lks_layer_spec flatten[] = {{EMBEDDING}, {.type = "flatten"}};
    const lks_layer_spec softmax[] = {{EMBEDDING},
                                      {.type = "softmax", .options = {dim, 1}}};
    const lks_layer_spec norm[] = {{EMBEDDING}, {.type = "batch_norm1d"}};
    lks_model *model;

    ck_fails(make_of_tokens(flatten, 2, &model), LKS_SHAPE,
             "layer 1 (flatten) cannot follow layer 0 (embedding), which gives (5, 4): "
             "its first size varies from sample to sample, and flatten wants one size");
    ck_fails(make_of_tokens(softmax, 2, &model), LKS_SHAPE, "softmax wants one size");
    ck_fails(make_of_tokens(norm, 2, &model), LKS_SHAPE, "batch_norm1d wants one size");
}
END_TEST

START_TEST(sums_of_what_varies_otherwise_are_refused)
{
    const lks_model_input inputs[] = {
        {"a", LKS_SHAPE_OF(5, 4), LKS_F32, .varies = true},
        {"b", LKS_SHAPE_OF(5, 4), LKS_F32, .varies = true},
        {"bias", LKS_SHAPE_OF(1, 4), LKS_F32, .varies = false}};
    const lks_layer_spec unlike[] = {{.type = "add", FROM("a", "b")}};
    const lks_layer_spec one[] = {{.type = "add", FROM("bias", "b")}};
    lks_model *model;

    ck_fails(lks_model_create_from(unlike, 1, inputs, 3, 0, test_device(), &model),
             LKS_SHAPE, "their first sizes do not vary alike");
    ck_ok(lks_model_create_from(one, 1, inputs, 3, 0, test_device(), &model));
    lks_model_destroy(model);
}
END_TEST

START_TEST(batches_that_no_lengths_go_with_are_refused)
{
    const lks_layer_spec layers[] = {{EMBEDDING}};
    lks_tensor *x, *lengths, *y = NULL;
    lks_model *model;

    ck_ok(make_of_tokens(layers, 1, &model));
    lks_scope_open();
    x = lks_zeros(LKS_SHAPE_OF(2, 6, 1), LKS_I64, test_device());
    ck_fails(lks_model_run(model, &x, &y), LKS_SHAPE,
             "samples of shape (5,), of any length, not a (2, 6, 1)");
    x = lks_zeros(LKS_SHAPE_OF(2, 0), LKS_I64, test_device());
    ck_fails(lks_model_run(model, &x, &y), LKS_SHAPE, "of any length, not a (2, 0)");
    x = lks_zeros(LKS_SHAPE_OF(2, 3), LKS_I64, test_device());
    lengths = lks_zeros(LKS_SHAPE_OF(3), LKS_I64, test_device());
    ck_fails(lks_model_run_padded(model, &x, &lengths, &y), LKS_SHAPE,
             "lengths of the field tokens are int64 (2), one a sample, not int64 (3,)");
    lks_scope_close();
    lks_model_destroy(model);
}
END_TEST

static lks_status cast_forward(const lks_layer *layer, const lks_layer_run *run,
                               lks_tensor *const *in, lks_tensor **out)
{
    (void)layer, (void)run;
    return lks_layer_put(out, lks_to(in[0], LKS_F32));
}

static lks_status cast_infer(lks_layer *layer)
{
    layer->out[0].shape = layer->in[0].shape;
    return LKS_OK;
}

static const lks_layer_type cast = {
    .name = "cast", .takes = LKS_I64, .infer = cast_infer, .forward = cast_forward};

START_TEST(fields_of_a_batch_have_names_and_dtypes)
{
    const lks_model_input inputs[] = {{"tokens", LKS_SHAPE_OF(4), LKS_I64},
                                      {"weights", LKS_SHAPE_OF(4), LKS_F32}};
    const lks_layer_spec layers[] = {{.own = &cast, .name = "c"},
                                     {.type = "add", FROM("weights", "c")}};
    const lks_layer_spec wrong[] = {{LINEAR(2)}};
    lks_model *model;
    lks_tensor *x[2], *y;

    ck_ok(lks_model_create_from(layers, 2, inputs, 2, 0, test_device(), &model));
    lks_scope_open();
    x[0] = lks_full(LKS_SHAPE_OF(2, 4), 3, LKS_I64, test_device());
    x[1] = lks_full(LKS_SHAPE_OF(2, 4), 0.5, LKS_F32, test_device());
    ck_ok(lks_model_run(model, x, &y));
    ck_assert(tensor_at(y, 7) == 3.5);
    lks_scope_close();
    lks_model_destroy(model);
    ck_fails(lks_model_create_from(wrong, 1, inputs, 2, 0, test_device(), &model),
             LKS_SHAPE,
             "layer 0 (linear) cannot take samples of shape (4,): linear takes "
             "float32, not int64");
}
END_TEST

/* ---- errors ---- */

#define REFUSED(code, text, ...)                                                         \
    do {                                                                                 \
        const lks_layer_spec layers_[] = {__VA_ARGS__};                                  \
        lks_model *none_;                                                                \
        ck_fails(lks_model_create(layers_, N_LAYERS(layers_), LKS_SHAPE_OF(4), 0,        \
                                  test_device(), &none_),                                \
                 code, text);                                                            \
    } while (0)

/* ---- one weight of two layers ---- */

#define EMBEDDING_AND_LINEAR(...)                                                        \
    {EMBEDDING, .name = "e"},                                                            \
    {                                                                                    \
        .type = "linear",                                                                \
        .options = {(const lks_option[]){{"out_features", 1, {9}}}, 1}, __VA_ARGS__      \
    }

/* The gradient of the embedding's weight, (9, 4), and of the linear layer's of the sum of
 * tanh of what the model gives. */
static void backward_of_tokens(lks_model *model)
{
    static const int64_t tokens[2][3] = {{1, 2, 3}, {2, 5, 2}};
    lks_tensor *x, *y = NULL;

    lks_scope_open();
    x = lks_from_data(LKS_SHAPE_OF(2, 3), LKS_I64, tokens, test_device());
    ck_ok(lks_model_run(model, &x, &y));
    ck_ok(lks_backward(lks_sum_all(lks_tanh(y))));
    lks_scope_close();
}

START_TEST(a_tied_weight_is_one_parameter_with_the_gradient_of_both_users)
{
    const lks_layer_spec tied[] = {EMBEDDING_AND_LINEAR(.weight_of = "e")};
    const lks_layer_spec apart[] = {EMBEDDING_AND_LINEAR(.name = "l")};
    lks_model *one, *two;
    lks_tensor *sum;
    char *text;

    ck_ok(make_of_tokens(tied, 2, &one));
    ck_ok(make_of_tokens(apart, 2, &two));
    ck_assert_uint_eq(lks_param_block_count(lks_model_params(one)), 2);
    ck_assert_str_eq(lks_param_block_at(lks_model_params(one), 1)->name, "1.bias");
    lks_set_grad_enabled(false);
    ck_assert_ptr_nonnull(lks_copy_(param(two, 0), param(one, 0)));
    ck_assert_ptr_nonnull(lks_copy_(param(two, 1), param(one, 0)));
    ck_assert_ptr_nonnull(lks_copy_(param(two, 2), param(one, 1)));
    lks_set_grad_enabled(true);
    backward_of_tokens(one);
    backward_of_tokens(two);
    lks_scope_open();
    sum = lks_add(lks_grad(param(two, 0)), lks_grad(param(two, 1)));
    for (int64_t i = 0; i < 36; i++)
        ck_assert_double_eq_tol(tensor_at(lks_grad(param(one, 0)), i), tensor_at(sum, i),
                                1e-5);
    lks_scope_close();
    text = lks_model_describe(one);
    ck_assert_ptr_nonnull(strstr(text, "45\n"));
    lks_free(text);
    lks_model_destroy(one);
    lks_model_destroy(two);
}
END_TEST

START_TEST(weights_that_cannot_be_one_are_refused)
{
    const lks_option small[] = {{"out_features", 1, {8}}};
    const lks_init_spec zeros = {"weight", "zeros", {NULL, 0}};
    const lks_layer_spec shape[] = {
        {EMBEDDING}, {.type = "linear", .options = {small, 1}, .weight_of = "0"}};
    const lks_layer_spec later[] = {EMBEDDING_AND_LINEAR(.weight_of = "1")};
    const lks_layer_spec none[] = {
        {EMBEDDING}, {.type = "tanh", .name = "t"}, {LINEAR(4), .weight_of = "t"}};
    const lks_layer_spec own[] = {{EMBEDDING}, {.type = "tanh", .weight_of = "0"}};
    const lks_layer_spec init[] = {
        EMBEDDING_AND_LINEAR(.weight_of = "e", .inits = &zeros, .n_inits = 1)};
    lks_model *model;

    ck_fails(make_of_tokens(shape, 2, &model), LKS_SHAPE,
             "layer 1 (linear) cannot have the weight of layer 0 (embedding), of shape "
             "(9, 4): its own has (8, 4)");
    ck_fails(make_of_tokens(later, 2, &model), LKS_INVALID,
             "weight_of is '1', which is no layer before it");
    ck_fails(make_of_tokens(none, 3, &model), LKS_INVALID,
             "weight_of is 't', but layer t (tanh) has no weight");
    ck_fails(make_of_tokens(own, 2, &model), LKS_INVALID,
             "weight_of is '0', but layer 1 (tanh) has no weight");
    ck_fails(make_of_tokens(init, 2, &model), LKS_INVALID,
             "its weight begins with what that of layer e (embedding) does");
}
END_TEST

/* An embedding's rows are the vocabulary's tokens, and a layer with its weight gives as many
 * numbers. */
START_TEST(sizes_that_are_left_out_are_the_vocabularys)
{
    static const lks_option width[] = {{"embedding_dim", 1, {4}}};
    const lks_layer_spec layers[] = {
        {.type = "embedding", .options = {width, 1}, .name = "e"},
        {.type = "linear", .weight_of = "e"}};
    const lks_layer_spec alone[] = {layers[0], {.type = "linear"}};
    lks_model_input tokens = {"tokens", LKS_SHAPE_OF(5), LKS_I64, .n_tokens = 7};
    const lks_shape want = LKS_SHAPE_OF(5, 7);
    lks_model *model;
    lks_shape gives;

    ck_ok(lks_model_create_from(layers, 2, &tokens, 1, 0, test_device(), &model));
    gives = lks_model_output_shape(model);
    ck_assert(lks_shape_equal(&gives, &want));
    ck_assert_int_eq(lks_size(param(model, 0), 0), 7);
    lks_model_destroy(model);

    ck_fails(lks_model_create_from(alone, 2, &tokens, 1, 0, test_device(), &model),
             LKS_INVALID, "layer 1 (linear) needs out_features");
    tokens.n_tokens = 0;
    ck_fails(lks_model_create_from(layers, 2, &tokens, 1, 0, test_device(), &model),
             LKS_INVALID,
             "layer e (embedding): num_embeddings is missing: the data has no vocabulary "
             "that would tell it");
}
END_TEST

START_TEST(bad_names_are_refused)
{
    REFUSED(LKS_INVALID, "layer 1 (relu) is called 'a', as layer 0 (tanh) is",
            {.type = "tanh", .name = "a"}, {.type = "relu", .name = "a"});
    REFUSED(LKS_INVALID, "layer 0 (relu) is called 'inputs', which is a field",
            {.type = "relu", .name = "inputs"});
    REFUSED(LKS_INVALID, "layer 0 (relu): its name '1' must not be empty, a number",
            {.type = "relu", .name = "1"});
    REFUSED(LKS_INVALID, "its name 'a.b' must not", {.type = "relu", .name = "a.b"});
    REFUSED(LKS_INVALID, "its name '' must not", {.type = "relu", .name = ""});
}
END_TEST

START_TEST(sources_that_are_not_there_are_refused)
{
    REFUSED(LKS_INVALID,
            "layer 1 (relu): from has 'b', a name that no layer before it has and no "
            "field of the batch; there are: inputs, a, and the layers' numbers",
            {.type = "tanh", .name = "a"}, {.type = "relu", FROM("b")});
    REFUSED(LKS_INVALID, "layer b (relu): from has '7', but the model has no layer of",
            {.type = "relu", .name = "b", FROM("7")});
    REFUSED(LKS_INVALID, "layer 0 (relu): from has 'late', which does not come before it",
            {.type = "relu", FROM("late")}, {.type = "tanh", .name = "late"});
    REFUSED(LKS_INVALID, "layer a (relu): from has 'a', which does not come before it",
            {.type = "relu", .name = "a", FROM("a")});
    REFUSED(LKS_INVALID, "from has '0', which does not come before it",
            {.type = "relu", FROM("0")});
    REFUSED(LKS_INVALID, "from has 'a.1', but layer a (tanh) gives 1 output",
            {.type = "tanh", .name = "a"}, {.type = "relu", FROM("a.1")});
}
END_TEST

START_TEST(a_wrong_number_of_inputs_is_refused)
{
    REFUSED(LKS_INVALID, "layer 1 (add) takes 2 inputs; from has 1", {.type = "relu"},
            {.type = "add", FROM("0")});
    REFUSED(LKS_INVALID, "layer 0 (relu) takes 1 input; from has 2",
            {.type = "relu", FROM("inputs", "inputs")});
    REFUSED(LKS_INVALID,
            "layer 1 (add) takes 2 inputs; without from, the layer before it gives 1",
            {.type = "relu"}, {.type = "add"});
    REFUSED(LKS_INVALID, "layer 0 (add) takes 2 inputs; without from, the batch has 1",
            {.type = "add"});
}
END_TEST

/* Told how many inputs there are. */
static lks_status many_infer(lks_layer *layer)
{
    layer->out[0].shape = LKS_SHAPE_OF((int64_t)layer->n_in);
    return LKS_OK;
}

static const lks_layer_type many = {
    .name = "many", .n_more_inputs = 1, .infer = many_infer, .forward = cast_forward};

START_TEST(an_input_more_may_be_named)
{
    const lks_layer_spec one[] = {{.own = &many}};
    const lks_layer_spec two[] = {{LINEAR(3)}, {.own = &many, FROM("0", "inputs")}};
    lks_model *model = make(one, 1);

    ck_assert_int_eq(lks_model_output_shape(model).sizes[0], 1);
    lks_model_destroy(model);
    model = make(two, 2);
    ck_assert_int_eq(lks_model_output_shape(model).sizes[0], 2);
    lks_model_destroy(model);
    REFUSED(LKS_INVALID, "layer 0 (many) takes 1 to 2 inputs; from has 3",
            {.own = &many, FROM("inputs", "inputs", "inputs")});
}
END_TEST

START_TEST(sums_of_unlike_shapes_are_refused)
{
    REFUSED(LKS_SHAPE,
            "layer 1 (add) cannot take (3,) of layer 0 (linear) and (4,) of the batch: "
            "these do not add up",
            {LINEAR(3)}, {.type = "add", FROM("0", "inputs")});
}
END_TEST

LKS_SUITE("plan", a_named_layers_parameters_have_its_name, names_change_no_initial_weight,
          a_description_shows_names, a_residual_sum_goes_forward_and_back, sums_broadcast,
          a_layer_may_give_several_outputs, a_last_layers_outputs_come_all,
          what_a_lane_carries_is_its_own_and_stays,
          nothing_is_carried_unless_the_model_is_to,
          an_evaluation_leaves_what_training_carries,
          lengths_go_along_where_the_first_dimension_is_kept,
          the_last_step_is_the_one_before_a_samples_end, an_input_more_may_be_named,
          a_field_that_does_not_vary_has_no_lengths,
          a_layer_of_one_size_refuses_samples_that_vary,
          sums_of_what_varies_otherwise_are_refused,
          batches_that_no_lengths_go_with_are_refused,
          fields_of_a_batch_have_names_and_dtypes,
          a_tied_weight_is_one_parameter_with_the_gradient_of_both_users,
          weights_that_cannot_be_one_are_refused,
          sizes_that_are_left_out_are_the_vocabularys, bad_names_are_refused,
          sources_that_are_not_there_are_refused, a_wrong_number_of_inputs_is_refused,
          sums_of_unlike_shapes_are_refused)
