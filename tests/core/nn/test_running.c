/* Running statistics against PyTorch's over several steps, of one lane and of two
 * (tests/golden/running.py). */
#include "support/models.h"
#include "support/test_device.h"

#include <math.h>

#include "base/option_rule.h"
#include "ops/ops.h"
#include "tensor/scope.h"

enum { N_SAMPLES = 2, N_CHANNELS = 3, LENGTH = 4, NUMEL = 24 };

typedef struct golden {
    const char *name;
    double mean[N_CHANNELS], var[N_CHANNELS], trained[NUMEL], evaluated[NUMEL];
} golden;

static const golden list[] = {
#include "golden/running.inc"
};

static const lks_layer_spec cumulative[] = {
    LAYER("batch_norm1d", {"momentum", 1, {NAN}})};
static const lks_layer_spec plain[] = {
    LAYER("batch_norm1d", {"momentum", 1, {0.3}}, {"affine", 1, {0}})};
static const lks_layer_spec instance[] = {
    LAYER("instance_norm1d", {"momentum", 1, {0.3}}, {"track_running_stats", 1, {1}})};
static const lks_layer_spec unmoved[] = {
    LAYER("instance_norm1d", {"momentum", 1, {NAN}}, {"track_running_stats", 1, {1}})};

static lks_tensor *samples(int step)
{
    float values[NUMEL];

    for (int i = 0; i < NUMEL; i++)
        values[i] = (float)((i * 37 + step * 11) % 17) / 8 - 1;
    return lks_from_data(LKS_SHAPE_OF(N_SAMPLES, N_CHANNELS, LENGTH), LKS_F32, values,
                         test_device());
}

static void assert_close(const lks_tensor *got, const double *want, const char *what)
{
    ck_assert_msg(got != NULL, "%s: %s", what, lks_error_text());
    for (int64_t i = 0; i < lks_numel(got); i++)
        ck_assert_msg(fabs(tensor_at(got, i) - want[i]) <= 1e-5 * fmax(1, fabs(want[i])),
                      "%s[%d] is %.9g, PyTorch has %.9g", what, (int)i, tensor_at(got, i),
                      want[i]);
}

static const golden *find(const char *name)
{
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        if (strcmp(list[i].name, name) == 0)
            return &list[i];
    ck_abort_msg("no %s", name);
}

/* Three steps and an evaluation. */
static void compare(const char *name, const lks_layer_spec *layers)
{
    const golden *want = find(name);
    lks_model *model;
    lks_tensor *y = NULL;

    ck_ok(lks_model_create(layers, 1, LKS_SHAPE_OF(N_CHANNELS, LENGTH), 0, test_device(),
                           &model));
    lks_scope_open();
    for (int step = 0; step < 3; step++)
        y = lks_model_forward(model, samples(step));
    assert_close(y, want->trained, "y");
    assert_close(lks_buffer_block_at(lks_model_buffers(model), 0)->tensor, want->mean,
                 "mean");
    assert_close(lks_buffer_block_at(lks_model_buffers(model), 1)->tensor, want->var,
                 "var");
    lks_model_set_training(model, false);
    assert_close(lks_model_forward(model, samples(3)), want->evaluated, "evaluated");
    lks_scope_close();
    lks_model_destroy(model);
}

START_TEST(without_a_momentum_statistics_are_means_over_all_steps)
{
    compare("batch_norm1d cumulative", cumulative);
}
END_TEST

START_TEST(a_batch_norm_without_weights_is_pytorchs)
{
    compare("batch_norm1d plain", plain);
}
END_TEST

START_TEST(an_instance_norm_that_tracks_is_pytorchs)
{
    compare("instance_norm1d", instance);
}
END_TEST

START_TEST(an_instance_norm_without_a_momentum_keeps_its_statistics_as_pytorchs)
{
    compare("instance_norm1d unmoved", unmoved);
}
END_TEST

/* A lane has each sample; the statistics are those of both. */
START_TEST(what_lanes_observe_of_instances_adds_up)
{
    const golden *want = find("instance_norm1d");
    lks_model *model;

    ck_ok(lks_model_create(instance, 1, LKS_SHAPE_OF(N_CHANNELS, LENGTH), 0,
                           test_device(), &model));
    lks_scope_open();
    lks_model_defer_buffers(model, true);
    for (int step = 0; step < 3; step++) {
        lks_param_block_zero_grad(lks_model_params(model));
        for (int lane = 0; lane < N_SAMPLES; lane++)
            ck_assert_ptr_nonnull(
                lks_model_forward(model, lks_narrow(samples(step), 0, lane, 1)));
        ck_ok(lks_model_update_buffers(model));
    }
    assert_close(lks_buffer_block_at(lks_model_buffers(model), 0)->tensor, want->mean,
                 "mean");
    assert_close(lks_buffer_block_at(lks_model_buffers(model), 1)->tensor, want->var,
                 "var");
    lks_scope_close();
    lks_model_destroy(model);
}
END_TEST

LKS_SUITE("running", without_a_momentum_statistics_are_means_over_all_steps,
          a_batch_norm_without_weights_is_pytorchs,
          an_instance_norm_that_tracks_is_pytorchs,
          an_instance_norm_without_a_momentum_keeps_its_statistics_as_pytorchs,
          what_lanes_observe_of_instances_adds_up)
