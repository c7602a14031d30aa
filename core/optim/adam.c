/* torch.optim.Adam:
 *     g = grad + weight_decay * p
 *     m = beta1 * m + (1 - beta1) * g,   v = beta2 * v + (1 - beta2) * g²
 *     p = p - lr / (1 - beta1^t) * m / (sqrt(v) / sqrt(1 - beta2^t) + eps)
 * with amsgrad the largest v so far in v's place; torch.optim.AdamW: g = grad, and p is
 * first multiplied by 1 - lr * weight_decay
 * sources: Kingma & Ba, "Adam: a method for stochastic optimization", ICLR 2015; Reddi,
 * Kale & Kumar, "On the convergence of Adam and beyond", ICLR 2018; Loshchilov & Hutter,
 * "Decoupled weight decay regularization", ICLR 2019 */
#include <math.h>

#include "numerics.h"
#include "optim/optim_type.h"

typedef struct adam {
    lks_optim_common common;
    double beta1, beta2, eps;
    bool amsgrad;
} adam, adamw;

static lks_update prepare(const void *config, uint64_t step, double *memory,
                          lks_rates *out)
{
    const adam *params = config;

    (void)memory;
    out->lr = params->common.lr / (1 - lks_power_f64(params->beta1, step));
    out->beta1 = params->beta1;
    out->take1 = 1 - params->beta1;
    out->beta2 = params->beta2;
    out->take2 = 1 - params->beta2;
    out->unbias = 1 / sqrt(1 - lks_power_f64(params->beta2, step));
    out->eps = params->eps;
    return params->amsgrad ? LKS_UPDATE_amsgrad : LKS_UPDATE_adam;
}

static lks_update prepare_decoupled(const void *config, uint64_t step, double *memory,
                                    lks_rates *out)
{
    lks_optim_decouple(out);
    return prepare(config, step, memory, out);
}

#define RULE(kind, ...) LKS_OPTION_RULE(adam, kind, __VA_ARGS__)
LKS_OPTIM_TYPE(adam, .momentum = offsetof(adam, beta1), .prepare = prepare);
LKS_OPTIM_TYPE(adamw, .momentum = offsetof(adam, beta1), .prepare = prepare_decoupled);
