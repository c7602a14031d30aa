/* Underfitting and overfitting: a cubic with noise, fitted by polynomials of too low, of
 * the right and of too high a degree. Only the loss on points that were not trained on
 * tells which is which.
 * source: Zhang et al., Dive into Deep Learning, "Generalization" */
#include <stdio.h>

#include <lockstep.h>

enum { N_TRAIN = 16, N_TEST = 200, N_STEPS = 20000, MAX_DEGREE = 15 };

/* Powers of x (n), each by its factorial, so that none is much larger: (n, degree + 1). */
static lks_tensor *powers(lks_tensor *x, int degree)
{
    lks_tensor *columns[MAX_DEGREE + 1];

    columns[0] = lks_ones(lks_sizes(x), LKS_F64, lks_cpu);
    for (int i = 1; i <= degree; i++)
        columns[i] = lks_mul_scalar(lks_mul(columns[i - 1], x), 1.0 / i);
    return lks_stack(columns, degree + 1, 1);
}

/* 5 + 1.2 x - 3.4 x^2 / 2! + 5.6 x^3 / 3! + noise */
static lks_tensor *make_targets(lks_tensor *x, const lks_rng *rng)
{
    const double cubic[] = {5, 1.2, -3.4, 5.6};
    lks_tensor *w = lks_from_data(LKS_SHAPE_OF(4), LKS_F64, cubic, lks_cpu);
    lks_tensor *noise = lks_randn(lks_sizes(x), LKS_F64, rng, lks_cpu);

    return lks_add(lks_matmul(powers(x, 3), w), lks_mul_scalar(noise, 0.5));
}

static lks_tensor *loss_of(lks_tensor *features, lks_tensor *w, lks_tensor *y)
{
    return lks_mse_loss(lks_matmul(features, w), y, LKS_REDUCTION_MEAN);
}

static lks_status train(lks_param_block *params, lks_tensor *features, lks_tensor *y)
{
    lks_tensor *w = lks_param_block_at(params, 0)->tensor;
    lks_optim *optim = NULL;
    lks_status st =
        lks_optim_create("adam", LKS_OPTIONS_OF(LKS_OPTION("lr", 0.01)), params, &optim);

    for (int i = 0; i < N_STEPS && st == LKS_OK; i++) {
        st = lks_scope_open();
        if (st != LKS_OK)
            break;
        lks_param_block_zero_grad(params);
        st = lks_backward(loss_of(features, w, y));
        if (st == LKS_OK)
            st = lks_optim_step(optim);
        lks_scope_close();
    }
    lks_optim_destroy(optim);
    return st;
}

static lks_status fit(int degree, lks_tensor *const *x, lks_tensor *const *y)
{
    const lks_param_spec spec = {"w", {1, {degree + 1}}};
    lks_param_block *params = NULL;
    double train_loss, test_loss;
    lks_status st = lks_param_block_create_typed(&spec, 1, LKS_F64, lks_cpu, &params);

    if (st == LKS_OK)
        st = train(params, powers(x[0], degree), y[0]);
    if (st == LKS_OK) {
        lks_tensor *w = lks_param_block_at(params, 0)->tensor;

        st = lks_item(loss_of(powers(x[0], degree), w, y[0]), &train_loss);
        if (st == LKS_OK)
            st = lks_item(loss_of(powers(x[1], degree), w, y[1]), &test_loss);
    }
    if (st == LKS_OK)
        printf("degree %2d: loss %9.4f in training, %9.4f on the test points\n", degree,
               train_loss, test_loss);
    lks_param_block_destroy(params);
    return st;
}

int main(void)
{
    const int degrees[] = {1, 3, MAX_DEGREE};
    const int n[] = {N_TRAIN, N_TEST};
    lks_tensor *x[2], *y[2];
    lks_status st = lks_scope_open();

    for (int i = 0; i < 2; i++) {
        const lks_rng points = {.seed = 1, .lane = (uint32_t)i},
                      noise = {.seed = 2, .lane = (uint32_t)i};

        x[i] = lks_add_scalar(
            lks_mul_scalar(lks_rand(LKS_SHAPE_OF(n[i]), LKS_F64, &points, lks_cpu), 6),
            -3);
        y[i] = make_targets(x[i], &noise);
    }
    for (int i = 0; i < 3 && st == LKS_OK; i++)
        st = fit(degrees[i], x, y);
    if (st != LKS_OK)
        fprintf(stderr, "polynomial: %s\n", lks_error_text());
    lks_scope_close();
    return st == LKS_OK ? 0 : 1;
}
