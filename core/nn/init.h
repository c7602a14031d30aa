/* Initial values of parameters: PyTorch's distributions, from counter-based random
 * numbers: a pure function of (seed, parameter, element). */
#ifndef LKS_NN_INIT_H
#define LKS_NN_INIT_H

#include <stddef.h>
#include <stdint.h>

#include "base/option_rule.h"
#include "base/rng.h"
#include "base/status.h"
#include "layout/shape.h"

/* A distribution and its numbers, which are its own to understand. */
typedef struct lks_init lks_init;
struct lks_init {
    lks_status (*fill)(const lks_init *init, const lks_rng *rng, size_t n, float *out);
    double numbers[3];
    size_t zeros_first, n_zeros; /* elements that are zero whatever it gives */
};

/* out[0..n): parameter `param` of a model's first values under `seed`. LKS_NOMEM. */
lks_status lks_init_fill(const lks_init *init, uint64_t seed, uint32_t param, size_t n,
                         float *out);

/* The same, but for n elements from the first-th on, which are zero. */
lks_init lks_init_with_zeros(lks_init init, size_t first, size_t n);

/* Uniform in [-1/sqrt(fan_in), 1/sqrt(fan_in)): weights and biases alike.
 * source: nn.Linear and nn.Conv2d's reset_parameters, kaiming_uniform with a = sqrt(5) */
lks_init lks_init_fan_in(double fan_in);

/* All elements `value`. */
lks_init lks_init_constant(double value);

/* torch.nn.init's: uniform in [low, high); normal. */
lks_init lks_init_uniform(double low, double high);
lks_init lks_init_normal(double mean, double std);

/* By the sizes of what goes in and out of a weight: its sizes but the first, multiplied,
 * and its sizes but the second. `gain` is torch.nn.init.calculate_gain's: 1 of a linear
 * layer, sqrt(2) of relu. `fan` is either of the two (mode).
 * source: Glorot & Bengio 2010; He et al. 2015 */
lks_init lks_init_xavier_uniform(double fan_in, double fan_out, double gain);
lks_init lks_init_xavier_normal(double fan_in, double fan_out, double gain);
lks_init lks_init_kaiming_uniform(double fan, double gain);
lks_init lks_init_kaiming_normal(double fan, double gain);

/* A random matrix (rows, columns) whose rows, or columns where these are fewer, are
 * orthogonal and of length `gain`.
 * source: Saxe et al. 2013; the distribution is Haar's */
lks_init lks_init_orthogonal(size_t rows, size_t columns, double gain);

/* One of these by torch.nn.init's name and options, for a parameter of `shape`, which tells
 * the fans. `owner` begins the error's text: LKS_INVALID: no such name, options that do
 * not fit it, or fans of a parameter of less than two dimensions. */
lks_status lks_init_named(const char *name, lks_options options, const lks_shape *shape,
                          const char *owner, lks_init *out);
/* Its options; NULL: no such name. */
const lks_option_rule *lks_init_rules(const char *name, size_t *n_rules);

#endif
