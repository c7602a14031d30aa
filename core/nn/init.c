#include "nn/init.h"

#include <math.h>

#include "base/rng.h"

static void fill_uniform(uint64_t seed, uint32_t param, double scale, size_t n,
                         float *out)
{
    const lks_rng rng = {.seed = seed, .step = param, .layer = LKS_RNG_INIT};

    lks_rng_uniform_f32(&rng, 0, n, out);
    for (size_t i = 0; i < n; i++)
        out[i] = (float)((2.0 * out[i] - 1.0) * scale);
}

lks_init lks_init_fan_in(double fan_in)
{
    return (lks_init){fill_uniform, fan_in > 0 ? 1 / sqrt(fan_in) : 0};
}

static void fill_constant(uint64_t seed, uint32_t param, double scale, size_t n,
                          float *out)
{
    (void)seed, (void)param;
    for (size_t i = 0; i < n; i++)
        out[i] = (float)scale;
}

lks_init lks_init_constant(double value)
{
    return (lks_init){fill_constant, value};
}
