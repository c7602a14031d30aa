/* A network and its training loop, written out: two spirals are told apart by a
 * perceptron whose forward is an expression of one's own. */
#include <math.h>
#include <stdio.h>

#include <lockstep.h>

enum { N_SAMPLES = 1000, HIDDEN = 32, BATCH_SIZE = 50, N_EPOCHS = 60 };

/* Points of two spirals, i even and odd, and which of them it is. */
static void make_data(lks_tensor **x, lks_tensor **target)
{
    static float points[N_SAMPLES][2];
    static int64_t classes[N_SAMPLES];

    for (int i = 0; i < N_SAMPLES; i++) {
        const double t = (double)i / N_SAMPLES, turn = 7 * t + 3.14159265 * (i % 2);

        points[i][0] = (float)(2 * t * cos(turn));
        points[i][1] = (float)(2 * t * sin(turn));
        classes[i] = i % 2;
    }
    *x = lks_from_data(LKS_SHAPE_OF(N_SAMPLES, 2), LKS_F32, points, lks_cpu);
    *target = lks_from_data(LKS_SHAPE_OF(N_SAMPLES), LKS_I64, classes, lks_cpu);
}

static const lks_param_spec specs[] = {
    {"fc1.weight", {2, {HIDDEN, 2}}},      {"fc1.bias", {1, {HIDDEN}}},
    {"fc2.weight", {2, {HIDDEN, HIDDEN}}}, {"fc2.bias", {1, {HIDDEN}}},
    {"fc3.weight", {2, {2, HIDDEN}}},      {"fc3.bias", {1, {2}}}};
enum { N_PARAMS = sizeof specs / sizeof specs[0] };

/* First values as PyTorch's nn.Linear has them. */
static void init(lks_param_block *net)
{
    for (size_t i = 0; i < N_PARAMS; i++) {
        const lks_param *param = lks_param_block_at(net, i);
        const lks_init uniform = lks_init_fan_in(
            (double)lks_size(lks_param_block_at(net, i - i % 2)->tensor, 1));

        lks_init_fill(&uniform, 0, (uint32_t)i, param->numel, lks_data(param->tensor));
    }
    lks_param_block_touch(net);
}

static lks_tensor *forward(const lks_param_block *net, lks_tensor *x)
{
    for (size_t i = 0; i < N_PARAMS; i += 2) {
        x = lks_linear(x, lks_param_block_at(net, i)->tensor,
                       lks_param_block_at(net, i + 1)->tensor);
        if (i + 2 < N_PARAMS)
            x = lks_relu(x);
    }
    return x;
}

static lks_status train_step(lks_param_block *net, lks_optim *optim, lks_tensor *x,
                             lks_tensor *target, double *loss)
{
    lks_tensor *mean;
    lks_status st;

    lks_param_block_zero_grad(net);
    mean = lks_cross_entropy(forward(net, x), target, NULL);
    st = lks_backward(mean);
    if (st == LKS_OK)
        st = lks_optim_step(optim);
    return st == LKS_OK ? lks_item(mean, loss) : st;
}

static lks_status train_epoch(lks_param_block *net, lks_optim *optim, uint64_t epoch,
                              lks_tensor *x, lks_tensor *target, double *loss)
{
    const lks_order order = {.seed = 0, .n_samples = N_SAMPLES, .shuffle = true};
    lks_status st = LKS_OK;

    for (uint64_t first = 0; first < N_SAMPLES && st == LKS_OK; first += BATCH_SIZE) {
        uint64_t places[BATCH_SIZE];

        lks_order_run(&order, epoch, first, BATCH_SIZE, places);
        st = lks_scope_open(); /* what a step makes goes with it */
        if (st != LKS_OK)
            break;
        lks_tensor *rows =
            lks_from_data(LKS_SHAPE_OF(BATCH_SIZE), LKS_I64, places, lks_cpu);

        st = train_step(net, optim, lks_index_select(x, 0, rows),
                        lks_index_select(target, 0, rows), loss);
        lks_scope_close();
    }
    return st;
}

static lks_status evaluate(const lks_param_block *net, lks_tensor *x, lks_tensor *target)
{
    const bool was = lks_set_grad_enabled(false);
    double share = 0;
    lks_status st = lks_item(
        lks_mean_all(lks_to(lks_eq(lks_argmax(forward(net, x), 1), target), LKS_F32)),
        &share);

    lks_set_grad_enabled(was);
    if (st == LKS_OK)
        printf("%.1f %% of the points are on the right spiral\n", 100 * share);
    return st;
}

int main(void)
{
    lks_tensor *x, *target;
    lks_param_block *net = NULL;
    lks_optim *optim = NULL;
    double loss = 0;
    lks_status st = lks_scope_open();

    make_data(&x, &target);
    if (st == LKS_OK)
        st = lks_param_block_create(specs, N_PARAMS, lks_cpu, &net);
    if (st == LKS_OK)
        st =
            lks_optim_create("adam", LKS_OPTIONS_OF(LKS_OPTION("lr", 0.01)), net, &optim);
    if (st == LKS_OK)
        init(net);
    for (uint64_t epoch = 0; epoch < N_EPOCHS && st == LKS_OK; epoch++) {
        st = train_epoch(net, optim, epoch, x, target, &loss);
        if (st == LKS_OK && (epoch + 1) % 10 == 0)
            printf("epoch %d, loss %.4f\n", (int)epoch + 1, loss);
    }
    if (st == LKS_OK)
        st = evaluate(net, x, target);
    if (st != LKS_OK)
        fprintf(stderr, "network: %s\n", lks_error_text());
    lks_scope_close();
    lks_optim_destroy(optim);
    lks_param_block_destroy(net);
    return st == LKS_OK ? 0 : 1;
}
