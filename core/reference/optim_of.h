/* What an optimiser's pass does to one parameter, for the kernels of every device. The
 * rates come from the caller's doubles once a pass. */
#ifndef LKS_REFERENCE_OPTIM_OF_H
#define LKS_REFERENCE_OPTIM_OF_H

#include "kernels.h"
#include "numerics.h"

typedef struct sgd_rates {
    float lr, momentum, take, decay, scale;
    bool nesterov, first_step, has_momentum;
} sgd_rates;

typedef struct adam_rates {
    float step_size, unbias, eps, decay, scale, beta1, take1, beta2, take2;
} adam_rates;

LKS_INLINE sgd_rates sgd_rates_of(const lks_sgd_params *params)
{
    sgd_rates r;

    r.lr = (float)params->lr;
    r.momentum = (float)params->momentum;
    r.take = params->first_step ? 1.0f : (float)(1 - params->dampening);
    r.decay = (float)params->weight_decay;
    r.scale = (float)params->grad_scale;
    r.nesterov = params->nesterov;
    r.first_step = params->first_step;
    r.has_momentum = params->momentum != 0;
    return r;
}

/* d = scale g + decay p; buf = momentum buf + take d; p -= lr d, or lr buf with momentum,
 * or lr (d + momentum buf) with Nesterov's. Each sum takes its last product fused. `buf`
 * may be NULL without momentum. */
LKS_INLINE void sgd_element(const sgd_rates *r, float grad, float *param, float *buf)
{
    float d = LKS_FMA(r->decay, *param, r->scale * grad);

    if (buf && !r->has_momentum && r->first_step)
        *buf = 0;
    if (buf && r->has_momentum) {
        *buf = LKS_FMA(r->momentum, r->first_step ? 0.0f : *buf, r->take * d);
        d = r->nesterov ? LKS_FMA(r->momentum, *buf, d) : *buf;
    }
    *param = LKS_FMA(-r->lr, d, *param);
}

LKS_INLINE adam_rates adam_rates_of(const lks_adam_params *params)
{
    const double correct1 = 1 - lks_power_f64(params->beta1, params->step);
    const double correct2 = 1 - lks_power_f64(params->beta2, params->step);
    adam_rates r;

    r.step_size = (float)(params->lr / correct1);
    r.unbias = (float)(1 / sqrt(correct2));
    r.eps = (float)params->eps;
    r.decay = (float)params->weight_decay;
    r.scale = (float)params->grad_scale;
    r.beta1 = (float)params->beta1;
    r.take1 = (float)(1 - params->beta1);
    r.beta2 = (float)params->beta2;
    r.take2 = (float)(1 - params->beta2);
    return r;
}

/* g = scale grad + decay p; m = beta1 m + take1 g; v = beta2 v + take2 g^2;
 * p -= step_size m / (sqrt(v) unbias + eps) */
LKS_INLINE void adam_element(const adam_rates *r, float grad, float *param, float *m,
                             float *v)
{
    float g = LKS_FMA(r->decay, *param, r->scale * grad);

    *m = LKS_FMA(r->beta1, *m, r->take1 * g);
    *v = LKS_FMA(r->beta2, *v, r->take2 * (g * g));
    *param -= r->step_size * *m / LKS_FMA(sqrtf(*v), r->unbias, r->eps);
}

#endif
