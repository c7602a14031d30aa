/* 100 steps of LeNet on Fashion-MNIST against PyTorch: tests/golden/training.py. */
#include "support/test_device.h"
#include "support/models.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "lockstep.h"

#define GOLDEN LKS_SOURCE_DIR "/tests/golden/training/"
#define DATA   "/usr/share/datasets/fashion-mnist"

enum { N_STEPS = 100, BATCH = 64, SKIPPED = 77 };

typedef struct training {
    lks_dataset *dataset;
    lks_model *model;
    lks_optim *optim;
    const lks_loss *loss;
    float *inputs; /* [BATCH, 1, 28, 28] */
    int64_t targets[BATCH];
} training;

static void open_training(training *t, const char *optim, const lks_option *items,
                          size_t n_items)
{
    const lks_dataset_source source = {
        .format = "idx",
        .root = DATA,
        .n_files = 2,
        .files = {"train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"},
        .n_channels = 1,
        .mean = {0.2860},
        .std = {0.3530},
    };
    char start[512];

    ck_ok(lks_dataset_open(&source, &t->dataset));
    ck_ok(lks_model_create(lenet_layers, N_LAYERS(lenet_layers), LKS_SHAPE_OF(1, 28, 28),
                           0, test_device(), &t->model));
    snprintf(start, sizeof start, GOLDEN "%s_start.safetensors", optim);
    ck_ok(lks_model_load(t->model, start));
    ck_ok(lks_optim_create(optim, (lks_options){items, n_items},
                           lks_model_params(t->model), &t->optim));
    t->loss = lks_loss_find("cross_entropy");
    t->inputs = lks_malloc_aligned(BATCH * 784 * sizeof(float));
    ck_assert_ptr_nonnull(t->inputs);
}

static void close_training(training *t)
{
    lks_free(t->inputs);
    lks_optim_destroy(t->optim);
    lks_model_destroy(t->model);
    lks_dataset_destroy(t->dataset);
}

static void next_batch(training *t, uint64_t step)
{
    const lks_order order = {.n_samples = lks_dataset_n_samples(t->dataset)};
    lks_field_batch fields[] = {{.data = t->inputs}, {.data = t->targets}};
    uint64_t indices[BATCH];

    for (uint64_t i = 0; i < BATCH; i++)
        indices[i] = lks_order_at(&order, 0, step * BATCH + i);
    ck_ok(lks_dataset_gather(t->dataset, indices, BATCH, fields));
}

/* One step; returns the loss before its update. */
static double take_step(training *t, uint64_t step)
{
    lks_tensor *x, *target, *loss;
    double value;

    next_batch(t, step);
    lks_scope_open();
    x = lks_from_data(LKS_SHAPE_OF(BATCH, 1, 28, 28), LKS_F32, t->inputs, test_device());
    target = lks_from_data(LKS_SHAPE_OF(BATCH), LKS_I64, t->targets, test_device());
    lks_param_block_zero_grad(lks_model_params(t->model));
    loss = lks_mul_scalar(
        lks_loss_sum(t->loss, lks_model_forward(t->model, x), target, NULL), 1.0 / BATCH);
    ck_ok(lks_backward(loss));
    ck_ok(lks_item(loss, &value));
    ck_ok(lks_optim_step(t->optim));
    lks_scope_close();
    return value;
}

static void compare_losses(training *t, const char *name)
{
    const lks_safetensors_entry *entry;
    lks_safetensors *file;
    const double *want;
    double worst = 0;

    ck_ok(lks_safetensors_open(GOLDEN "losses.safetensors", &file));
    entry = lks_safetensors_find(file, name);
    ck_assert(entry && entry->dtype == LKS_F64 && entry->sizes[0] == N_STEPS);
    want = entry->data;
    for (int step = 0; step < N_STEPS; step++) {
        double got = take_step(t, (uint64_t)step);
        double error = fabs(got - want[step]) / want[step];

        ck_assert_msg(error <= 1e-4, "step %d: loss %.9g, PyTorch has %.9g", step, got,
                      want[step]);
        worst = fmax(worst, error);
    }
    printf("%s: losses differ by at most %.2g relative\n", name, worst);
    lks_safetensors_close(file);
}

static void compare_weights(const training *t, const char *name)
{
    const lks_param_block *params = lks_model_params(t->model);
    lks_safetensors *file;
    char path[512];
    double worst = 0;

    snprintf(path, sizeof path, GOLDEN "%s.safetensors", name);
    ck_ok(lks_safetensors_open(path, &file));
    for (size_t i = 0; i < lks_param_block_count(params); i++) {
        const lks_param *param = lks_param_block_at(params, i);
        const lks_safetensors_entry *want = lks_safetensors_find(file, param->name);
        float *got = tensor_get(param->tensor);

        ck_assert(want && want->size_bytes == param->numel * sizeof(float));
        for (size_t j = 0; j < param->numel; j++)
            worst = fmax(worst, fabs(got[j] - ((const float *)want->data)[j]));
        free(got);
    }
    printf("%s: weights differ by at most %.2g\n", name, worst);
    ck_assert_double_le(worst, 1e-3);
    lks_safetensors_close(file);
}

static void train_and_compare(const char *name, const lks_option *items, size_t n_items)
{
    training t = {0};

    open_training(&t, name, items, n_items);
    compare_losses(&t, name);
    compare_weights(&t, name);
    close_training(&t);
}

START_TEST(a_hundred_steps_of_sgd_are_pytorchs)
{
    const lks_option items[] = {{"lr", 1, {0.01}}, {"momentum", 1, {0.9}}};

    train_and_compare("sgd", items, 2);
}
END_TEST

START_TEST(a_hundred_steps_of_adam_are_pytorchs)
{
    const lks_option items[] = {{"lr", 1, {0.001}}};

    train_and_compare("adam", items, 1);
}
END_TEST

#define main run_suite
LKS_SUITE("training_golden", a_hundred_steps_of_sgd_are_pytorchs,
          a_hundred_steps_of_adam_are_pytorchs)
#undef main

int main(void)
{
    if (access(DATA "/train-images-idx3-ubyte.gz", R_OK) != 0) {
        puts("skipped: no Fashion-MNIST (Debian: dataset-fashion-mnist)");
        return SKIPPED;
    }
    return run_suite();
}
