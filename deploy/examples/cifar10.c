/* A classifier of images: two convolutions on CIFAR-10, PyTorch's lesson "Training a
 * classifier".
 *
 *     cifar10 FOLDER [EPOCHS]
 *
 * FOLDER has the binary version of https://www.cs.toronto.edu/~kriz/cifar.html. */
#include <stdio.h>
#include <stdlib.h>

#include <lockstep.h>

enum { BATCH_SIZE = 4, N_CLASSES = 10 };

/* Batches one after the other, the last one shorter; a loader's plan. */
typedef struct pass {
    uint64_t n_samples, epochs, batch_size;
} pass;

static bool next_slice(const void *context, uint64_t item, lks_batch_slice *out)
{
    const pass *p = context;
    const uint64_t per_epoch = (p->n_samples + p->batch_size - 1) / p->batch_size;
    const uint64_t first = item % per_epoch * p->batch_size;
    const uint64_t left = p->n_samples - first;

    *out = (lks_batch_slice){.epoch = item / per_epoch, .first = first};
    out->n = (int64_t)(left < p->batch_size ? left : p->batch_size);
    return out->epoch < p->epochs;
}

static lks_status open_data(const char *folder, bool test, lks_dataset **out)
{
    lks_dataset_source source = {.format = "cifar10",
                                 .root = folder,
                                 .n_files = test ? 1 : 5,
                                 .files = {"data_batch_1.bin", "data_batch_2.bin",
                                           "data_batch_3.bin", "data_batch_4.bin",
                                           "data_batch_5.bin"},
                                 .n_channels = 3,
                                 .mean = {0.5, 0.5, 0.5},
                                 .std = {0.5, 0.5, 0.5}}; /* to [-1, 1] */

    if (test)
        source.files[0] = "test_batch.bin";
    return lks_dataset_open(&source, out);
}

static lks_status create_model(lks_model **out)
{
    const lks_layer_spec layers[] = {
        {.type = "conv2d",
         .options =
             LKS_OPTIONS_OF(LKS_OPTION("out_channels", 6), LKS_OPTION("kernel_size", 5))},
        {.type = "relu"},
        {.type = "max_pool2d", .options = LKS_OPTIONS_OF(LKS_OPTION("kernel_size", 2))},
        {.type = "conv2d",
         .options = LKS_OPTIONS_OF(LKS_OPTION("out_channels", 16),
                                   LKS_OPTION("kernel_size", 5))},
        {.type = "relu"},
        {.type = "max_pool2d", .options = LKS_OPTIONS_OF(LKS_OPTION("kernel_size", 2))},
        {.type = "flatten"},
        {.type = "linear", .options = LKS_OPTIONS_OF(LKS_OPTION("out_features", 120))},
        {.type = "relu"},
        {.type = "linear", .options = LKS_OPTIONS_OF(LKS_OPTION("out_features", 84))},
        {.type = "relu"},
        {.type = "linear",
         .options = LKS_OPTIONS_OF(LKS_OPTION("out_features", N_CLASSES))}};

    return lks_model_create(layers, sizeof layers / sizeof layers[0],
                            LKS_SHAPE_OF(3, 32, 32), 0, lks_cpu, out);
}

/* The batch's memory is lent by the loader until the next one; it is not copied. */
static void take(const lks_batch *batch, lks_tensor **images, lks_tensor **labels)
{
    const int64_t n = batch->slice.n;

    *images = lks_from_blob(LKS_SHAPE_OF(n, 3, 32, 32), LKS_F32, batch->fields[0].data,
                            lks_cpu);
    *labels = lks_from_blob(LKS_SHAPE_OF(n), LKS_I64, batch->fields[1].data, lks_cpu);
}

