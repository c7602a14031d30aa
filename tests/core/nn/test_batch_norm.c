/* Batch normalisation against PyTorch's own values (tests/golden/batch_norm.py), and its
 * way over lanes. */
#include "support/test_device.h"
#include "support/models.h"

#include <math.h>
#include <stdio.h>

#include "autograd/backward.h"
#include "base/alloc.h"
#include "io/safetensors.h"
#include "ops/ops.h"
#include "tensor/scope.h"

#define CASE  LKS_SOURCE_DIR "/tests/golden/models/batch_norm2d_case.safetensors"
#define SAVED LKS_BINARY_DIR "/batch_norm.safetensors"

static const lks_layer_spec norm[] = {LAYER("batch_norm2d")};

static lks_safetensors *golden;
static lks_model *model;

static lks_tensor *load(const char *name)
{
    const lks_safetensors_entry *entry = lks_safetensors_find(golden, name);
    lks_shape shape = {0};

    ck_assert_msg(entry != NULL, "no %s", name);
    shape.ndim = entry->ndim;
    for (int i = 0; i < shape.ndim; i++)
        shape.sizes[i] = entry->sizes[i];
    return lks_from_data(shape, entry->dtype, entry->data, test_device());
}

static void setup(void)
{
    ck_ok(lks_safetensors_open(CASE, &golden));
    ck_ok(lks_model_create(norm, 1, LKS_SHAPE_OF(3, 6, 6), 0, test_device(), &model));
    lks_scope_open();
}

static void teardown(void)
{
    lks_scope_close();
    lks_model_destroy(model);
    lks_safetensors_close(golden);
}

static void assert_close(const lks_tensor *got, const char *name)
{
    const lks_tensor *want = load(name);

    ck_assert_msg(got != NULL, "%s: %s", name, lks_error_text());
    ck_assert_int_eq(lks_numel(got), lks_numel(want));
    for (int64_t i = 0; i < lks_numel(want); i++)
        ck_assert_msg(fabs(tensor_at(got, i) - tensor_at(want, i)) <=
                          1e-5 * fmax(1, fabs(tensor_at(want, i))),
                      "%s[%d] is %.9g, PyTorch has %.9g", name, (int)i, tensor_at(got, i),
                      tensor_at(want, i));
}

static lks_tensor *buffer(size_t i)
{
    return lks_buffer_block_at(lks_model_buffers(model), i)->tensor;
}

static int64_t n_tracked(void)
{
    int64_t n;

    ck_ok(lks_to_host(buffer(2), &n));
    return n;
}

START_TEST(training_is_pytorchs)
{
    setup();
    lks_param_block *params = lks_model_params(model);
    lks_tensor *x = lks_requires_grad_(load("x")), *y = lks_model_forward(model, x);

    assert_close(y, "y");
    ck_ok(lks_backward_from(y, load("cotangent")));
    assert_close(lks_grad(x), "grad.x");
    assert_close(lks_grad(lks_param_block_at(params, 0)->tensor), "grad.0.weight");
    assert_close(lks_grad(lks_param_block_at(params, 1)->tensor), "grad.0.bias");
    assert_close(buffer(0), "new.0.running_mean");
    assert_close(buffer(1), "new.0.running_var");
    ck_assert_int_eq(n_tracked(), 1);
    teardown();
}
END_TEST

START_TEST(evaluation_takes_the_running_statistics_and_leaves_them)
{
    setup();
    lks_tensor *x = load("x"), *y;
    double want;

    lks_model_forward(model, x);
    lks_model_set_training(model, false);
    y = lks_model_forward(model, x);
    for (int64_t i = 0; i < 3 * 36; i++) {
        want = (tensor_at(x, i) - tensor_at(buffer(0), i / 36)) /
               sqrt(tensor_at(buffer(1), i / 36) + 1e-5);
        ck_assert(fabs(tensor_at(y, i) - want) < 1e-5 * fmax(1, fabs(want)));
    }
    ck_assert_int_eq(n_tracked(), 1);
    assert_close(buffer(1), "new.0.running_var");
    teardown();
}
END_TEST

