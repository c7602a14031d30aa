/* Linear regression: parameters that are known, data made with them and noise, and the
 * parameters that mini-batches find again. */
#include <stdio.h>

#include <lockstep.h>

enum { N_SAMPLES = 1000, N_INPUTS = 2, BATCH_SIZE = 10, N_EPOCHS = 3 };
static const float true_w[N_INPUTS] = {2, -3.4f}, true_b = 4.2f;

/* y = X w + b + noise */
static lks_tensor *make_targets(lks_tensor *x)
{
    const lks_rng rng = {.seed = 1};
    lks_tensor *w = lks_from_data(LKS_SHAPE_OF(1, N_INPUTS), LKS_F32, true_w, lks_cpu);
    lks_tensor *noise = lks_randn(LKS_SHAPE_OF(N_SAMPLES, 1), LKS_F32, &rng, lks_cpu);

    return lks_add(lks_add_scalar(lks_linear(x, w, NULL), true_b),
                   lks_mul_scalar(noise, 0.01));
}

/* The samples of a step: positions of this epoch's order. */
static lks_tensor *draw(const lks_order *order, uint64_t epoch, uint64_t first)
{
    uint64_t rows[BATCH_SIZE];

    lks_order_run(order, epoch, first, BATCH_SIZE, rows);
    return lks_from_data(LKS_SHAPE_OF(BATCH_SIZE), LKS_I64, rows, lks_cpu);
}

static lks_status train_epoch(lks_param_block *params, lks_optim *optim, uint64_t epoch,
                              lks_tensor *x, lks_tensor *y)
{
    const lks_order order = {.seed = 0, .n_samples = N_SAMPLES, .shuffle = true};
    lks_tensor *w = lks_param_block_at(params, 0)->tensor;
    lks_tensor *b = lks_param_block_at(params, 1)->tensor;
    lks_status st = LKS_OK;
    double loss = 0;

    for (uint64_t first = 0; first < N_SAMPLES && st == LKS_OK; first += BATCH_SIZE) {
        st = lks_scope_open(); /* of the step: what it makes goes with it */
        if (st != LKS_OK)
            break;
        lks_tensor *rows = draw(&order, epoch, first);

        lks_param_block_zero_grad(params);
        st = lks_backward(lks_mse_loss(lks_linear(lks_index_select(x, 0, rows), w, b),
                                       lks_index_select(y, 0, rows), LKS_REDUCTION_MEAN));
        if (st == LKS_OK)
            st = lks_optim_step(optim);
        lks_scope_close();
    }
    if (st == LKS_OK)
        st = lks_item(lks_mse_loss(lks_linear(x, w, b), y, LKS_REDUCTION_MEAN), &loss);
    if (st == LKS_OK)
        printf("epoch %d, loss %.6f\n", (int)epoch + 1, loss);
    return st;
}

static lks_status run(lks_param_block *params, lks_optim *optim)
{
    const lks_rng rng = {.seed = 0};
    lks_tensor *x = lks_randn(LKS_SHAPE_OF(N_SAMPLES, N_INPUTS), LKS_F32, &rng, lks_cpu);
    lks_tensor *y = make_targets(x);
    float w[N_INPUTS];
    double b;
    lks_status st = LKS_OK;

    for (uint64_t epoch = 0; epoch < N_EPOCHS && st == LKS_OK; epoch++)
        st = train_epoch(params, optim, epoch, x, y);
    if (st == LKS_OK)
        st = lks_to_host(lks_param_block_at(params, 0)->tensor, w);
    if (st == LKS_OK)
        st = lks_item(lks_param_block_at(params, 1)->tensor, &b);
    if (st == LKS_OK)
        printf("w: learnt %.2f %.2f, true %.2f %.2f\nb: learnt %.2f, true %.2f\n", w[0],
               w[1], true_w[0], true_w[1], b, true_b);
    return st;
}

int main(void)
{
    const lks_param_spec specs[] = {{"weight", {2, {1, N_INPUTS}}}, {"bias", {1, {1}}}};
    lks_param_block *params = NULL; /* zeros, to begin with */
    lks_optim *optim = NULL;
    lks_status st = lks_scope_open();

    if (st == LKS_OK)
        st = lks_param_block_create(specs, 2, lks_cpu, &params);
    if (st == LKS_OK)
        st = lks_optim_create("sgd", LKS_OPTIONS_OF(LKS_OPTION("lr", 0.03)), params,
                              &optim);
    if (st == LKS_OK)
        st = run(params, optim);
    if (st != LKS_OK)
        fprintf(stderr, "linear_regression: %s\n", lks_error_text());
    lks_scope_close();
    lks_optim_destroy(optim);
    lks_param_block_destroy(params);
    return st == LKS_OK ? 0 : 1;
}
