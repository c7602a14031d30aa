/* torch.optim.RAdam: Adam whose step is rectified, or is its momentum alone while the
 * variance of v is too large to be told:
 *     rho_inf = 2 / (1 - beta2) - 1,   rho_t = rho_inf - 2 t beta2^t / (1 - beta2^t)
 *     r_t = sqrt((rho_t - 4) (rho_t - 2) rho_inf / ((rho_inf - 4) (rho_inf - 2) rho_t))
 *     p = p - lr * m / (1 - beta1^t) * (rho_t > 5 ? r_t sqrt(1 - beta2^t) / (sqrt(v) + eps)
 *                                                 : 1)
 * source: Liu et al., "On the variance of the adaptive learning rate and beyond", ICLR
 * 2020 */
#include <math.h>

#include "numerics.h"
#include "optim/optim_type.h"

typedef struct radam {
    lks_optim_common common;
    double beta1, beta2, eps;
    bool decoupled;
} radam;

static lks_update prepare(const void *config, uint64_t step, double *memory,
                          lks_rates *out)
{
    const radam *params = config;
    const double beta2_t = lks_power_f64(params->beta2, step);
    const double inf = 2 / (1 - params->beta2) - 1;
    const double rho = inf - 2 * (double)step * beta2_t / (1 - beta2_t);

    (void)memory;
    if (params->decoupled)
        lks_optim_decouple(out);
    out->lr = params->common.lr / (1 - lks_power_f64(params->beta1, step));
    out->beta1 = params->beta1;
    out->take1 = 1 - params->beta1;
    out->beta2 = params->beta2;
    out->take2 = 1 - params->beta2;
    out->eps = 1; /* the divisor, and no root beside it */
    if (rho > 5) {
        out->lr *= sqrt((rho - 4) * (rho - 2) * inf / ((inf - 4) * (inf - 2) * rho)) *
                   sqrt(1 - beta2_t);
        out->unbias = 1;
        out->eps = params->eps;
    }
    return LKS_UPDATE_adam;
}

#define RULE(kind, ...) LKS_OPTION_RULE(radam, kind, __VA_ARGS__)
LKS_OPTIM_TYPE(radam, .momentum = offsetof(radam, beta1), .prepare = prepare);
