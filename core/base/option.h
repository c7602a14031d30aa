/* Named numbers: how a layer or an optimiser is described without either side knowing the
 * other's structs (a job file's reader makes them, core/nn and core/optim read them). */
#ifndef LKS_BASE_OPTION_H
#define LKS_BASE_OPTION_H

#include <stddef.h>

enum { LKS_OPTION_MAX_VALUES = 8 };

/* `key` is borrowed. Booleans are 0 and 1; integers up to 2^53 are exact; a word is its
 * place in the list of those there are, from 0; null, where that is allowed, is NaN.
 * Numbers that may be many, weights of classes say, stand in `list` [n_values], borrowed,
 * and not in `values`. */
typedef struct lks_option {
    const char *key;
    int n_values;
    double values[LKS_OPTION_MAX_VALUES];
    const double *list;
} lks_option;

/* A borrowed list. */
typedef struct lks_options {
    const lks_option *items;
    size_t n_items;
} lks_options;

/* LKS_OPTIONS_OF({"lr", 1, {0.1}}, {"betas", 2, {0.9, 0.99}}) is a list of these, which
 * lives as long as the block that it stands in. */
#define LKS_OPTIONS_OF(...)                                                              \
    ((lks_options){(lks_option[]){__VA_ARGS__},                                          \
                   sizeof((lks_option[]){__VA_ARGS__}) / sizeof(lks_option)})

/* The first one of that key, or NULL. */
const lks_option *lks_option_find(lks_options options, const char *key);

/* The first value of `key`, or `fallback`. */
double lks_option_get(lks_options options, const char *key, double fallback);

/* `key`'s n values in out[0..n); if it has another number of them, its first in all
 * (kernel_size: 5 is 5 x 5); if it has none, `fallback` in all. */
void lks_option_get_n(lks_options options, const char *key, int n, double fallback,
                      double *out);

/* LKS_OPTION("betas", 0.9, 0.99) is {"betas", 2, {0.9, 0.99}}, counted, and without the
 * warning of -Wextra that `list` is not spoken of. */
#define LKS_OPTION(key_, ...)                                                            \
    {                                                                                    \
        .key = (key_), .n_values = sizeof((double[]){__VA_ARGS__}) / sizeof(double),     \
        .values = {                                                                      \
            __VA_ARGS__                                                                  \
        }                                                                                \
    }

#endif
