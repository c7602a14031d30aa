/* Fit y = 2x - 1 by gradient descent: a whole program against liblockstep. */
#include <stdio.h>

#include <lockstep.h>

int main(void)
{
    const lks_rng rng = {.seed = 1};
    lks_status st = lks_scope_open(); /* owns what the lines below make */
    lks_tensor *x = lks_rand(LKS_SHAPE_OF(256, 1), LKS_F32, &rng, lks_cpu);
    lks_tensor *y = lks_add_scalar(lks_mul_scalar(x, 2), -1);
    lks_tensor *w = lks_requires_grad_(lks_zeros(LKS_SHAPE_OF(1, 1), LKS_F32, lks_cpu));
    lks_tensor *b = lks_requires_grad_(lks_zeros(LKS_SHAPE_OF(1), LKS_F32, lks_cpu));

    for (int step = 0; step < 500 && st == LKS_OK; step++) {
        lks_scope_open();
        lks_zero_grad(w);
        lks_zero_grad(b);
        st = lks_backward(lks_mse_loss(lks_linear(x, w, b), y, LKS_REDUCTION_MEAN));
        if (st == LKS_OK) {
            bool was = lks_set_grad_enabled(false);
            lks_add_(w, lks_mul_scalar(lks_grad(w), -0.5));
            lks_add_(b, lks_mul_scalar(lks_grad(b), -0.5));
            lks_set_grad_enabled(was);
        }
        lks_scope_close();
    }
    if (st != LKS_OK) {
        fprintf(stderr, "regression: %s\n", lks_error_text());
        return 1;
    }
    printf("w = %.3f, b = %.3f\n", *(float *)lks_data(w), *(float *)lks_data(b));
    lks_scope_close();
    return 0;
}
