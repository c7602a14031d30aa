/* Tensors: made, calculated with, cut and put together, read. */
#include <stdio.h>

#include <lockstep.h>

/* "name" and the tensor as PyTorch prints it. */
static void show(const char *name, const lks_tensor *t)
{
    char text[1024];

    if (lks_print(t, text, sizeof text) >= 0)
        printf("%s\n%s\n\n", name, text);
}

static void make(void)
{
    const float numbers[] = {1, 2, 3, 4, 5, 6};
    const lks_rng rng = {.seed = 0}; /* the same numbers on any machine */

    show("from numbers", lks_from_data(LKS_SHAPE_OF(2, 3), LKS_F32, numbers, lks_cpu));
    show("zeros", lks_zeros(LKS_SHAPE_OF(2, 2), LKS_F64, lks_cpu));
    show("arange", lks_arange(5, LKS_I64, lks_cpu));
    show("rand", lks_rand(LKS_SHAPE_OF(2, 3), LKS_F32, &rng, lks_cpu));
}

/* What operations return belongs to the scope; they nest, and what comes between is freed
 * with it. */
static void calculate(lks_tensor *x)
{
    const int columns = 0;

    show("2 x + 1", lks_add_scalar(lks_mul_scalar(x, 2), 1));
    show("x times itself transposed", lks_matmul(x, lks_t(x)));
    show("sums of columns", lks_sum(x, &columns, 1, false));
    show("x less its mean", lks_sub(x, lks_mean_all(x))); /* () broadcasts to (2, 3) */
    show("x > 3", lks_gt_scalar(x, 3));
}

static void cut(lks_tensor *x)
{
    lks_tensor *const twice[] = {x, x};
    lks_tensor *second = lks_select(x, 0, 1); /* a view: x[1] */

    show("second row", second);
    show("as (3, 2)", lks_reshape(x, LKS_SHAPE_OF(3, -1)));
    show("below itself", lks_cat(twice, 2, 0));
    lks_mul_(second, lks_full(LKS_SCALAR, 10, LKS_F32, lks_cpu)); /* in place, of x too */
    show("x, its second row times ten", x);
}

/* To numbers of C: one, all, or where they stand. */
static void read_back(lks_tensor *x)
{
    double largest = 0;
    float all[6] = {0};

    if (lks_item(lks_max_all(x), &largest) == LKS_OK && lks_to_host(x, all) == LKS_OK)
        printf("the largest is %g, the last %g, the first %g\n", largest, all[5],
               *(const float *)lks_data(x));
}

int main(void)
{
    lks_tensor *x;

    lks_scope_open();
    make();
    x = lks_add_scalar(lks_reshape(lks_arange(6, LKS_F32, lks_cpu), LKS_SHAPE_OF(2, 3)),
                       1);
    calculate(x);
    cut(x);
    read_back(x);
    lks_scope_close();

    /* The first failure of all that stands above, with shapes and reason. */
    if (lks_error_status() != LKS_OK) {
        fprintf(stderr, "tensors: %s\n", lks_error_text());
        return 1;
    }
    return 0;
}
