/* torch.optim.SGD:
 *     g = grad + weight_decay * p
 *     b = g at the first step, then momentum * b + (1 - dampening) * g
 *     p = p - lr * (nesterov ? g + momentum * b : momentum ? b : g) */
#include "optim/optim_type.h"

typedef struct sgd {
    lks_optim_common common;
    double momentum, dampening;
    bool nesterov;
} sgd;

static lks_status check(const void *config)
{
    const sgd *params = config;

    if (params->nesterov && (params->momentum == 0 || params->dampening != 0))
        return lks_fail(LKS_INVALID,
                        "sgd: nesterov needs a momentum above 0 and no dampening");
    return LKS_OK;
}

static lks_update prepare(const void *config, uint64_t step, double *memory,
                          lks_rates *out)
{
    const sgd *params = config;

    (void)memory;
    out->beta1 = params->momentum;
    out->take1 = step == 1 ? 1 : 1 - params->dampening;
    return params->momentum == 0 ? LKS_UPDATE_sgd
           : params->nesterov    ? LKS_UPDATE_nesterov
                                 : LKS_UPDATE_momentum;
}

#define RULE(kind, ...) LKS_OPTION_RULE(sgd, kind, __VA_ARGS__)
LKS_OPTIM_TYPE(sgd, .momentum = offsetof(sgd, momentum), .check = check,
               .prepare = prepare);
