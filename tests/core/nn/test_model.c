#include "support/test_device.h"
#include "support/models.h"

#include <math.h>

#include "base/alloc.h"
#include "ops/ops.h"
#include "tensor/scope.h"

static lks_model *make(const lks_layer_spec *layers, size_t n, lks_shape sample,
                       uint64_t seed)
{
    lks_model *model;

    ck_ok(lks_model_create(layers, n, sample, seed, test_device(), &model));
    return model;
}

static lks_model *make_lenet(uint64_t seed)
{
    return make(lenet_layers, N_LAYERS(lenet_layers), LKS_SHAPE_OF(1, 28, 28), seed);
}

/* The status of building these layers for this sample shape. */
static lks_status try_layers(lks_shape sample, const lks_layer_spec *layers, size_t n)
{
    lks_model *model = NULL;
    lks_status st = lks_model_create(layers, n, sample, 0, test_device(), &model);

    lks_model_destroy(model);
    return st;
}

#define TRY(sample, ...)                                                                 \
    try_layers(sample, (lks_layer_spec[]){__VA_ARGS__},                                  \
               sizeof((lks_layer_spec[]){__VA_ARGS__}) / sizeof(lks_layer_spec))

START_TEST(parameters_have_the_names_and_shapes_of_nn_sequential)
{
    /* nn.Sequential(...).state_dict() of the same layers */
    static const struct {
        const char *name;
        lks_shape shape;
    } want[] = {
        {"0.weight", {4, {6, 1, 5, 5}}},  {"0.bias", {1, {6}}},
        {"3.weight", {4, {16, 6, 5, 5}}}, {"3.bias", {1, {16}}},
        {"7.weight", {2, {120, 256}}},    {"7.bias", {1, {120}}},
        {"9.weight", {2, {84, 120}}},     {"9.bias", {1, {84}}},
        {"11.weight", {2, {10, 84}}},     {"11.bias", {1, {10}}},
    };
    lks_model *model = make_lenet(0);
    lks_param_block *params = lks_model_params(model);
    lks_shape out = lks_model_output_shape(model), ten = LKS_SHAPE_OF(10);

    ck_assert(lks_shape_equal(&out, &ten));
    ck_assert_uint_eq(lks_param_block_count(params), 10);
    for (size_t i = 0; i < 10; i++) {
        const lks_param *param = lks_param_block_at(params, i);
        lks_shape shape = lks_sizes(param->tensor);

        ck_assert_str_eq(param->name, want[i].name);
        ck_assert(lks_shape_equal(&shape, &want[i].shape));
    }
    lks_model_destroy(model);
}
END_TEST

/* Uniform in [-bound, bound): all inside, near both ends, mean 0, variance bound²/3. */
static void assert_uniform(const lks_param *param, double bound)
{
    float *values = tensor_get(param->tensor);
    double n = (double)param->numel, mean = 0, squares = 0, least = 0, most = 0;

    for (size_t i = 0; i < param->numel; i++) {
        mean += values[i] / n;
        squares += values[i] * values[i] / n;
        least = fmin(least, values[i]);
        most = fmax(most, values[i]);
    }
    ck_assert_double_ge(least, -bound);
    ck_assert_double_lt(most, bound);
    ck_assert_double_lt(least, -bound * (1 - 20 / n));
    ck_assert_double_gt(most, bound * (1 - 20 / n));
    /* five standard errors */
    ck_assert_double_eq_tol(mean, 0, 5 * bound * sqrt(1 / (3 * n)));
    ck_assert_double_eq_tol(squares, bound * bound / 3,
                            5 * bound * bound * sqrt(4 / (45 * n)));
    free(values);
}

START_TEST(initial_weights_are_pytorchs_distribution)
{
    const lks_layer_spec layers[] = {
        LAYER("conv2d", {"out_channels", 1, {64}}, {"kernel_size", 2, {3, 5}},
              {"groups", 1, {2}}),
        LAYER("flatten"),
        LAYER("linear", {"out_features", 1, {200}}),
    };
    lks_model *model = make(layers, 3, LKS_SHAPE_OF(8, 5, 7), 3);
    lks_param_block *params = lks_model_params(model);

    assert_uniform(lks_param_block_at(params, 0), 1 / sqrt(4 * 3 * 5));
    assert_uniform(lks_param_block_at(params, 1), 1 / sqrt(4 * 3 * 5));
    assert_uniform(lks_param_block_at(params, 2), 1 / sqrt(64 * 9));
    assert_uniform(lks_param_block_at(params, 3), 1 / sqrt(64 * 9));
    lks_model_destroy(model);
}
END_TEST

