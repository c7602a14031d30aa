/* The handbook's lesson on data parallelism: a model over two devices, batches of 30 from
 * a data set of 100 random vectors.
 * source: PyTorch's tutorial "Optional: Data Parallelism" */
#include <stdio.h>
#include <string.h>

#include <lockstep.h>

enum { DATA_SIZE = 100, BATCH_SIZE = 30, INPUT_SIZE = 5, OUTPUT_SIZE = 2, N_DEVICES = 2 };

/* "Name (15, 5)" */
static void add_size(char *text, size_t size, const char *name, const lks_tensor *t)
{
    const size_t n = strlen(text);

    snprintf(text + n, size - n, "%s (%d, %d)", name, (int)lks_size(t, 0),
             (int)lks_size(t, 1));
}

/* One linear layer. Each replica has its share of the batch and its own parameters. */
static lks_tensor *forward(void *context, int replica, const lks_param_block *params,
                           lks_tensor *x)
{
    lks_tensor *y = lks_linear(x, lks_param_block_at(params, 0)->tensor,
                               lks_param_block_at(params, 1)->tensor);
    char text[96] = "";

    (void)context, (void)replica;
    if (!y)
        return NULL;
    add_size(text, sizeof text, "In Model: input size", x);
    add_size(text, sizeof text, " output size", y);
    printf("%s\n", text);
    return y;
}

static lks_status run(lks_data_parallel *model, lks_tensor *data)
{
    for (int64_t first = 0; first < DATA_SIZE; first += BATCH_SIZE) {
        const int64_t left = DATA_SIZE - first;
        lks_tensor *input =
            lks_narrow(data, 0, first, left < BATCH_SIZE ? left : BATCH_SIZE);
        lks_tensor *output = lks_data_parallel_forward(model, input);
        char text[96] = "";

        if (!output)
            return lks_error_status();
        add_size(text, sizeof text, "Outside: input size", input);
        add_size(text, sizeof text, " output_size", output);
        printf("%s\n", text);
        if (lks_backward(lks_sum_all(output)) != LKS_OK) /* and an optimiser's step */
            return lks_error_status();
    }
    return LKS_OK;
}

int main(void)
{
    const lks_param_spec specs[] = {{"fc.weight", {2, {OUTPUT_SIZE, INPUT_SIZE}}},
                                    {"fc.bias", {1, {OUTPUT_SIZE}}}};
    const lks_rng rng = {.seed = 1};
    lks_device devices[N_DEVICES];
    lks_param_block *params = NULL;
    lks_data_parallel *model = NULL;
    lks_status st = lks_scope_open();

    if (st == LKS_OK)
        st = lks_device_parse("cpu:0", &devices[0]);
    if (st == LKS_OK)
        st = lks_device_parse("cpu:1", &devices[1]);
    if (st == LKS_OK)
        st = lks_param_block_create(specs, 2, devices[0], &params);
    if (st == LKS_OK)
        st = lks_data_parallel_create(params, forward, NULL, devices, N_DEVICES, &model);
    if (st == LKS_OK) {
        printf("Let's use %d devices!\n", N_DEVICES);
        st = run(model, lks_randn(LKS_SHAPE_OF(DATA_SIZE, INPUT_SIZE), LKS_F32, &rng,
                                  devices[0]));
    }
    if (st != LKS_OK)
        fprintf(stderr, "data_parallel: %s\n", lks_error_text());
    lks_scope_close();
    lks_data_parallel_destroy(model);
    lks_param_block_destroy(params);
    return st == LKS_OK ? 0 : 1;
}
