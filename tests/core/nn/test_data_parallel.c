#include "support/test_device.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "base/alloc.h"
#include "lockstep.h"

enum { MOST = 4, IN = 5, OUT = 2 };

static lks_device device_of(int index)
{
    lks_device device = test_device();

    device.index = index;
    return device;
}

static const lks_device *devices(void)
{
    static lks_device list[MOST];

    for (int i = 0; i < MOST; i++)
        list[i] = device_of(i);
    return list;
}

/* One linear layer of one's own, which counts what it is given. */
typedef struct linear {
    lks_param_block *params;
    _Atomic int64_t sizes[MOST]; /* of the chunks, -1: none */
    _Atomic int n_calls;
    int failing; /* this replica, -1: none */
} linear;

static lks_tensor *linear_forward(void *context, int replica,
                                  const lks_param_block *params, lks_tensor *x)
{
    linear *self = context;
    lks_tensor *w = lks_param_block_at(params, 0)->tensor;

    self->n_calls++;
    self->sizes[replica] = lks_size(x, 0);
    ck_assert_int_eq(lks_tensor_device(x).index, replica);
    ck_assert_int_eq(lks_tensor_device(w).index, replica);
    if (replica == self->failing)
        return lks_matmul(x, w); /* (n, 5) by (2, 5) */
    return lks_linear(x, w, lks_param_block_at(params, 1)->tensor);
}

static void init_linear(linear *self)
{
    static const lks_param_spec specs[] = {{"weight", {2, {OUT, IN}}},
                                           {"bias", {1, {OUT}}}};
    float values[OUT * IN];

    *self = (linear){.failing = -1};
    for (int i = 0; i < MOST; i++)
        self->sizes[i] = -1;
    ck_ok(lks_param_block_create(specs, 2, device_of(0), &self->params));
    for (int i = 0; i < OUT * IN; i++)
        values[i] = (float)(i + 1) / 7;
    ck_ok(lks_scope_open());
    for (size_t i = 0; i < 2; i++) {
        lks_tensor *t = lks_param_block_at(self->params, i)->tensor;

        lks_set_grad_enabled(false);
        ck_assert_ptr_nonnull(
            lks_copy_(t, lks_from_data(lks_sizes(t), LKS_F32, values, device_of(0))));
        lks_set_grad_enabled(true);
    }
    lks_scope_close();
}

static lks_data_parallel *over(linear *self, int n)
{
    lks_data_parallel *parallel = NULL;

    ck_ok(lks_data_parallel_create(self->params, linear_forward, self, devices(), n,
                                   &parallel));
    return parallel;
}

static lks_tensor *batch(int64_t n)
{
    const lks_rng rng = {.seed = 11};

    return lks_rand(LKS_SHAPE_OF(n, IN), LKS_F32, &rng, device_of(0));
}

static void get(const lks_tensor *t, float *out)
{
    ck_assert_ptr_nonnull(t);
    ck_ok(lks_to_host(t, out));
}

START_TEST(a_batch_is_cut_as_torch_chunk_does)
{
    static const struct {
        int64_t n;
        int n_devices;
        int64_t want[MOST];
    } cases[] = {
        {30, 2, {15, 15, -1, -1}}, {10, 2, {5, 5, -1, -1}}, {7, 2, {4, 3, -1, -1}},
        {7, 4, {2, 2, 2, 1}},      {5, 4, {2, 2, 1, -1}},   {3, 4, {1, 1, 1, -1}},
        {1, 4, {1, -1, -1, -1}},   {9, 1, {9, -1, -1, -1}}, {0, 4, {0, -1, -1, -1}},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        linear model;
        lks_data_parallel *parallel;
        lks_tensor *y;

        init_linear(&model);
        parallel = over(&model, cases[i].n_devices);
        ck_ok(lks_scope_open());
        y = lks_data_parallel_forward(parallel, batch(cases[i].n));
        ck_assert_ptr_nonnull(y);
        ck_assert_int_eq(lks_size(y, 0), cases[i].n);
        ck_assert_int_eq(lks_size(y, 1), OUT);
        ck_assert_int_eq(lks_tensor_device(y).index, 0);
        for (int r = 0; r < MOST; r++)
            ck_assert_int_eq(model.sizes[r], cases[i].want[r]);
        lks_scope_close();
        lks_data_parallel_destroy(parallel);
        lks_param_block_destroy(model.params);
    }
}
END_TEST

