/* torch.optim.ASGD:
 *     eta_t = lr / (1 + lambd * lr * (t - 1))^alpha, lr that of step t - 1
 *     p = (1 - lambd * eta_t) * p - eta_t * g
 *     mean = mean + (p - mean) / max(1, t - 1 - t0)
 * The mean is kept, and nothing reads it yet.
 * source: Polyak & Juditsky, "Acceleration of stochastic approximation by averaging",
 * 1992 */
#include <math.h>

#include "optim/optim_type.h"

typedef struct asgd {
    lks_optim_common common;
    double lambd, alpha, t0;
} asgd;

/* memory[0]: eta of the next step */
static lks_update prepare(const void *config, uint64_t step, double *memory,
                          lks_rates *out)
{
    const asgd *params = config;
    const double lr = params->common.lr, t = (double)step;

    out->lr = step == 1 ? lr : memory[0];
    out->keep = 1 - params->lambd * out->lr;
    out->mu = 1 / fmax(1, t - 1 - params->t0);
    memory[0] = lr / pow(1 + params->lambd * lr * t, params->alpha);
    return LKS_UPDATE_asgd;
}

#define RULE(kind, ...) LKS_OPTION_RULE(asgd, kind, __VA_ARGS__)
LKS_OPTIM_TYPE(asgd, .prepare = prepare);
