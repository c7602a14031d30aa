/* Trains two small models on a device and writes what must be the same bytes everywhere:
 *
 *     bits DEVICE THREADS DIRECTORY
 *
 * DIRECTORY/lenet.weights, mlp.weights and losses.txt: LeNet with dropout and momentum,
 * an MLP with Adam, 30 steps (or LKS_BITS_STEPS in the environment) of 8 lanes each, on
 * images made from numbers. No ranks and no files of others: the library alone, as any
 * machine can build it. Exit status 77: there is no such device. */
#include <stdio.h>
#include <stdlib.h>

#include "base/try.h"
#include "kernels.h"
#include "lockstep.h"
#include "support/models.h"

enum { N_LANES = 8, PER_LANE = 4, SIDE = 28, CLASSES = 10, SEED = 11 };

static const lks_layer_spec lenet[] = {
    LAYER("conv2d", {"out_channels", 1, {6}}, {"kernel_size", 1, {5}}),
    LAYER("relu"),
    LAYER("max_pool2d", {"kernel_size", 1, {2}}),
    LAYER("conv2d", {"out_channels", 1, {16}}, {"kernel_size", 1, {5}}),
    LAYER("relu"),
    LAYER("max_pool2d", {"kernel_size", 1, {2}}),
    LAYER("flatten"),
    LAYER("linear", {"out_features", 1, {120}}),
    LAYER("relu"),
    LAYER("dropout", {"p", 1, {0.5}}),
    LAYER("linear", {"out_features", 1, {84}}),
    LAYER("relu"),
    LAYER("linear", {"out_features", 1, {CLASSES}}),
};

static const lks_layer_spec mlp[] = {
    LAYER("flatten"), LAYER("linear", {"out_features", 1, {96}}),
    LAYER("tanh"),    LAYER("linear", {"out_features", 1, {64}}),
    LAYER("sigmoid"), LAYER("linear", {"out_features", 1, {CLASSES}}),
};

static const lks_option momentum[] = {{"lr", 1, {0.05}}, {"momentum", 1, {0.9}}};
static const lks_option adam[] = {{"lr", 1, {0.003}}};

typedef struct subject {
    const char *name;
    const lks_layer_spec *layers;
    size_t n_layers;
    const char *optimizer;
    lks_options options;
} subject;

static const subject subjects[] = {
    {"lenet", lenet, N_LAYERS(lenet), "sgd", {momentum, 2}},
    {"mlp", mlp, N_LAYERS(mlp), "adam", {adam, 1}},
};

typedef struct training {
    lks_device device;
    lks_model *model;
    lks_optim *optim;
    lks_grad_block *grads[N_LANES]; /* NULL: the parameters' own */
} training;

static uint64_t n_steps(void)
{
    const char *text = getenv("LKS_BITS_STEPS");

    return text ? strtoull(text, NULL, 10) : 30;
}

/* Noise with a bright bar whose place tells the class. */
static void make_batch(uint64_t step, uint32_t lane, float *images, int64_t *classes)
{
    const lks_rng rng = {.seed = SEED, .step = (uint32_t)step, .lane = lane, .layer = 9};

    lks_rng_uniform_f32(&rng, 0, PER_LANE * SIDE * SIDE, images);
    for (int i = 0; i < PER_LANE; i++) {
        classes[i] = lks_rng_bits(&rng, 1000000 + (uint64_t)i) % CLASSES;
        for (int p = 0; p < 3 * SIDE; p++)
            images[(i * SIDE + 2 * (int)classes[i] + 3) * SIDE + p] += 1;
    }
}

static lks_status run_lane(training *t, uint64_t step, uint32_t lane, double *loss)
{
    static float images[PER_LANE * SIDE * SIDE];
    int64_t classes[PER_LANE];
    lks_param_block *params = lks_model_params(t->model);
    lks_status st;

    make_batch(step, lane, images, classes);
    lks_model_set_position(t->model, SEED, step, lane);
    lks_param_block_land_in(params, t->grads[lane]);
    LKS_TRY(lks_scope_open());
    lks_tensor *x =
        lks_from_data(LKS_SHAPE_OF(PER_LANE, 1, SIDE, SIDE), LKS_F32, images, t->device);
    lks_tensor *target =
        lks_from_data(LKS_SHAPE_OF(PER_LANE), LKS_I64, classes, t->device);
    lks_tensor *sum = lks_loss_sum(lks_loss_find("cross_entropy"),
                                   lks_model_forward(t->model, x), target, NULL);
    LKS_GO(lks_backward(sum));
    LKS_GO(lks_item(sum, loss));
    LKS_GO(lks_param_block_fill_missing_grads(params));
cleanup:
    lks_scope_close();
    return st;
}

