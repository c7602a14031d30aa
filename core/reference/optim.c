/* One pass over flat parameter, gradient and state blocks. */
#include "reference/reference.h"

#include "numerics.h"

/* d = scale g + decay p; buf = momentum buf + take d; p -= lr d, or lr buf with momentum,
 * or lr (d + momentum buf) with Nesterov's. Each sum takes its last product fused. */
lks_status lks_reference_sgd(const lks_sgd_params *params, const lks_view *grads,
                             const lks_view *all_params, const lks_view *bufs)
{
    const float *grad = grads->data;
    float *param = all_params->data, *buf = bufs ? bufs->data : NULL;
    const float lr = (float)params->lr, decay = (float)params->weight_decay;
    const float momentum = (float)params->momentum, scale = (float)params->grad_scale;
    const float take = params->first_step ? 1.0f : (float)(1 - params->dampening);

    for (int64_t i = 0; i < all_params->sizes[0]; i++) {
        float d = LKS_FMA(decay, param[i], scale * grad[i]);

        if (buf && params->momentum == 0 && params->first_step)
            buf[i] = 0;
        if (buf && params->momentum != 0) {
            buf[i] = LKS_FMA(momentum, params->first_step ? 0.0f : buf[i], take * d);
            d = params->nesterov ? LKS_FMA(momentum, buf[i], d) : buf[i];
        }
        param[i] = LKS_FMA(-lr, d, param[i]);
    }
    return LKS_OK;
}

/* g = scale grad + decay p; m = beta1 m + take1 g; v = beta2 v + take2 g^2;
 * p -= step_size m / (sqrt(v) unbias + eps) */
lks_status lks_reference_adam(const lks_adam_params *params, const lks_view *grads,
                              const lks_view *all_params, const lks_view *ms,
                              const lks_view *vs)
{
    const float *grad = grads->data;
    float *param = all_params->data, *m = ms->data, *v = vs->data;
    const double correct1 = 1 - lks_power_f64(params->beta1, params->step);
    const double correct2 = 1 - lks_power_f64(params->beta2, params->step);
    const float step_size = (float)(params->lr / correct1);
    const float unbias = (float)(1 / sqrt(correct2)), eps = (float)params->eps;
    const float decay = (float)params->weight_decay, scale = (float)params->grad_scale;
    const float beta1 = (float)params->beta1, take1 = (float)(1 - params->beta1);
    const float beta2 = (float)params->beta2, take2 = (float)(1 - params->beta2);

    for (int64_t i = 0; i < all_params->sizes[0]; i++) {
        float g = LKS_FMA(decay, param[i], scale * grad[i]);

        m[i] = LKS_FMA(beta1, m[i], take1 * g);
        v[i] = LKS_FMA(beta2, v[i], take2 * (g * g));
        param[i] -= step_size * m[i] / LKS_FMA(sqrtf(v[i]), unbias, eps);
    }
    return LKS_OK;
}
