/* What an optimiser is: options, and what a step's pass over the blocks is told. For
 * core/optim's own files. */
#ifndef LKS_OPTIM_OPTIM_TYPE_H
#define LKS_OPTIM_OPTIM_TYPE_H

#include "base/optim_options.h"
#include "base/option_expand.h"
#include "kernels.h"
#include "optim/optim.h"

enum { LKS_OPTIM_MAX_CONFIG = 128, LKS_OPTIM_MAX_MEMORY = 1 };

/* What all are told: the first member of every configuration. */
typedef struct lks_optim_common {
    double lr, weight_decay, l1;
    bool maximize;
} lks_optim_common;

typedef struct lks_optim_type {
    const char *name; /* torch.optim's, in lower case */
    /* They fill a configuration, a struct of at most LKS_OPTIM_MAX_CONFIG bytes. */
    const lks_option_rule *options;
    size_t n_options;
    /* Where in the configuration the number is, a double, that schedules of the momentum
     * move; 0: there is none. */
    size_t momentum;
    /* LKS_INVALID: the options do not go together. May be NULL. */
    lks_status (*check)(const void *config);
    /* The formula of step `step`, from 1, and its rates, of which scale, clip, decay, l1
     * and lr are set, keep is 1, and the others are 0. Which formula it is, and so how
     * many state blocks it needs, is the same for every step.
     *   memory   [LKS_OPTIM_MAX_MEMORY] numbers that go from step to step, at first 0 */
    lks_update (*prepare)(const void *config, uint64_t step, double *memory,
                          lks_rates *out);
    /* What the state blocks start as; NULL: zeros. */
    void (*start)(const void *config, double *states);
} lks_optim_type;

/* Decay that is no part of the gradient: the parameters are multiplied by 1 - lr decay. */
static inline void lks_optim_decouple(lks_rates *rates)
{
    rates->keep = 1 - rates->lr * rates->decay;
    rates->decay = 0;
}

/* lks_optim_NAME of a struct NAME, the options of optim_options.h, and these slots. */
#define LKS_OPTIM_TYPE(id, ...)                                                          \
    static const lks_option_rule id##_options[] = {LKS_OPTIONS_##id(RULE)};              \
    _Static_assert(sizeof(id) <= LKS_OPTIM_MAX_CONFIG, "the configuration fits");        \
    _Static_assert(offsetof(id, common) == 0, "what all are told comes first");          \
                                                                                         \
    const lks_optim_type lks_optim_##id = {                                              \
        .name = #id,                                                                     \
        .options = id##_options,                                                         \
        .n_options = sizeof id##_options / sizeof *id##_options,                         \
        __VA_ARGS__,                                                                     \
    }

#endif