START_TEST(the_seed_alone_decides_the_initial_weights)
{
    lks_model *a = make_lenet(1), *b = make_lenet(1), *c = make_lenet(2);

    ck_assert(hash_of(lks_model_params(a)) == hash_of(lks_model_params(b)));
    ck_assert(hash_of(lks_model_params(a)) != hash_of(lks_model_params(c)));
    lks_model_destroy(a);
    lks_model_destroy(b);
    lks_model_destroy(c);
}
END_TEST

START_TEST(parameters_of_the_same_shape_start_differently)
{
    const lks_layer_spec layers[] = {LAYER("linear", {"out_features", 1, {8}}),
                                     LAYER("linear", {"out_features", 1, {8}})};
    lks_model *model = make(layers, 2, LKS_SHAPE_OF(8), 0);
    lks_param_block *params = lks_model_params(model);

    float *first = tensor_get(lks_param_block_at(params, 0)->tensor);
    float *second = tensor_get(lks_param_block_at(params, 2)->tensor);

    ck_assert_mem_ne(first, second, 64 * 4);
    free(first);
    free(second);
    lks_model_destroy(model);
}
END_TEST

START_TEST(a_layer_that_cannot_follow_names_both_and_the_shapes)
{
    ck_fails(
        TRY(LKS_SHAPE_OF(1, 8, 8), LAYER("relu"), LAYER("flatten"),
            LAYER("conv2d", {"out_channels", 1, {2}}, {"kernel_size", 1, {3}})),
        LKS_SHAPE,
        "layer 2 (conv2d) cannot follow layer 1 (flatten), which gives (64,): conv2d "
        "wants (channels, height, width)");
    ck_fails(TRY(LKS_SHAPE_OF(64), LAYER("max_pool2d", {"kernel_size", 1, {2}})),
             LKS_SHAPE,
             "layer 0 (max_pool2d) cannot take samples of shape (64,): max_pool2d wants "
             "(channels, height, width)");
    ck_fails(
        TRY(LKS_SHAPE_OF(1, 6, 8),
            LAYER("conv2d", {"out_channels", 1, {2}}, {"kernel_size", 1, {3}}),
            LAYER("conv2d", {"out_channels", 1, {2}}, {"kernel_size", 2, {3, 2}},
                  {"dilation", 1, {2}})),
        LKS_SHAPE,
        "layer 1 (conv2d) cannot follow layer 0 (conv2d), which gives (2, 4, 6): its "
        "kernel spans 5 x 3; with padding 0 x 0 there is no room for it");
    ck_fails(
        TRY(LKS_SHAPE_OF(3, 8, 8), LAYER("conv2d", {"out_channels", 1, {4}},
                                         {"kernel_size", 1, {3}}, {"groups", 1, {2}})),
        LKS_SHAPE, "3 channels do not split into groups of 2");
    ck_fails(TRY(LKS_SCALAR, LAYER("linear", {"out_features", 1, {4}})), LKS_SHAPE,
             "linear wants (features)");
}
END_TEST

START_TEST(options_out_of_range_name_layer_option_and_range)
{
    ck_fails(TRY(LKS_SHAPE_OF(4), LAYER("relu"), LAYER("linear")), LKS_INVALID,
             "layer 1 (linear) needs out_features");
    ck_fails(TRY(LKS_SHAPE_OF(4), LAYER("linear", {"out_features", 1, {0}})), LKS_INVALID,
             "layer 0 (linear): out_features is 0; it must be a whole number");
    ck_fails(TRY(LKS_SHAPE_OF(4), LAYER("dropout", {"p", 1, {1.5}})), LKS_INVALID,
             "layer 0 (dropout): p is 1.5; it must be a finite number from 0 to 1");
    ck_fails(TRY(LKS_SHAPE_OF(4), LAYER("relu", {"slope", 1, {1}})), LKS_INVALID,
             "layer 0 (relu) has no option 'slope'; its options are: none");
    ck_fails(TRY(LKS_SHAPE_OF(4), LAYER("reluu")), LKS_INVALID,
             "layer 0: there is no layer 'reluu'; there are: linear, conv2d");
    ck_fails(
        TRY(LKS_SHAPE_OF(2, 8, 8), LAYER("conv2d", {"out_channels", 1, {3}},
                                         {"kernel_size", 1, {3}}, {"groups", 1, {2}})),
        LKS_INVALID, "out_channels is 3; it must be a multiple of groups, 2");
    ck_fails(TRY(LKS_SHAPE_OF(2, 8, 8),
                 LAYER("max_pool2d", {"kernel_size", 1, {3}}, {"padding", 1, {2}})),
             LKS_INVALID, "padding is 2; it must be at most half of kernel_size, 1");
}
END_TEST

