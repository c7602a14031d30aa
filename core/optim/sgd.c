/* torch.optim.SGD:
 *     g = grad + weight_decay * p
 *     b = g at the first step, then momentum * b + (1 - dampening) * g
 *     p = p - lr * (nesterov ? g + momentum * b : momentum ? b : g) */
#include "base/optim_options.h"
#include "base/option_expand.h"
#include "optim/optim_type.h"

#define RULE(kind, ...) LKS_OPTION_RULE(lks_sgd_params, kind, __VA_ARGS__)
static const lks_option_rule options[] = {LKS_OPTIONS_sgd(RULE)};

static lks_status check(const void *config)
{
    const lks_sgd_params *params = config;

    if (params->nesterov && (params->momentum == 0 || params->dampening != 0))
        return lks_fail(LKS_INVALID,
                        "sgd: nesterov needs a momentum above 0 and no dampening");
    return LKS_OK;
}

static int n_states(const void *config)
{
    const lks_sgd_params *params = config;

    return params->momentum != 0;
}

static lks_status step(const lks_kernels *kernels, const void *config, uint64_t at,
                       double grad_scale, const lks_view *grads, const lks_view *values,
                       const lks_view *states)
{
    lks_sgd_params params = *(const lks_sgd_params *)config;

    params.first_step = at == 1;
    params.grad_scale = grad_scale;
    return kernels->sgd(&params, grads, values, params.momentum != 0 ? &states[0] : NULL);
}

_Static_assert(sizeof(lks_sgd_params) <= LKS_OPTIM_MAX_CONFIG, "the configuration fits");

const lks_optim_type lks_optim_sgd = {
    .name = "sgd",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .check = check,
    .n_states = n_states,
    .step = step,
};