/* y, then the gradients of x, weight and bias of sum(y * y). */
enum { N = 11, N_RESULTS = N * OUT + N * IN + OUT * IN + OUT };

static void run(int n_devices, float *out)
{
    linear model;
    lks_data_parallel *parallel;
    lks_tensor *x, *y;

    init_linear(&model);
    parallel = over(&model, n_devices);
    ck_ok(lks_scope_open());
    x = lks_requires_grad_(batch(N));
    y = lks_data_parallel_forward(parallel, x);
    get(y, out);
    ck_ok(lks_backward(lks_sum_all(lks_mul(y, y))));
    get(lks_grad(x), out + N * OUT);
    get(lks_grad(lks_param_block_at(model.params, 0)->tensor), out + N * (OUT + IN));
    get(lks_grad(lks_param_block_at(model.params, 1)->tensor),
        out + N * (OUT + IN) + OUT * IN);
    lks_scope_close();
    lks_data_parallel_destroy(parallel);
    lks_param_block_destroy(model.params);
}

START_TEST(outputs_and_gradients_are_those_of_one_device)
{
    float want[N_RESULTS], got[N_RESULTS], again[N_RESULTS];

    run(1, want);
    for (int n = 2; n <= MOST; n++) {
        run(n, got);
        for (int i = 0; i < N_RESULTS; i++)
            ck_assert_msg(fabsf(got[i] - want[i]) <= 1e-5f * fabsf(want[i]),
                          "%d devices: %d: %g, not %g", n, i, got[i], want[i]);
        ck_assert_mem_eq(got, want,
                         N * OUT * sizeof *got); /* rows stand for themselves */
        run(n, again);
        ck_assert_mem_eq(got, again, sizeof got);
    }
}
END_TEST

START_TEST(gradients_of_two_forwards_add_up)
{
    float once[OUT * IN], twice[OUT * IN];
    linear model;
    lks_data_parallel *parallel;
    lks_tensor *weight;

    init_linear(&model);
    parallel = over(&model, 2);
    weight = lks_param_block_at(model.params, 0)->tensor;
    ck_ok(lks_scope_open());
    ck_ok(lks_backward(lks_sum_all(lks_data_parallel_forward(parallel, batch(6)))));
    get(lks_grad(weight), once);
    lks_param_block_zero_grad(model.params);
    ck_ok(lks_backward(
        lks_add(lks_sum_all(lks_data_parallel_forward(parallel, batch(6))),
                lks_sum_all(lks_data_parallel_forward(parallel, batch(6))))));
    get(lks_grad(weight), twice);
    for (int i = 0; i < OUT * IN; i++)
        ck_assert_float_eq(twice[i], 2 * once[i]);
    lks_scope_close();
    lks_data_parallel_destroy(parallel);
    lks_param_block_destroy(model.params);
}
END_TEST

START_TEST(without_gradients_no_graph_is_kept)
{
    linear model;
    lks_data_parallel *parallel;

    init_linear(&model);
    parallel = over(&model, 2);
    ck_ok(lks_scope_open());
    lks_set_grad_enabled(false);
    lks_tensor *y = lks_data_parallel_forward(parallel, batch(6));
    lks_set_grad_enabled(true);
    ck_assert_ptr_nonnull(y);
    ck_assert(!lks_requires_grad(y));
    lks_scope_close();
    lks_data_parallel_destroy(parallel);
    lks_param_block_destroy(model.params);
}
END_TEST

