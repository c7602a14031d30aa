/* Autograd: operations on tensors that want a gradient are recorded, and lks_backward
 * walks the record. */
#include <stdio.h>

#include <lockstep.h>

/* "name [1, 2]" of a vector of two */
static void show(const char *name, const lks_tensor *t)
{
    double v[2];

    if (lks_to_host(t, v) == LKS_OK)
        printf("%s [%g, %g]\n", name, v[0], v[1]);
}

static lks_tensor *leaf(double first, double second)
{
    const double values[] = {first, second};

    return lks_requires_grad_(lks_from_data(LKS_SHAPE_OF(2), LKS_F64, values, lks_cpu));
}

/* q = 3 a^3 - b^2, of which dq/da = 9 a^2 and dq/db = -2 b. */
static lks_tensor *q_of(lks_tensor *a, lks_tensor *b)
{
    return lks_sub(lks_mul_scalar(lks_pow_scalar(a, 3), 3), lks_square(b));
}

static lks_status derivatives(lks_tensor *a, lks_tensor *b)
{
    lks_status st = lks_backward(lks_sum_all(q_of(a, b)));

    if (st == LKS_OK) {
        show("dq/da = 9 a^2:        ", lks_grad(a));
        show("dq/db = -2 b:         ", lks_grad(b));
        st = lks_backward(lks_sum_all(q_of(a, b))); /* a second one adds */
    }
    if (st == LKS_OK) {
        show("after a second sweep: ", lks_grad(a));
        lks_zero_grad(a); /* the next contribution overwrites */
        lks_zero_grad(b);
        /* Of a vector, with a cotangent: the product of that with the Jacobian. */
        st = lks_backward_from(q_of(a, b), leaf(1, 10));
    }
    if (st == LKS_OK)
        show("with cotangent [1, 10]", lks_grad(a));
    return st;
}

/* What is not recorded. */
static lks_status without(lks_tensor *a, lks_tensor *b)
{
    const bool was = lks_set_grad_enabled(false);
    lks_tensor *unrecorded = q_of(a, b);

    lks_set_grad_enabled(was);
    if (!unrecorded)
        return lks_error_status();
    printf("without recording q wants a gradient: %s\n",
           lks_requires_grad(unrecorded) ? "yes" : "no");

    lks_zero_grad(a);
    lks_zero_grad(b);
    lks_status st = lks_backward(lks_sum_all(q_of(lks_detach(a), b)));

    if (st == LKS_OK)
        printf("detached, a gets a gradient: %s; b: %s\n", lks_has_grad(a) ? "yes" : "no",
               lks_has_grad(b) ? "yes" : "no");
    return st;
}

/* Mistakes are told in one line, here a chain's first. */
static void refused(lks_tensor *a)
{
    lks_tensor *three = lks_ones(LKS_SHAPE_OF(3), LKS_F64, lks_cpu);

    if (lks_backward(lks_sum_all(lks_exp(lks_mul(a, three)))) != LKS_OK)
        printf("refused: %s\n", lks_error_text());
}

int main(void)
{
    lks_status st = lks_scope_open();
    lks_tensor *a = leaf(2, 3), *b = leaf(6, 4);

    if (st == LKS_OK)
        st = derivatives(a, b);
    if (st == LKS_OK)
        st = without(a, b);
    if (st == LKS_OK)
        refused(a);
    lks_scope_close();
    if (st != LKS_OK)
        fprintf(stderr, "autograd: %s\n", lks_error_text());
    return st == LKS_OK ? 0 : 1;
}
