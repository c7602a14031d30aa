/* Embeddings whose rows are cut down, against PyTorch's over several steps, of one lane and
 * of two (tests/golden/running.py). */
#include "support/models.h"
#include "support/test_device.h"

#include <math.h>

#include "autograd/backward.h"
#include "ops/ops.h"
#include "tensor/scope.h"

enum { N_SAMPLES = 2, LENGTH = 4, N_ROWS = 6, WIDTH = 3 };

typedef struct golden {
    const char *name;
    double weight[N_ROWS * WIDTH], output[N_SAMPLES * LENGTH * WIDTH];
} golden;

static const golden list[] = {
#include "golden/max_norm.inc"
};

#define TABLE(type, ...)                                                                 \
    LAYER(type, {"num_embeddings", 1, {N_ROWS}}, {"embedding_dim", 1, {WIDTH}},          \
          __VA_ARGS__)

static const lks_layer_spec plain[] = {TABLE("embedding", {"max_norm", 1, {1}})};
static const lks_layer_spec l1[] = {TABLE("embedding", {"padding_idx", 1, {2}},
                                          {"max_norm", 1, {1.2}}, {"norm_type", 1, {1}})};
static const lks_layer_spec bag_mean[] = {TABLE("embedding_bag", {"max_norm", 1, {1}})};
static const lks_layer_spec bag_max[] = {TABLE("embedding_bag", {"max_norm", 1, {0.9}},
                                               {"norm_type", 1, {3}},
                                               {"mode", 1, {LKS_BAG_MAX}})};
static const lks_layer_spec bag_plain[] = {
    TABLE("embedding_bag", {"mode", 1, {LKS_BAG_SUM}}, {"padding_idx", 1, {-2}})};

static lks_tensor *inputs(int step)
{
    int64_t rows[N_SAMPLES * LENGTH];

    for (int i = 0; i < N_SAMPLES * LENGTH; i++)
        rows[i] = (i * 5 + step * 3) % 7 % 6;
    return lks_from_data(LKS_SHAPE_OF(N_SAMPLES, LENGTH), LKS_I64, rows, test_device());
}

/* (i - 3) / 8 */
static lks_tensor *cotangent_of(lks_tensor *y, int64_t first)
{
    lks_tensor *i = lks_to(lks_arange(lks_numel(y), LKS_I64, test_device()), LKS_F32);

    return lks_reshape(lks_mul_scalar(lks_add_scalar(i, (double)first - 3), 0.125),
                       lks_sizes(y));
}

static lks_tensor *first_weight(void)
{
    float values[N_ROWS * WIDTH];

    for (int i = 0; i < N_ROWS * WIDTH; i++)
        values[i] = (float)(i * 37 % 17) / 8 - 1;
    return lks_from_data(LKS_SHAPE_OF(N_ROWS, WIDTH), LKS_F32, values, test_device());
}

/* weight = value, unrecorded. */
static void set_weight(lks_tensor *weight, lks_tensor *value)
{
    const bool was = lks_set_grad_enabled(false);

    ck_assert_ptr_nonnull(lks_copy_(weight, value));
    lks_set_grad_enabled(was);
}

static void assert_close(const lks_tensor *got, const double *want, const char *what)
{
    ck_assert_msg(got != NULL, "%s: %s", what, lks_error_text());
    for (int64_t i = 0; i < lks_numel(got); i++)
        ck_assert_msg(fabs(tensor_at(got, i) - want[i]) <= 1e-5 * fmax(1, fabs(want[i])),
                      "%s[%d] is %.9g, PyTorch has %.9g", what, (int)i, tensor_at(got, i),
                      want[i]);
}

/* A step of n_lanes, each of as many samples; the last lane's output. */
static lks_tensor *train(lks_model *model, int step, int n_lanes)
{
    const int64_t n = N_SAMPLES / n_lanes;
    lks_tensor *weight = lks_param_block_at(lks_model_params(model), 0)->tensor;
    lks_tensor *y = NULL;

    lks_param_block_zero_grad(lks_model_params(model));
    for (int lane = 0; lane < n_lanes; lane++) {
        y = lks_model_forward(model, lks_narrow(inputs(step), 0, lane * n, n));
        ck_ok(lks_backward_from(y, cotangent_of(y, lane * lks_numel(y))));
    }
    if (n_lanes > 1)
        ck_ok(lks_model_update_buffers(model));
    set_weight(weight, lks_sub(weight, lks_mul_scalar(lks_grad(weight), 0.5)));
    return y;
}

static void compare(const char *name, const lks_layer_spec *layers, int n_lanes)
{
    const lks_model_input input = {
        .name = "inputs", .shape = LKS_SHAPE_OF(LENGTH), .dtype = LKS_I64};
    const golden *want = list;
    lks_model *model;
    lks_tensor *weight, *y = NULL;

    while (strcmp(want->name, name) != 0)
        want++;
    ck_ok(lks_model_create_from(layers, 1, &input, 1, 0, test_device(), &model));
    lks_model_defer_buffers(model, n_lanes > 1);
    weight = lks_param_block_at(lks_model_params(model), 0)->tensor;
    lks_scope_open();
    set_weight(weight, first_weight());
    for (int step = 0; step < 3; step++)
        y = train(model, step, n_lanes);
    assert_close(y, want->output + (n_lanes - 1) * lks_numel(y), "y");
    assert_close(weight, want->weight, "weight");
    lks_scope_close();
    lks_model_destroy(model);
}

START_TEST(rows_that_are_used_are_cut_down_as_pytorchs)
{
    compare("embedding", plain, 1);
    compare("embedding l1", l1, 1);
}
END_TEST

START_TEST(bags_are_pytorchs)
{
    compare("bag mean", bag_mean, 1);
    compare("bag max", bag_max, 1);
    compare("bag plain", bag_plain, 1);
}
END_TEST

START_TEST(what_lanes_used_is_cut_down_in_all)
{
    compare("embedding", plain, 2);
    compare("embedding l1", l1, 2);
    compare("bag max", bag_max, 2);
}
END_TEST

/* Though what it gives is cut down. */
START_TEST(an_evaluation_changes_no_row)
{
    const lks_model_input input = {
        .name = "inputs", .shape = LKS_SHAPE_OF(LENGTH), .dtype = LKS_I64};
    lks_tensor *weight, *y;
    lks_model *model;

    ck_ok(lks_model_create_from(plain, 1, &input, 1, 0, test_device(), &model));
    lks_model_set_training(model, false);
    weight = lks_param_block_at(lks_model_params(model), 0)->tensor;
    lks_scope_open();
    set_weight(weight, lks_mul_scalar(first_weight(), 10));
    y = lks_model_forward(model, inputs(0));
    y = lks_norm(y, 2, (const int[]){-1}, 1, false);
    ck_assert_double_le(tensor_at(lks_max_all(y), 0), 1 + 1e-6);
    for (int64_t i = 0; i < N_ROWS * WIDTH; i++)
        ck_assert_double_eq(tensor_at(weight, i), 10 * tensor_at(first_weight(), i));
    lks_scope_close();
    lks_model_destroy(model);
}
END_TEST

LKS_SUITE("max_norm", rows_that_are_used_are_cut_down_as_pytorchs, bags_are_pytorchs,
          what_lanes_used_is_cut_down_in_all, an_evaluation_changes_no_row)
