#include "nn/init.h"

#include <math.h>

#include "tensor/normal.h"

void lks_init_fill(const lks_init *init, uint64_t seed, uint32_t param, size_t n,
                   float *out)
{
    const lks_rng rng = {.seed = seed, .step = param, .layer = LKS_RNG_INIT};

    init->fill(init, &rng, n, out);
}

/* In [-numbers[0], numbers[0]). */
static void fill_around_zero(const lks_init *init, const lks_rng *rng, size_t n,
                             float *out)
{
    lks_rng_uniform_f32(rng, 0, n, out);
    for (size_t i = 0; i < n; i++)
        out[i] = (float)((2.0 * out[i] - 1.0) * init->numbers[0]);
}

static double one_over_root(double fan)
{
    return fan > 0 ? 1 / sqrt(fan) : 0;
}

lks_init lks_init_fan_in(double fan_in)
{
    return (lks_init){fill_around_zero, {one_over_root(fan_in)}};
}

static void fill_constant(const lks_init *init, const lks_rng *rng, size_t n, float *out)
{
    (void)rng;
    for (size_t i = 0; i < n; i++)
        out[i] = (float)init->numbers[0];
}

lks_init lks_init_constant(double value)
{
    return (lks_init){fill_constant, {value}};
}

static void fill_uniform(const lks_init *init, const lks_rng *rng, size_t n, float *out)
{
    const double low = init->numbers[0], high = init->numbers[1];

    lks_rng_uniform_f32(rng, 0, n, out);
    for (size_t i = 0; i < n; i++)
        out[i] = (float)(low + (high - low) * out[i]);
}

lks_init lks_init_uniform(double low, double high)
{
    return (lks_init){fill_uniform, {low, high}};
}

static void fill_normal(const lks_init *init, const lks_rng *rng, size_t n, float *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (float)(init->numbers[0] + init->numbers[1] * lks_normal_at(rng, i));
}

lks_init lks_init_normal(double mean, double std)
{
    return (lks_init){fill_normal, {mean, std}};
}

lks_init lks_init_xavier_uniform(double fan_in, double fan_out, double gain)
{
    return (lks_init){fill_around_zero,
                      {gain * sqrt(6) * one_over_root(fan_in + fan_out)}};
}

lks_init lks_init_xavier_normal(double fan_in, double fan_out, double gain)
{
    return lks_init_normal(0, gain * sqrt(2) * one_over_root(fan_in + fan_out));
}

lks_init lks_init_kaiming_uniform(double fan, double gain)
{
    return (lks_init){fill_around_zero, {gain * sqrt(3) * one_over_root(fan)}};
}

lks_init lks_init_kaiming_normal(double fan, double gain)
{
    return lks_init_normal(0, gain * one_over_root(fan));
}