/* Each lane normalises with its own statistics, the running ones are those of all. */
START_TEST(what_lanes_observe_adds_up_to_the_statistics_of_the_whole_batch)
{
    setup();
    lks_param_block *params = lks_model_params(model);
    lks_tensor *x = load("x");

    lks_model_defer_buffers(model, true);
    for (int step = 0; step < 2; step++) {
        lks_param_block_zero_grad(params);
        for (int lane = 0; lane < 2; lane++) {
            lks_tensor *part = lks_narrow(x, 0, lane, 1), *y;

            y = lks_model_forward(model, part);
            ck_assert(fabs(tensor_at(lks_mean_all(y), 0)) < 1e-6);
            ck_assert_int_eq(n_tracked(), step);
        }
        ck_ok(lks_model_update_buffers(model));
        ck_assert_int_eq(n_tracked(), step + 1);
        if (step == 0) {
            assert_close(buffer(0), "new.0.running_mean");
            assert_close(buffer(1), "new.0.running_var");
        }
    }
    /* 0.9 of the first step's and a tenth of the batch's, which is ten times the first */
    for (int i = 0; i < 3; i++)
        ck_assert(fabs(tensor_at(buffer(0), i) -
                       1.9 * tensor_at(load("new.0.running_mean"), i)) < 1e-5);
    teardown();
}
END_TEST

START_TEST(a_small_variance_far_from_zero_is_found)
{
    setup();
    float values[2 * 3 * 36];
    lks_tensor *x;

    for (int i = 0; i < 2 * 3 * 36; i++)
        values[i] = 1000 + (i % 2 ? 0.5f : -0.5f);
    x = lks_from_data(LKS_SHAPE_OF(2, 3, 6, 6), LKS_F32, values, test_device());
    for (int step = 0; step < 200; step++)
        ck_assert_ptr_nonnull(lks_model_forward(model, x));
    ck_assert(fabs(tensor_at(buffer(0), 0) - 1000) < 1e-2);
    ck_assert(fabs(tensor_at(buffer(1), 0) - 0.25 * 72 / 71) < 1e-2);
    teardown();
}
END_TEST

START_TEST(a_state_dict_has_pytorchs_names_and_comes_back)
{
    setup();
    static const char *const names[] = {"0.weight", "0.bias", "0.running_mean",
                                        "0.running_var", "0.num_batches_tracked"};
    lks_model *other;
    lks_safetensors *file;
    uint64_t hashes[2];

    ck_assert_ptr_nonnull(lks_model_forward(model, load("x")));
    ck_ok(lks_model_save(model, SAVED));
    ck_ok(lks_safetensors_open(SAVED, &file));
    ck_assert_uint_eq(lks_safetensors_count(file), 5);
    for (size_t i = 0; i < 5; i++)
        ck_assert_msg(lks_safetensors_find(file, names[i]) != NULL, "%s", names[i]);
    ck_assert_int_eq(lks_safetensors_find(file, names[4])->dtype, LKS_I64);
    ck_assert_int_eq(lks_safetensors_find(file, names[4])->ndim, 0);
    lks_safetensors_close(file);

    ck_ok(lks_model_create(norm, 1, LKS_SHAPE_OF(3, 6, 6), 1, test_device(), &other));
    ck_ok(lks_model_hash(model, &hashes[0]));
    ck_ok(lks_model_hash(other, &hashes[1]));
    ck_assert(hashes[0] != hashes[1]);
    ck_ok(lks_model_load(other, SAVED));
    ck_ok(lks_model_hash(other, &hashes[1]));
    ck_assert(hashes[0] == hashes[1]);
    lks_model_destroy(other);
    teardown();
}
END_TEST

START_TEST(options_leave_out_parameters_and_buffers)
{
    setup();
    const lks_layer_spec plain[] = {
        LAYER("batch_norm1d", {"affine", 1, {0}}, {"track_running_stats", 1, {0}})};
    const float values[] = {1, 3, 5, 7};
    lks_model *other;
    lks_tensor *y;

    ck_ok(lks_model_create(plain, 1, LKS_SHAPE_OF(1), 0, test_device(), &other));
    ck_assert_uint_eq(lks_param_block_count(lks_model_params(other)), 0);
    ck_assert_uint_eq(lks_buffer_block_count(lks_model_buffers(other)), 0);
    lks_model_set_training(other, false);
    y = lks_model_forward(
        other, lks_from_data(LKS_SHAPE_OF(4, 1), LKS_F32, values, test_device()));
    ck_assert(fabs(tensor_at(y, 0) + 3 / sqrt(5)) < 1e-5);
    lks_model_destroy(other);
    teardown();
}
END_TEST

