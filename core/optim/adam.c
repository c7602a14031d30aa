/* torch.optim.Adam:
 *     g = grad + weight_decay * p
 *     m = beta1 * m + (1 - beta1) * g,   v = beta2 * v + (1 - beta2) * g²
 *     p = p - lr / (1 - beta1^t) * m / (sqrt(v) / sqrt(1 - beta2^t) + eps)
 * source: Kingma & Ba, "Adam: a method for stochastic optimization", ICLR 2015 */
#include <float.h>
#include <math.h>

#include "base/optim_options.h"
#include "base/option_expand.h"
#include "optim/optim_type.h"

#define RULE(kind, ...) LKS_OPTION_RULE(lks_adam_params, kind, __VA_ARGS__)
static const lks_option_rule options[] = {LKS_OPTIONS_adam(RULE)};

static int n_states(const void *config)
{
    (void)config;
    return 2;
}

static lks_status step(const lks_kernels *kernels, const void *config, uint64_t at,
                       double grad_scale, const lks_view *grads, const lks_view *values,
                       const lks_view *states)
{
    lks_adam_params params = *(const lks_adam_params *)config;

    params.step = at;
    params.grad_scale = grad_scale;
    /* With eps = 0 the gaps between parameters would become 0 / 0. */
    params.eps = fmax(params.eps, FLT_MIN);
    return kernels->adam(&params, grads, values, &states[0], &states[1]);
}

_Static_assert(sizeof(lks_adam_params) <= LKS_OPTIM_MAX_CONFIG, "the configuration fits");

const lks_optim_type lks_optim_adam = {
    .name = "adam",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .n_states = n_states,
    .step = step,
};
