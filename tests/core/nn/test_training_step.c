/* Training with the library alone, as its users write it. */
#include "support/test_device.h"
#include "support/models.h"

#include <math.h>

#include "base/try.h"
#include "lockstep.h"

static const double two_pi = 6.283185307179586;

/* Points of two rings, told apart by their radius. */
static void make_rings(const lks_rng *rng, int n, float *points, int64_t *classes)
{
    for (int i = 0; i < n; i++) {
        float u[2];
        double angle, radius;

        lks_rng_uniform_f32(rng, (uint64_t)i * 2, 2, u);
        classes[i] = i % 2;
        angle = u[0] * two_pi;
        radius = classes[i] + 0.5 + 0.5 * u[1];
        points[2 * i] = (float)(radius * cos(angle));
        points[2 * i + 1] = (float)(radius * sin(angle));
    }
}

/* One step of tensor expressions, as DESIGN shows it: the maths, checked once. */
static lks_status step(lks_tensor *w1, lks_tensor *b1, lks_tensor *w2, lks_tensor *b2,
                       lks_tensor *x, lks_tensor *target, double *out)
{
    lks_tensor *h, *loss;
    lks_status st;

    LKS_TRY(lks_scope_open());
    h = lks_relu(lks_linear(x, w1, b1));
    loss = lks_cross_entropy(lks_linear(h, w2, b2), target, NULL);
    st = lks_backward(loss);
    if (st == LKS_OK)
        st = lks_item(loss, out);
    lks_scope_close();
    return st;
}

START_TEST(an_mlp_written_as_expressions_learns_two_rings)
{
    enum { N = 256 };
    static float points[2 * N];
    static int64_t classes[N];
    const lks_param_spec specs[] = {{"w1", LKS_SHAPE_OF(16, 2)},
                                    {"b1", LKS_SHAPE_OF(16)},
                                    {"w2", LKS_SHAPE_OF(2, 16)},
                                    {"b2", LKS_SHAPE_OF(2)}};
    const lks_option options[] = {{"lr", 1, {0.5}}, {"momentum", 1, {0.9}}};
    const lks_rng rng = {.seed = 1}, init = {.seed = 2};
    lks_param_block *params;
    lks_optim *optim;
    lks_tensor *p[4], *x, *target;
    double first = 0, loss = 0;

    make_rings(&rng, N, points, classes);
    x = lks_from_data(LKS_SHAPE_OF(N, 2), LKS_F32, points, test_device());
    target = lks_from_data(LKS_SHAPE_OF(N), LKS_I64, classes, test_device());
    ck_ok(lks_param_block_create(specs, 4, test_device(), &params));
    for (size_t i = 0; i < 4; i++) {
        const lks_param *param = lks_param_block_at(params, i);
        const lks_view place =
            lks_view_part(lks_param_block_values(params), param->offset, param->numel);
        float values[64];

        lks_rng_uniform_f32(&init, 64 * i, param->numel, values);
        for (size_t j = 0; j < param->numel; j++)
            values[j] -= 0.5f;
        flat_put(&place, values);
        p[i] = param->tensor;
    }
    lks_param_block_touch(params);
    ck_ok(lks_optim_create("sgd", (lks_options){options, 2}, params, &optim));

    for (int i = 0; i < 200; i++) {
        lks_param_block_zero_grad(params);
        ck_ok(step(p[0], p[1], p[2], p[3], x, target, &loss));
        ck_ok(lks_optim_step(optim));
        if (i == 0)
            first = loss;
    }
    ck_assert_double_gt(first, 0.3);
    ck_assert_double_lt(loss, 0.05);

    lks_unref(x);
    lks_unref(target);
    lks_optim_destroy(optim);
    lks_param_block_destroy(params);
}
END_TEST

START_TEST(a_model_learns_two_rings)
{
    enum { N = 256 };
    static float points[2 * N];
    static int64_t classes[N];
    const lks_layer_spec layers[] = {LAYER("linear", {"out_features", 1, {16}}),
                                     LAYER("tanh"),
                                     LAYER("linear", {"out_features", 1, {2}})};
    const lks_option options[] = {{"lr", 1, {0.02}}};
    const lks_rng rng = {.seed = 1};
    const lks_loss *loss = lks_loss_find("cross_entropy");
    lks_model *model;
    lks_optim *optim;
    int64_t n_counted, n_correct = 0;

    make_rings(&rng, N, points, classes);
    ck_ok(lks_model_create(layers, 3, LKS_SHAPE_OF(2), 0, test_device(), &model));
    ck_ok(lks_optim_create("adam", (lks_options){options, 1}, lks_model_params(model),
                           &optim));
    for (int i = 0; i < 300; i++) {
        lks_tensor *x, *target, *y;

        lks_scope_open();
        x = lks_from_data(LKS_SHAPE_OF(N, 2), LKS_F32, points, test_device());
        target = lks_from_data(LKS_SHAPE_OF(N), LKS_I64, classes, test_device());
        lks_param_block_zero_grad(lks_model_params(model));
        y = lks_model_forward(model, x);
        ck_ok(lks_backward(lks_mul_scalar(lks_loss_sum(loss, y, target, NULL), 1.0 / N)));
        ck_ok(lks_param_block_fill_missing_grads(lks_model_params(model)));
        ck_ok(lks_optim_step(optim));
        ck_ok(
            lks_count_correct(y, target, lks_loss_ignored(loss), &n_correct, &n_counted));
        lks_scope_close();
    }
    ck_assert_int_ge(n_correct, N * 97 / 100);
    lks_optim_destroy(optim);
    lks_model_destroy(model);
}
END_TEST

LKS_SUITE("training_step", an_mlp_written_as_expressions_learns_two_rings,
          a_model_learns_two_rings)
