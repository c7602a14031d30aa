/* What an optimiser is: options, and what a step's pass over the blocks is told. For core/optim's own files. */
#ifndef LKS_OPTIM_OPTIM_TYPE_H
#define LKS_OPTIM_OPTIM_TYPE_H

#include "base/option_rule.h"
#include "kernels.h"
#include "optim/optim.h"

enum { LKS_OPTIM_MAX_CONFIG = 128 };

typedef struct lks_optim_type {
    const char *name; /* torch.optim's, in lower case */
    /* They fill a configuration: a struct of at most LKS_OPTIM_MAX_CONFIG bytes that
     * begins with the learning rate, a double. */
    const lks_option_rule *options;
    size_t n_options;
    /* LKS_INVALID: the options do not go together. May be NULL. */
    lks_status (*check)(const void *config);
    /* The formula of step `step`, from 1, and its rates, which are 0 but for `scale`, that
     * of the gradients. Which formula it is, and so how many state blocks it needs, is the
     * same for every step. */
    lks_update (*prepare)(const void *config, uint64_t step, lks_rates *out);
} lks_optim_type;

#endif
