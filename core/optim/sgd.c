/* torch.optim.SGD:
 *     g = grad + weight_decay * p
 *     b = g at the first step, then momentum * b + (1 - dampening) * g
 *     p = p - lr * (nesterov ? g + momentum * b : momentum ? b : g) */
#include "base/optim_options.h"
#include "base/option_expand.h"
#include "optim/optim_type.h"

typedef struct sgd {
    double lr, momentum, dampening, weight_decay;
    bool nesterov;
} sgd;

#define RULE(kind, ...) LKS_OPTION_RULE(sgd, kind, __VA_ARGS__)
static const lks_option_rule options[] = {LKS_OPTIONS_sgd(RULE)};

static lks_status check(const void *config)
{
    const sgd *params = config;

    if (params->nesterov && (params->momentum == 0 || params->dampening != 0))
        return lks_fail(LKS_INVALID,
                        "sgd: nesterov needs a momentum above 0 and no dampening");
    return LKS_OK;
}

static lks_update prepare(const void *config, uint64_t step, lks_rates *out)
{
    const sgd *params = config;

    out->lr = params->lr;
    out->decay = params->weight_decay;
    out->beta1 = params->momentum;
    out->take1 = step == 1 ? 1 : 1 - params->dampening;
    return params->momentum == 0 ? LKS_UPDATE_sgd
           : params->nesterov    ? LKS_UPDATE_nesterov
                                 : LKS_UPDATE_momentum;
}

_Static_assert(sizeof(sgd) <= LKS_OPTIM_MAX_CONFIG, "the configuration fits");

const lks_optim_type lks_optim_sgd = {
    .name = "sgd",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .check = check,
    .prepare = prepare,
};
