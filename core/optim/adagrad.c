/* torch.optim.Adagrad:
 *     s = s + g², at first initial_accumulator_value
 *     p = p - lr / (1 + (t - 1) * lr_decay) * g / (sqrt(s) + eps)
 * source: Duchi, Hazan & Singer, "Adaptive subgradient methods for online learning and
 * stochastic optimization", JMLR 2011 */
#include "optim/optim_type.h"

typedef struct adagrad {
    lks_optim_common common;
    double lr_decay, start, eps;
} adagrad;

static lks_update prepare(const void *config, uint64_t step, double *memory,
                          lks_rates *out)
{
    const adagrad *params = config;

    (void)memory;
    out->lr = params->common.lr / (1 + (double)(step - 1) * params->lr_decay);
    out->eps = params->eps;
    return LKS_UPDATE_adagrad;
}

static void start(const void *config, double *states)
{
    states[0] = ((const adagrad *)config)->start;
}

#define RULE(kind, ...) LKS_OPTION_RULE(adagrad, kind, __VA_ARGS__)
LKS_OPTIM_TYPE(adagrad, .prepare = prepare, .start = start);
