#include "nn/init.h"

#include <math.h>

#include "base/alloc.h"
#include "base/try.h"
#include "tensor/normal.h"

lks_status lks_init_fill(const lks_init *init, uint64_t seed, uint32_t param, size_t n,
                         float *out)
{
    const lks_rng rng = {.seed = seed, .step = param, .layer = LKS_RNG_INIT};

    LKS_TRY(init->fill(init, &rng, n, out));
    for (size_t i = 0; i < init->n_zeros; i++)
        out[init->zeros_first + i] = 0;
    return LKS_OK;
}

lks_init lks_init_with_zeros(lks_init init, size_t first, size_t n)
{
    init.zeros_first = first;
    init.n_zeros = n;
    return init;
}

/* In [-numbers[0], numbers[0]). */
static lks_status fill_around_zero(const lks_init *init, const lks_rng *rng, size_t n,
                                   float *out)
{
    lks_rng_uniform_f32(rng, 0, n, out);
    for (size_t i = 0; i < n; i++)
        out[i] = (float)((2.0 * out[i] - 1.0) * init->numbers[0]);
    return LKS_OK;
}

static double one_over_root(double fan)
{
    return fan > 0 ? 1 / sqrt(fan) : 0;
}

lks_init lks_init_fan_in(double fan_in)
{
    return (lks_init){.fill = fill_around_zero, .numbers = {one_over_root(fan_in)}};
}

static lks_status fill_constant(const lks_init *init, const lks_rng *rng, size_t n,
                                float *out)
{
    (void)rng;
    for (size_t i = 0; i < n; i++)
        out[i] = (float)init->numbers[0];
    return LKS_OK;
}

lks_init lks_init_constant(double value)
{
    return (lks_init){.fill = fill_constant, .numbers = {value}};
}

static lks_status fill_uniform(const lks_init *init, const lks_rng *rng, size_t n,
                               float *out)
{
    const double low = init->numbers[0], high = init->numbers[1];

    lks_rng_uniform_f32(rng, 0, n, out);
    for (size_t i = 0; i < n; i++)
        out[i] = (float)(low + (high - low) * out[i]);
    return LKS_OK;
}

lks_init lks_init_uniform(double low, double high)
{
    return (lks_init){.fill = fill_uniform, .numbers = {low, high}};
}

static lks_status fill_normal(const lks_init *init, const lks_rng *rng, size_t n,
                              float *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (float)(init->numbers[0] + init->numbers[1] * lks_normal_at(rng, i));
    return LKS_OK;
}

lks_init lks_init_normal(double mean, double std)
{
    return (lks_init){.fill = fill_normal, .numbers = {mean, std}};
}

lks_init lks_init_xavier_uniform(double fan_in, double fan_out, double gain)
{
    return (lks_init){.fill = fill_around_zero,
                      .numbers = {gain * sqrt(6) * one_over_root(fan_in + fan_out)}};
}

lks_init lks_init_xavier_normal(double fan_in, double fan_out, double gain)
{
    return lks_init_normal(0, gain * sqrt(2) * one_over_root(fan_in + fan_out));
}

lks_init lks_init_kaiming_uniform(double fan, double gain)
{
    return (lks_init){.fill = fill_around_zero,
                      .numbers = {gain * sqrt(3) * one_over_root(fan)}};
}

lks_init lks_init_kaiming_normal(double fan, double gain)
{
    return lks_init_normal(0, gain * one_over_root(fan));
}

/* Make the k columns of a (n, k), row by row, orthonormal: modified Gram and Schmidt, with
 * which R's diagonal is above 0, as torch.nn.init makes it. Each column's products are
 * added in the order of the rows, so that all machines have the same bits. `products` is
 * room for k.
 * source: Bjorck 1967 */
static void orthonormalise(double *a, size_t n, size_t k, double *products)
{
    for (size_t c = 0; c < k; c++) {
        double squares = 0;

        for (size_t i = 0; i < n; i++)
            squares += a[i * k + c] * a[i * k + c];
        for (size_t i = 0; i < n; i++)
            a[i * k + c] /= sqrt(squares);
        for (size_t j = c + 1; j < k; j++)
            products[j] = 0;
        for (size_t i = 0; i < n; i++)
            for (size_t j = c + 1; j < k; j++)
                products[j] += a[i * k + c] * a[i * k + j];
        for (size_t i = 0; i < n; i++)
            for (size_t j = c + 1; j < k; j++)
                a[i * k + j] -= products[j] * a[i * k + c];
    }
}

static lks_status fill_orthogonal(const lks_init *init, const lks_rng *rng, size_t size,
                                  float *out)
{
    const size_t rows = (size_t)init->numbers[0], columns = (size_t)init->numbers[1];
    const size_t k = rows < columns ? rows : columns;
    const size_t n = rows < columns ? columns : rows;
    double *a = lks_malloc((size + k) * sizeof *a);

    if (!a)
        return LKS_NOMEM;
    for (size_t i = 0; i < size; i++)
        a[i] = lks_normal_at(rng, i);
    orthonormalise(a, n, k, a + size);
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++)
            out[i * columns + j] =
                (float)(init->numbers[2] * a[rows < columns ? j * k + i : i * k + j]);
    lks_free(a);
    return LKS_OK;
}

lks_init lks_init_orthogonal(size_t rows, size_t columns, double gain)
{
    return (lks_init){.fill = fill_orthogonal,
                      .numbers = {(double)rows, (double)columns, gain}};
}