START_TEST(a_pooling_window_over_nothing_but_padding_is_refused)
{
    ck_fails(
        TRY(LKS_SHAPE_OF(1, 4, 2), LAYER("max_pool2d", {"kernel_size", 1, {2}},
                                         {"padding", 1, {1}}, {"dilation", 1, {3}})),
        LKS_SHAPE,
        "with padding 1 x 1 and dilation 3 x 3 a window would lie in the padding alone");
    ck_ok(TRY(LKS_SHAPE_OF(1, 3, 3), LAYER("max_pool2d", {"kernel_size", 1, {2}},
                                           {"padding", 1, {1}}, {"dilation", 1, {3}})));
    ck_ok(TRY(LKS_SHAPE_OF(1, 2, 2), LAYER("max_pool2d", {"kernel_size", 1, {1}},
                                           {"stride", 1, {1}}, {"dilation", 1, {3}})));
}
END_TEST

START_TEST(dims_count_the_batch_and_never_touch_it)
{
    ck_fails(TRY(LKS_SHAPE_OF(4), LAYER("softmax", {"dim", 1, {0}})), LKS_SHAPE,
             "dim of 0 is the batch dimension; take 1 to 1");
    ck_fails(TRY(LKS_SHAPE_OF(4), LAYER("log_softmax", {"dim", 1, {-2}})), LKS_SHAPE,
             "dim of -2 is the batch dimension");
    ck_fails(TRY(LKS_SHAPE_OF(4), LAYER("softmax", {"dim", 1, {2}})), LKS_SHAPE,
             "there is no dim 2; take 1 to 1");
    ck_fails(TRY(LKS_SHAPE_OF(4, 4), LAYER("flatten", {"start_dim", 1, {0}})), LKS_SHAPE,
             "start_dim of 0 is the batch");
    ck_fails(TRY(LKS_SHAPE_OF(4, 4),
                 LAYER("flatten", {"start_dim", 1, {2}}, {"end_dim", 1, {1}})),
             LKS_SHAPE, "start_dim 2 comes after end_dim 1");
    ck_fails(TRY(LKS_SCALAR, LAYER("softmax")), LKS_SHAPE, "at least one dimension");
}
END_TEST

START_TEST(models_and_samples_that_hold_nothing_are_refused)
{
    ck_fails(try_layers(LKS_SHAPE_OF(4), NULL, 0), LKS_INVALID, "at least one layer");
    ck_fails(TRY(LKS_SHAPE_OF(1, 0, 3), LAYER("relu")), LKS_SHAPE, "(1, 0, 3)");
    ck_fails(TRY(LKS_SHAPE_OF(1, 1, 1, 1, 1, 1, 1, 1), LAYER("relu")), LKS_SHAPE,
             "8 dimensions");
}
END_TEST

START_TEST(an_absurdly_large_layer_is_refused_not_overflowed)
{
    const double most = 2147483647;

    ck_fails(TRY(LKS_SHAPE_OF(2147483647, 1, 1),
                 LAYER("conv2d", {"out_channels", 1, {most}}, {"kernel_size", 1, {most}},
                       {"padding", 1, {most}}, {"dilation", 1, {1}})),
             LKS_SHAPE,
             "layer 0 (conv2d) cannot take samples of shape (2147483647, 1, 1): its "
             "weight (2147483647, 2147483647, 2147483647, 2147483647) has more than "
             "2^63 - 1 elements");
    ck_fails(TRY(LKS_SHAPE_OF(2147483647), LAYER("linear", {"out_features", 1, {most}})),
             LKS_NOMEM, "0.weight: the parameters exceed the address space");
}
END_TEST

