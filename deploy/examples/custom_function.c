/* A function with a backward of one's own: P3(x) = (5 x^3 - 3 x) / 2, in
 * y = a + b P3(c + d x), fitted to a sine.
 * source: PyTorch's tutorial "Defining new autograd functions" */
#include <math.h>
#include <stdio.h>

#include <lockstep.h>

enum { N_POINTS = 2000, N_STEPS = 2000 };
static const double learning_rate = 5e-6, pi = 3.14159265358979323846;

static lks_tensor *p3_forward(void *context, lks_tensor *const *inputs, int n)
{
    lks_tensor *x = inputs[0];

    (void)context, (void)n;
    return lks_mul_scalar(
        lks_sub(lks_mul_scalar(lks_pow_scalar(x, 3), 5), lks_mul_scalar(x, 3)), 0.5);
}

/* dP3/dx = 1.5 (5 x^2 - 1) */
static lks_status p3_backward(void *context, lks_tensor *const *inputs, int n,
                              lks_tensor *output, lks_tensor *cotangent,
                              lks_tensor **grads)
{
    lks_tensor *slope = lks_add_scalar(lks_mul_scalar(lks_square(inputs[0]), 7.5), -1.5);

    (void)context, (void)n, (void)output;
    grads[0] = lks_mul(cotangent, slope);
    return grads[0] ? LKS_OK : lks_error_status();
}

static const lks_function p3 = {
    .name = "p3", .forward = p3_forward, .backward = p3_backward};

static lks_tensor *apply_p3(void *context, lks_tensor *const *inputs, int n)
{
    return lks_apply(&p3, context, inputs, n);
}

static lks_tensor *parameter(double value)
{
    return lks_requires_grad_(lks_full(LKS_SCALAR, value, LKS_F64, lks_cpu));
}

/* p[] = {a, b, c, d} */
static lks_status step(lks_tensor *const *p, lks_tensor *x, lks_tensor *y)
{
    lks_tensor *inner = lks_add(p[2], lks_mul(p[3], x));
    lks_tensor *guess = lks_add(p[0], lks_mul(p[1], apply_p3(NULL, &inner, 1)));
    lks_status st;

    for (int i = 0; i < 4; i++)
        lks_zero_grad(p[i]);
    st = lks_backward(lks_mse_loss(guess, y, LKS_REDUCTION_SUM));
    if (st == LKS_OK) {
        const bool was = lks_set_grad_enabled(false);

        for (int i = 0; i < 4; i++)
            lks_add_(p[i], lks_mul_scalar(lks_grad(p[i]), -learning_rate));
        lks_set_grad_enabled(was);
    }
    return st;
}

int main(void)
{
    lks_status st = lks_scope_open();
    lks_tensor *x = lks_add_scalar(
        lks_mul_scalar(lks_arange(N_POINTS, LKS_F64, lks_cpu), 2 * pi / (N_POINTS - 1)),
        -pi);
    lks_tensor *y = lks_sin(x);
    lks_tensor *p[] = {parameter(0), parameter(-1), parameter(0), parameter(0.3)};
    lks_tensor *some = lks_requires_grad_(lks_arange(7, LKS_F64, lks_cpu));
    double v[4] = {0};

    /* Does the backward agree with differences of the forward? */
    if (st == LKS_OK)
        st = lks_gradcheck(apply_p3, NULL, &some, 1, 1e-6);
    for (int i = 0; i < N_STEPS && st == LKS_OK; i++) {
        st = lks_scope_open();
        if (st == LKS_OK) {
            st = step(p, x, y);
            lks_scope_close();
        }
    }
    for (int i = 0; i < 4 && st == LKS_OK; i++)
        st = lks_item(p[i], &v[i]);
    if (st == LKS_OK)
        printf("y = %.4f + %.4f P3(%.4f + %.4f x)\n", fabs(v[0]), v[1], fabs(v[2]), v[3]);
    else
        fprintf(stderr, "custom_function: %s\n", lks_error_text());
    lks_scope_close();
    return st == LKS_OK ? 0 : 1;
}