START_TEST(one_value_a_channel_is_refused_in_training)
{
    setup();
    const lks_layer_spec layers[] = {LAYER("batch_norm1d")};
    lks_tensor *x = lks_ones(LKS_SHAPE_OF(1, 5), LKS_F32, test_device());
    lks_model *other;

    ck_ok(lks_model_create(layers, 1, LKS_SHAPE_OF(5), 0, test_device(), &other));
    ck_assert_ptr_null(lks_model_forward(other, x));
    ck_assert_ptr_nonnull(
        strstr(lks_error_text(), "layer 0 (batch_norm1d): 1 value a channel has no"));
    lks_error_clear();
    lks_model_set_training(other, false);
    ck_assert_ptr_nonnull(lks_model_forward(other, x));
    lks_model_destroy(other);
    teardown();
}
END_TEST

START_TEST(a_lane_that_is_too_small_to_train_on_is_told_before)
{
    const lks_layer_spec rows[] = {LAYER("relu"), LAYER("batch_norm1d")};
    lks_model *other;

    ck_ok(lks_model_create(rows, 2, LKS_SHAPE_OF(5), 0, test_device(), &other));
    ck_ok(lks_model_check_samples(other, 2));
    ck_fails(lks_model_check_samples(other, 1), LKS_SHAPE,
             "layer 1 (batch_norm1d): 1 value a channel has no variance; in training "
             "each lane needs more: a larger batch, fewer lanes, or drop_last where an "
             "epoch's last batch is short");
    lks_model_destroy(other);
    ck_ok(lks_model_create(rows, 2, LKS_SHAPE_OF(5, 2), 0, test_device(), &other));
    ck_ok(lks_model_check_samples(other, 1));
    lks_model_destroy(other);
}
END_TEST

START_TEST(shapes_that_are_not_channels_first_are_refused)
{
    setup();
    const lks_layer_spec flat[] = {LAYER("batch_norm1d")};
    lks_model *other;

    ck_fails(lks_model_create(norm, 1, LKS_SHAPE_OF(3), 0, test_device(), &other),
             LKS_SHAPE, "batch_norm2d wants (channels, height, width)");
    ck_fails(lks_model_create(flat, 1, LKS_SHAPE_OF(3, 2, 2), 0, test_device(), &other),
             LKS_SHAPE, "batch_norm1d wants (channels) or (channels, length)");
    teardown();
}
END_TEST

START_TEST(create_survives_every_failing_allocation)
{
    const lks_layer_spec layers[] = {
        {.type = "batch_norm2d", .name = "a"},
        {.type = "add", .from = (const char *const[]){"a", "inputs"}, .n_from = 2}};
    bool failed = true;

    for (long n = 0; failed; n++) {
        lks_model *made = NULL;
        lks_status st;

        ck_assert_int_lt(n, 1000);
        lks_alloc_fail_after(n);
        st = lks_model_create(layers, 2, LKS_SHAPE_OF(3, 2, 2), 0, test_device(), &made);
        failed = lks_alloc_has_failed();
        lks_alloc_fail_after(-1);
        ck_assert_int_eq(st, failed ? LKS_NOMEM : LKS_OK);
        ck_assert(failed == (made == NULL));
        lks_error_clear();
        lks_model_destroy(made);
    }
}
END_TEST

LKS_SUITE("batch_norm", training_is_pytorchs,
          evaluation_takes_the_running_statistics_and_leaves_them,
          what_lanes_observe_adds_up_to_the_statistics_of_the_whole_batch,
          a_small_variance_far_from_zero_is_found,
          a_state_dict_has_pytorchs_names_and_comes_back,
          options_leave_out_parameters_and_buffers,
          one_value_a_channel_is_refused_in_training,
          a_lane_that_is_too_small_to_train_on_is_told_before,
          shapes_that_are_not_channels_first_are_refused,
          create_survives_every_failing_allocation)