static const lks_view *grads_of(const training *t, uint32_t lane)
{
    return t->grads[lane] ? lks_grad_block_view(t->grads[lane])
                          : lks_param_block_grads(lks_model_params(t->model));
}

/* Over the lanes' tree, into the first of each pair. */
static lks_status add_lanes(const training *t, double *losses)
{
    for (uint32_t half = 1; half < N_LANES; half *= 2)
        for (uint32_t lane = 0; lane < N_LANES; lane += 2 * half) {
            const lks_view *to = grads_of(t, lane), *from = grads_of(t, lane + half);

            LKS_TRY(lks_device_kernels(t->device)->binary(LKS_BINARY_add, to, from, to));
            losses[lane] += losses[lane + half];
        }
    return LKS_OK;
}

static lks_status train(training *t, const char *name, FILE *log)
{
    double losses[N_LANES];

    for (uint64_t step = 0; step < n_steps(); step++) {
        for (uint32_t lane = 0; lane < N_LANES; lane++)
            LKS_TRY(run_lane(t, step, lane, &losses[lane]));
        LKS_TRY(add_lanes(t, losses));
        LKS_TRY(lks_optim_step_scaled(t->optim, 1.0 / (N_LANES * PER_LANE)));
        fprintf(log, "%s %d %a\n", name, (int)step, losses[0] / (N_LANES * PER_LANE));
    }
    return LKS_OK;
}

/* As little-endian f32, gaps included. */
static lks_status save(const training *t, const char *path)
{
    const lks_param_block *params = lks_model_params(t->model);
    const size_t n = lks_param_block_numel(params);
    float *values = lks_malloc(n * sizeof *values);
    FILE *file = fopen(path, "wb");
    lks_status st = values && file ? LKS_OK : LKS_IO;

    if (st == LKS_OK)
        st = lks_param_block_read(params, values);
    if (st == LKS_OK && fwrite(values, sizeof *values, n, file) != n)
        st = LKS_IO;
    if (file && fclose(file) != 0)
        st = LKS_IO;
    lks_free(values);
    return st;
}

static lks_status run(const subject *s, lks_device device, const char *directory,
                      FILE *log)
{
    training t = {.device = device};
    char path[512];
    lks_status st;

    LKS_GO(lks_model_create(s->layers, s->n_layers, LKS_SHAPE_OF(1, SIDE, SIDE), SEED,
                            device, &t.model));
    LKS_GO(
        lks_optim_create(s->optimizer, s->options, lks_model_params(t.model), &t.optim));
    for (int i = 1; i < N_LANES; i++)
        LKS_GO(lks_param_block_create_grads(lks_model_params(t.model), &t.grads[i]));
    LKS_GO(train(&t, s->name, log));
    snprintf(path, sizeof path, "%s/%s.weights", directory, s->name);
    LKS_GO(save(&t, path));
cleanup:
    for (int i = 1; i < N_LANES; i++)
        lks_grad_block_destroy(t.grads[i]);
    lks_optim_destroy(t.optim);
    lks_model_destroy(t.model);
    return st;
}

int main(int argc, char **argv)
{
    char path[512];
    lks_device device;
    lks_status st = LKS_OK;
    bool absent;
    FILE *log;

    if (argc != 4)
        return 2;
    snprintf(path, sizeof path, "%s/losses.txt", argv[3]);
    if (!(log = fopen(path, "w")))
        return 2;
    st = lks_device_parse(argv[1], &device);
    absent = st == LKS_DEVICE;
    lks_set_num_threads(lks_cpu, atoi(argv[2]));
    for (size_t i = 0; st == LKS_OK && i < sizeof subjects / sizeof *subjects; i++)
        st = run(&subjects[i], device, argv[3], log);
    fclose(log);
    if (st != LKS_OK)
        fprintf(stderr, "bits: %s\n", lks_error_text());
    return st == LKS_OK ? 0 : absent ? 77 : 1;
}