/* 2^32 x 2^32 outputs, which flattened are none in 64 bits. */
START_TEST(an_output_of_more_elements_than_can_be_counted_is_refused)
{
    ck_fails(TRY(LKS_SHAPE_OF(1, 28, 28), LAYER("relu"),
                 LAYER("conv2d", {"out_channels", 1, {2}}, {"kernel_size", 1, {1}},
                       {"padding", 1, {2147483634}}),
                 LAYER("flatten"), LAYER("linear", {"out_features", 1, {10}})),
             LKS_SHAPE,
             "layer 1 (conv2d) cannot follow layer 0 (relu), which gives (1, 28, 28): "
             "its output (2, 4294967296, 4294967296) has more than 2^63 - 1 elements");
}
END_TEST

START_TEST(a_batch_of_another_shape_is_refused)
{
    lks_model *model = make_lenet(0);

    lks_scope_open();
    ck_assert_ptr_null(lks_model_forward(
        model, lks_zeros(LKS_SHAPE_OF(2, 784), LKS_F32, test_device())));
    ck_assert_int_eq(lks_error_status(), LKS_SHAPE);
    ck_assert_str_eq(lks_error_text(),
                     "the model takes batches of samples of shape (1, 28, 28), not a "
                     "(2, 784)");
    ck_assert_ptr_null(lks_model_forward(model, NULL));
    ck_assert_ptr_null(
        lks_model_forward(model, lks_zeros(LKS_SCALAR, LKS_F32, test_device())));
    ck_assert_int_eq(lks_error_status(), LKS_SHAPE);
    lks_scope_close();
    lks_model_destroy(model);
}
END_TEST

START_TEST(a_batch_may_be_empty)
{
    lks_model *model = make_lenet(0);
    lks_tensor *y;

    lks_scope_open();
    y = lks_model_forward(model,
                          lks_zeros(LKS_SHAPE_OF(0, 1, 28, 28), LKS_F32, test_device()));
    ck_assert_msg(y != NULL, "%s", lks_error_text());
    ck_assert_int_eq(lks_size(y, 0), 0);
    ck_assert_int_eq(lks_size(y, 1), 10);
    lks_scope_close();
    lks_model_destroy(model);
}
END_TEST

static void dropout_of(lks_model *model, uint64_t seed, uint64_t step, uint32_t lane,
                       float *out)
{
    lks_tensor *y;

    lks_scope_open();
    lks_model_set_position(model, seed, step, lane);
    y = lks_model_forward(model, lks_ones(LKS_SHAPE_OF(1, 64), LKS_F32, test_device()));
    ck_ok(y ? lks_to_host(y, out) : lks_error_status());
    lks_scope_close();
}

START_TEST(dropout_depends_on_seed_step_lane_and_layer_and_nothing_else)
{
    const lks_layer_spec first[] = {LAYER("dropout"), LAYER("relu")};
    const lks_layer_spec second[] = {LAYER("relu"), LAYER("dropout")};
    lks_model *a = make(first, 2, LKS_SHAPE_OF(64), 0);
    lks_model *b = make(second, 2, LKS_SHAPE_OF(64), 0);
    float want[64], got[64];

    dropout_of(a, 1, 2, 3, want);
    dropout_of(a, 9, 9, 9, got);
    dropout_of(a, 1, 2, 3, got);
    ck_assert_mem_eq(want, got, sizeof want);
    dropout_of(a, 0, 2, 3, got);
    ck_assert_mem_ne(want, got, sizeof want);
    dropout_of(a, 1, 0, 3, got);
    ck_assert_mem_ne(want, got, sizeof want);
    dropout_of(a, 1, 2, 0, got);
    ck_assert_mem_ne(want, got, sizeof want);
    dropout_of(b, 1, 2, 3, got);
    ck_assert_mem_ne(want, got, sizeof want);
    lks_model_destroy(a);
    lks_model_destroy(b);
}
END_TEST

START_TEST(dropout_of_all_leaves_nothing)
{
    const lks_layer_spec layers[] = {LAYER("dropout", {"p", 1, {1}})};
    lks_model *model = make(layers, 1, LKS_SHAPE_OF(64), 0);
    float y[64];

    dropout_of(model, 0, 0, 0, y);
    for (int i = 0; i < 64; i++)
        ck_assert_float_eq(y[i], 0);
    lks_model_destroy(model);
}
END_TEST

