/* torch.optim.Adamax:
 *     m = beta1 * m + (1 - beta1) * g,   u = max(beta2 * u, |g| + eps)
 *     p = p - lr / (1 - beta1^t) * m / u
 * source: Kingma & Ba, "Adam: a method for stochastic optimization", ICLR 2015 */
#include "numerics.h"
#include "optim/optim_type.h"

typedef struct adamax {
    lks_optim_common common;
    double beta1, beta2, eps;
} adamax;

static lks_update prepare(const void *config, uint64_t step, double *memory,
                          lks_rates *out)
{
    const adamax *params = config;

    (void)memory;
    out->lr = params->common.lr / (1 - lks_power_f64(params->beta1, step));
    out->beta1 = params->beta1;
    out->take1 = 1 - params->beta1;
    out->beta2 = params->beta2;
    out->eps = params->eps;
    return LKS_UPDATE_adamax;
}

#define RULE(kind, ...) LKS_OPTION_RULE(adamax, kind, __VA_ARGS__)
LKS_OPTIM_TYPE(adamax, .momentum = offsetof(adamax, beta1), .prepare = prepare);
