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
          fields_of_a_batch_have_names_and_dtypes, bad_names_are_refused,
          sources_that_are_not_there_are_refused, a_wrong_number_of_inputs_is_refused,
          sums_of_unlike_shapes_are_refused)