START_TEST(dropout_acts_in_training_only)
{
    const lks_layer_spec layers[] = {LAYER("dropout", {"p", 1, {0.75}})};
    lks_model *model = make(layers, 1, LKS_SHAPE_OF(64), 0);
    float y[64];
    int n_zero = 0;

    dropout_of(model, 0, 0, 0, y);
    for (int i = 0; i < 64; i++) {
        ck_assert(y[i] == 0 || y[i] == 4);
        n_zero += y[i] == 0;
    }
    /* 48 expected, standard deviation 3.5 */
    ck_assert(n_zero > 30 && n_zero < 62);
    lks_model_set_training(model, false);
    dropout_of(model, 0, 0, 0, y);
    for (int i = 0; i < 64; i++)
        ck_assert_float_eq(y[i], 1);
    lks_model_destroy(model);
}
END_TEST

START_TEST(an_output_is_the_callers_when_no_scope_is_open)
{
    const lks_layer_spec layers[] = {LAYER("dropout")};
    lks_model *idle = make(layers, 1, LKS_SHAPE_OF(4), 0), *lenet = make_lenet(0);
    lks_tensor *x = lks_ones(LKS_SHAPE_OF(2, 4), LKS_F32, test_device()), *y;
    lks_tensor *image = lks_ones(LKS_SHAPE_OF(2, 1, 28, 28), LKS_F32, test_device());
    float values[8];

    lks_model_set_training(idle, false);
    y = lks_model_forward(idle, x); /* a model that changes nothing */
    lks_unref(x);
    ck_ok(lks_to_host(y, values));
    ck_assert_float_eq(values[7], 1);
    lks_unref(y);

    y = lks_model_forward(lenet, image);
    ck_assert_int_eq(lks_size(y, 1), 10);
    lks_unref(y);
    lks_unref(image);
    lks_model_destroy(idle);
    lks_model_destroy(lenet);
}
END_TEST

START_TEST(describe_is_a_table_of_layers_shapes_and_parameters)
{
    const lks_layer_spec layers[] = {
        LAYER("conv2d", {"out_channels", 1, {6}}, {"kernel_size", 1, {5}}),
        LAYER("flatten"),
        LAYER("linear", {"out_features", 1, {10}}),
    };
    lks_model *model = make(layers, 3, LKS_SHAPE_OF(1, 8, 8), 0);
    char *text = lks_model_describe(model);

    ck_assert_str_eq(text, "layer      output     parameters\n"
                           "input      (1, 8, 8)           0\n"
                           "0 conv2d   (6, 4, 4)         156\n"
                           "1 flatten  (96,)               0\n"
                           "2 linear   (10,)             970\n"
                           "total                       1126\n");
    lks_free(text);
    lks_model_destroy(model);
}
END_TEST

START_TEST(create_survives_every_failing_allocation)
{
    bool failed = true;

    for (long n = 0; failed; n++) {
        lks_model *model = NULL;
        lks_status st;

        ck_assert_int_lt(n, 2000);
        lks_alloc_fail_after(n);
        st = lks_model_create(lenet_layers, N_LAYERS(lenet_layers),
                              LKS_SHAPE_OF(1, 28, 28), 0, test_device(), &model);
        failed = lks_alloc_has_failed();
        lks_alloc_fail_after(-1);
        ck_assert_int_eq(st, failed ? LKS_NOMEM : LKS_OK);
        ck_assert(failed == (model == NULL));
        lks_error_clear();
        lks_model_destroy(model);
    }
}
END_TEST

LKS_SUITE("model", parameters_have_the_names_and_shapes_of_nn_sequential,
          initial_weights_are_pytorchs_distribution,
          the_seed_alone_decides_the_initial_weights,
          parameters_of_the_same_shape_start_differently,
          a_layer_that_cannot_follow_names_both_and_the_shapes,
          options_out_of_range_name_layer_option_and_range,
          dims_count_the_batch_and_never_touch_it,
          a_pooling_window_over_nothing_but_padding_is_refused,
          models_and_samples_that_hold_nothing_are_refused,
          an_absurdly_large_layer_is_refused_not_overflowed,
          an_output_of_more_elements_than_can_be_counted_is_refused,
          a_batch_of_another_shape_is_refused, a_batch_may_be_empty,
          dropout_depends_on_seed_step_lane_and_layer_and_nothing_else,
          dropout_acts_in_training_only, dropout_of_all_leaves_nothing,
          an_output_is_the_callers_when_no_scope_is_open,
          describe_is_a_table_of_layers_shapes_and_parameters,
          create_survives_every_failing_allocation)
