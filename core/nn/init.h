/* Initial values of parameters: PyTorch's distributions, from counter-based random
 * numbers: a pure function of (seed, parameter, element). */
#ifndef LKS_NN_INIT_H
#define LKS_NN_INIT_H

#include <stddef.h>
#include <stdint.h>

/* A distribution and its one number. */
typedef struct lks_init {
    void (*fill)(uint64_t seed, uint32_t param, double scale, size_t n, float *out);
    double scale;
} lks_init;

/* Uniform in [-1/sqrt(fan_in), 1/sqrt(fan_in)): weights and biases alike.
 * source: nn.Linear and nn.Conv2d's reset_parameters, kaiming_uniform with a = sqrt(5) */
lks_init lks_init_fan_in(double fan_in);

/* All elements `value`. */
lks_init lks_init_constant(double value);

#endif
