/* torch.optim.RMSprop:
 *     v = alpha * v + (1 - alpha) * g²
 *     centered: a = alpha * a + (1 - alpha) * g, and v - a² in v's place
 *     d = g / (sqrt(v) + eps),   with momentum b = momentum * b + d in d's place
 *     p = p - lr * d
 * source: Tieleman & Hinton, lecture 6.5 of "Neural networks for machine learning", 2012;
 * Graves, "Generating sequences with recurrent neural networks", 2013 (centered) */
#include "optim/optim_type.h"

typedef struct rmsprop {
    lks_optim_common common;
    double alpha, eps, momentum;
    bool centered;
} rmsprop;

static lks_update prepare(const void *config, uint64_t step, double *memory,
                          lks_rates *out)
{
    const rmsprop *params = config;

    (void)step, (void)memory;
    out->beta2 = params->alpha;
    out->take2 = 1 - params->alpha;
    out->eps = params->eps;
    out->momentum = params->momentum;
    if (params->momentum == 0)
        return params->centered ? LKS_UPDATE_rmsprop_centered : LKS_UPDATE_rmsprop;
    return params->centered ? LKS_UPDATE_rmsprop_centered_momentum
                            : LKS_UPDATE_rmsprop_momentum;
}

#define RULE(kind, ...) LKS_OPTION_RULE(rmsprop, kind, __VA_ARGS__)
LKS_OPTIM_TYPE(rmsprop, .momentum = offsetof(rmsprop, momentum), .prepare = prepare);
