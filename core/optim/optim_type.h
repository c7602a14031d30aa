/* What an optimiser is: options, state blocks, one step. For core/optim's own files. */
#ifndef LKS_OPTIM_OPTIM_TYPE_H
#define LKS_OPTIM_OPTIM_TYPE_H

#include "base/option_rule.h"
#include "kernels.h"
#include "optim/optim.h"

enum { LKS_OPTIM_MAX_STATES = 4, LKS_OPTIM_MAX_CONFIG = 128 };

typedef struct lks_optim_type {
    const char *name; /* torch.optim's, in lower case */
    /* They fill a configuration: a struct of at most LKS_OPTIM_MAX_CONFIG bytes that
     * begins with the learning rate, a double. */
    const lks_option_rule *options;
    size_t n_options;
    /* LKS_INVALID: the options do not go together. May be NULL. */
    lks_status (*check)(const void *config);
    /* How many flat state blocks this configuration needs; they start as zeros. */
    int (*n_states)(const void *config);
    /* One pass over a range of flat blocks; `step` counts from 1, gradients count times
     * `grad_scale`. */
    lks_status (*step)(const lks_kernels *kernels, const void *config, uint64_t step,
                       double grad_scale, const lks_view *grads, const lks_view *values,
                       const lks_view *states);
} lks_optim_type;

#endif