/* A model of layers, its optimiser on the first device's parameters. */
START_TEST(a_model_over_two_devices_learns)
{
    const lks_option hidden = {.key = "out_features", .values = {16}, .n_values = 1};
    const lks_option output = {.key = "out_features", .values = {1}, .n_values = 1};
    const lks_option p = {.key = "p", .values = {0.1}, .n_values = 1};
    const lks_option lr = {.key = "lr", .values = {0.05}, .n_values = 1};
    const lks_layer_spec layers[] = {{.type = "linear", .options = {&hidden, 1}},
                                     {.type = "tanh"},
                                     {.type = "dropout", .options = {&p, 1}},
                                     {.type = "linear", .options = {&output, 1}}};
    lks_model *model = NULL;
    lks_optim *optim = NULL;
    lks_data_parallel *parallel = NULL;
    double first = 0, loss = 0;

    ck_ok(lks_model_create(layers, 4, LKS_SHAPE_OF(IN), 3, device_of(0), &model));
    ck_ok(
        lks_optim_create("sgd", (lks_options){&lr, 1}, lks_model_params(model), &optim));
    ck_ok(lks_data_parallel_create_of(model, devices(), 2, &parallel));
    for (uint32_t step = 0; step < 100; step++) {
        ck_ok(lks_scope_open());
        lks_tensor *x = batch(32);
        lks_tensor *want = lks_sum(x, (const int[]){1}, 1, true);

        lks_model_set_position(model, 3, step, 0);
        lks_param_block_zero_grad(lks_model_params(model));
        lks_tensor *l = lks_mse_loss(lks_data_parallel_forward(parallel, x), want,
                                     LKS_REDUCTION_MEAN);
        ck_ok(lks_item(l, &loss));
        first = step == 0 ? loss : first;
        ck_ok(lks_backward(l));
        ck_ok(lks_param_block_fill_missing_grads(lks_model_params(model)));
        ck_ok(lks_optim_step(optim));
        lks_scope_close();
    }
    ck_assert_msg(loss < first / 10, "the loss went from %g to %g", first, loss);
    lks_data_parallel_destroy(parallel);
    lks_optim_destroy(optim);
    lks_model_destroy(model);
}
END_TEST

static void read_buffers(const lks_model *model, float out[2][IN])
{
    for (size_t i = 0; i < 2; i++)
        ck_ok(lks_to_host(lks_buffer_block_at(lks_model_buffers(model), i)->tensor,
                          out[i]));
}

/* Running statistics are those of the batch over all devices. */
START_TEST(buffers_follow_what_all_replicas_observe)
{
    const lks_layer_spec layers[] = {{.type = "batch_norm1d"}};
    lks_model *models[2];
    lks_data_parallel *parallel = NULL;
    float got[2][IN], want[2][IN];

    for (int i = 0; i < 2; i++)
        ck_ok(lks_model_create(layers, 1, LKS_SHAPE_OF(IN), 3, device_of(0), &models[i]));
    ck_ok(lks_data_parallel_create_of(models[0], devices(), 3, &parallel));
    for (int step = 0; step < 3; step++) {
        ck_ok(lks_scope_open());
        ck_assert_ptr_nonnull(lks_data_parallel_forward(parallel, batch(32)));
        ck_assert_ptr_nonnull(lks_model_forward(models[1], batch(32)));
        lks_scope_close();
    }
    read_buffers(models[0], got);
    read_buffers(models[1], want);
    for (int i = 0; i < IN; i++)
        for (int k = 0; k < 2; k++)
            ck_assert(fabsf(got[k][i] - want[k][i]) < 1e-5f);
    ck_assert(fabsf(want[0][0]) > 1e-3f);

    lks_model_set_training(models[0], false); /* replicas have the statistics too */
    lks_model_set_training(models[1], false);
    ck_ok(lks_scope_open());
    lks_tensor *a = lks_data_parallel_forward(parallel, batch(8));
    lks_tensor *b = lks_model_forward(models[1], batch(8));
    ck_assert(fabs(tensor_at(a, 8 * IN - 1) - tensor_at(b, 8 * IN - 1)) < 1e-5);
    lks_scope_close();
    lks_data_parallel_destroy(parallel);
    lks_model_destroy(models[0]);
    lks_model_destroy(models[1]);
}
END_TEST

