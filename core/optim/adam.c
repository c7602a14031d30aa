/* torch.optim.Adam:
 *     g = grad + weight_decay * p
 *     m = beta1 * m + (1 - beta1) * g,   v = beta2 * v + (1 - beta2) * g²
 *     p = p - lr / (1 - beta1^t) * m / (sqrt(v) / sqrt(1 - beta2^t) + eps)
 * source: Kingma & Ba, "Adam: a method for stochastic optimization", ICLR 2015 */
#include <math.h>

#include "base/optim_options.h"
#include "base/option_expand.h"
#include "optim/optim_type.h"
#include "numerics.h"

typedef struct adam {
    double lr, beta1, beta2, eps, weight_decay;
} adam;

#define RULE(kind, ...) LKS_OPTION_RULE(adam, kind, __VA_ARGS__)
static const lks_option_rule options[] = {LKS_OPTIONS_adam(RULE)};

static lks_update prepare(const void *config, uint64_t step, lks_rates *out)
{
    const adam *params = config;

    out->lr = params->lr / (1 - lks_power_f64(params->beta1, step));
    out->decay = params->weight_decay;
    out->beta1 = params->beta1;
    out->take1 = 1 - params->beta1;
    out->beta2 = params->beta2;
    out->take2 = 1 - params->beta2;
    out->unbias = 1 / sqrt(1 - lks_power_f64(params->beta2, step));
    out->eps = params->eps;
    return LKS_UPDATE_adam;
}

_Static_assert(sizeof(adam) <= LKS_OPTIM_MAX_CONFIG, "the configuration fits");

const lks_optim_type lks_optim_adam = {
    .name = "adam",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .prepare = prepare,
};
