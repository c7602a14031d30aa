/* torch.optim.Adadelta:
 *     v = rho * v + (1 - rho) * g²
 *     d = sqrt(u + eps) / sqrt(v + eps) * g,   u = rho * u + (1 - rho) * d²
 *     p = p - lr * d
 * source: Zeiler, "ADADELTA: an adaptive learning rate method", 2012 */
#include "optim/optim_type.h"

typedef struct adadelta {
    lks_optim_common common;
    double rho, eps;
} adadelta;

static lks_update prepare(const void *config, uint64_t step, double *memory,
                          lks_rates *out)
{
    const adadelta *params = config;

    (void)step, (void)memory;
    out->beta2 = params->rho;
    out->take2 = 1 - params->rho;
    out->eps = params->eps;
    return LKS_UPDATE_adadelta;
}

#define RULE(kind, ...) LKS_OPTION_RULE(adadelta, kind, __VA_ARGS__)
LKS_OPTIM_TYPE(adadelta, .prepare = prepare);