static lks_status train_batch(lks_model *model, lks_optim *optim, const lks_batch *batch,
                              double *loss)
{
    lks_param_block *params = lks_model_params(model);
    lks_tensor *images, *labels, *mean;
    lks_status st;

    take(batch, &images, &labels);
    lks_param_block_zero_grad(params);
    mean = lks_cross_entropy(lks_model_forward(model, images), labels, NULL);
    st = lks_backward(mean);
    if (st == LKS_OK)
        st = lks_optim_step(optim);
    return st == LKS_OK ? lks_item(mean, loss) : st;
}

static lks_status test_batch(lks_model *model, const lks_batch *batch, int64_t *n_right)
{
    lks_tensor *images, *labels;
    int64_t right = 0, counted;
    lks_status st;

    take(batch, &images, &labels);
    st = lks_count_correct(lks_model_forward(model, images), labels, LKS_NO_IGNORE_INDEX,
                           &right, &counted);
    *n_right += right;
    return st;
}

/* Epochs of training (optim), or one of testing (NULL). */
static lks_status go_through(const lks_dataset *data, uint64_t epochs, lks_model *model,
                             lks_optim *optim)
{
    const uint64_t n = lks_dataset_n_samples(data), size = optim ? BATCH_SIZE : 100;
    const pass plan = {n, epochs, size};
    const lks_loader_options options = {.dataset = data,
                                        .order = {.n_samples = n, .shuffle = optim},
                                        .plan = next_slice,
                                        .plan_context = &plan,
                                        .max_batch = (int64_t)size,
                                        .n_ahead = LKS_LOADER_AHEAD};
    lks_loader *loader = NULL;
    const lks_batch *batch;
    int64_t n_right = 0;
    double loss, sum = 0;
    lks_status st = lks_loader_create(&options, &loader);

    for (int step = 1; st == LKS_OK; step++) {
        st = lks_loader_next(loader, &batch);
        if (st != LKS_OK || !batch)
            break;
        lks_scope_open();
        st = optim ? train_batch(model, optim, batch, &loss)
                   : test_batch(model, batch, &n_right);
        lks_scope_close();
        sum += optim && st == LKS_OK ? loss : 0;
        if (optim && step % 2000 == 0) {
            printf("epoch %d, step %5d: loss %.3f\n", (int)batch->slice.epoch + 1, step,
                   sum / 2000);
            sum = 0;
        }
    }
    if (st == LKS_OK && !optim)
        printf("accuracy on %d images: %.1f %%\n", (int)n,
               100. * (double)n_right / (double)n);
    lks_loader_destroy(loader);
    return st;
}

int main(int argc, char **argv)
{
    const lks_options sgd =
        LKS_OPTIONS_OF(LKS_OPTION("lr", 0.001), LKS_OPTION("momentum", 0.9));
    const uint64_t epochs = argc > 2 ? strtoull(argv[2], NULL, 10) : 2;
    lks_dataset *train = NULL, *test = NULL;
    lks_model *model = NULL;
    lks_optim *optim = NULL;
    lks_status st;

    if (argc < 2) {
        fprintf(stderr, "cifar10 FOLDER [EPOCHS]\n");
        return 2;
    }
    st = open_data(argv[1], false, &train);
    if (st == LKS_OK)
        st = open_data(argv[1], true, &test);
    if (st == LKS_OK)
        st = create_model(&model);
    if (st == LKS_OK)
        st = lks_optim_create("sgd", sgd, lks_model_params(model), &optim);
    if (st == LKS_OK)
        st = go_through(train, epochs, model, optim);
    if (st == LKS_OK) {
        lks_model_set_training(model, false);
        lks_set_grad_enabled(false);
        st = go_through(test, 1, model, NULL);
    }
    if (st == LKS_OK)
        st = lks_model_save(model, "cifar10.safetensors");
    if (st != LKS_OK)
        fprintf(stderr, "cifar10: %s\n", lks_error_text());
    lks_optim_destroy(optim);
    lks_model_destroy(model);
    lks_dataset_destroy(train);
    lks_dataset_destroy(test);
    return st == LKS_OK ? 0 : 1;
}
