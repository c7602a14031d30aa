/* torch.optim.NAdam: Adam with Nesterov's momentum, that of step t being
 *     mu_t = beta1 * (1 - 0.96^(t * momentum_decay) / 2)
 *     p = p - (lr * (1 - mu_t) / (1 - mu_1 … mu_t) * g
 *              + lr * mu_t+1 / (1 - mu_1 … mu_t+1) * m) / (sqrt(v / (1 - beta2^t)) + eps)
 * source: Dozat, "Incorporating Nesterov momentum into Adam", ICLR workshop 2016 */
#include <math.h>

#include "numerics.h"
#include "optim/optim_type.h"

typedef struct nadam {
    lks_optim_common common;
    double beta1, beta2, eps, momentum_decay;
    bool decoupled;
} nadam;

static double mu(const nadam *params, uint64_t step)
{
    return params->beta1 * (1 - 0.5 * pow(0.96, (double)step * params->momentum_decay));
}

/* memory[0]: mu_1 … mu_t */
static lks_update prepare(const void *config, uint64_t step, double *memory,
                          lks_rates *out)
{
    const nadam *params = config;
    const double now = mu(params, step), next = mu(params, step + 1);
    const double product = (step == 1 ? 1 : memory[0]) * now;

    memory[0] = product;
    if (params->decoupled)
        lks_optim_decouple(out);
    out->lr_grad = params->common.lr * (1 - now) / (1 - product);
    out->lr = params->common.lr * next / (1 - product * next);
    out->beta1 = params->beta1;
    out->take1 = 1 - params->beta1;
    out->beta2 = params->beta2;
    out->take2 = 1 - params->beta2;
    out->unbias = 1 / sqrt(1 - lks_power_f64(params->beta2, step));
    out->eps = params->eps;
    return LKS_UPDATE_nadam;
}

#define RULE(kind, ...) LKS_OPTION_RULE(nadam, kind, __VA_ARGS__)
LKS_OPTIM_TYPE(nadam, .momentum = offsetof(nadam, beta1), .prepare = prepare);