START_TEST(a_replica_that_fails_is_named)
{
    linear model;
    lks_data_parallel *parallel;

    init_linear(&model);
    model.failing = 1;
    parallel = over(&model, 3);
    ck_ok(lks_scope_open());
    ck_assert_ptr_null(lks_data_parallel_forward(parallel, batch(6)));
    ck_assert_int_eq(lks_error_status(), LKS_SHAPE);
    ck_assert_ptr_nonnull(strstr(lks_error_text(), ":1: matmul"));
    ck_assert_int_eq(model.n_calls, 3);
    lks_scope_close();
    lks_data_parallel_destroy(parallel);
    lks_param_block_destroy(model.params);
}
END_TEST

START_TEST(what_does_not_go_together_is_refused)
{
    const lks_device twice[] = {device_of(0), device_of(1), device_of(1)};
    const lks_device elsewhere[] = {device_of(1), device_of(0)};
    lks_data_parallel *parallel = NULL;
    linear model;

    init_linear(&model);
    ck_fails(lks_data_parallel_create(model.params, linear_forward, &model, twice, 3,
                                      &parallel),
             LKS_INVALID, "twice");
    ck_fails(lks_data_parallel_create(model.params, linear_forward, &model, elsewhere, 2,
                                      &parallel),
             LKS_DEVICE, "first device");
    ck_fails(lks_data_parallel_create(model.params, linear_forward, &model, twice, 0,
                                      &parallel),
             LKS_INVALID, "no devices");
    parallel = over(&model, 2);
    ck_ok(lks_scope_open());
    ck_assert_ptr_null(lks_data_parallel_forward(parallel, NULL));
    lks_error_clear();
    ck_assert_ptr_null(lks_data_parallel_forward(
        parallel, lks_ones(LKS_SHAPE_OF(4, IN), LKS_F32, device_of(1))));
    ck_assert_int_eq(lks_error_status(), LKS_DEVICE);
    lks_error_clear();
    ck_assert_ptr_null(
        lks_data_parallel_forward(parallel, lks_ones(LKS_SCALAR, LKS_F32, device_of(0))));
    ck_assert_int_eq(lks_error_status(), LKS_SHAPE);
    lks_error_clear();
    lks_scope_close();
    lks_data_parallel_destroy(parallel);
    lks_param_block_destroy(model.params);
}
END_TEST

/* Whichever allocation fails, in whichever thread. */
START_TEST(want_of_memory_is_told_and_leaves_nothing)
{
    linear model;
    lks_data_parallel *parallel;

    init_linear(&model);
    parallel = over(&model, 2);
    for (long n = 0;; n++) {
        lks_tensor *x, *y;
        lks_status st;

        ck_ok(lks_scope_open());
        x = batch(6);
        lks_alloc_fail_after(n);
        y = lks_data_parallel_forward(parallel, x);
        st = lks_backward(lks_sum_all(y));
        const int failed = lks_alloc_has_failed();
        lks_alloc_fail_after(-1);
        ck_assert_int_eq(st, failed ? LKS_NOMEM : LKS_OK);
        lks_error_text();
        lks_error_clear();
        lks_scope_close();
        lks_param_block_zero_grad(model.params);
        if (!failed)
            break;
        ck_assert_int_lt(n, 10000);
    }
    lks_data_parallel_destroy(parallel);
    lks_param_block_destroy(model.params);
}
END_TEST

LKS_SUITE("data_parallel", a_batch_is_cut_as_torch_chunk_does,
          outputs_and_gradients_are_those_of_one_device, gradients_of_two_forwards_add_up,
          without_gradients_no_graph_is_kept, a_model_over_two_devices_learns,
          buffers_follow_what_all_replicas_observe, a_replica_that_fails_is_named,
          what_does_not_go_together_is_refused, want_of_memory_is_told_and_leaves_nothing)
