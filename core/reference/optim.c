/* One pass over flat parameter, gradient and state blocks: optim_of.h, one after the
 * other. */
#include "reference/reference.h"

#include "reference/optim_of.h"

lks_status lks_reference_sgd(const lks_sgd_params *params, const lks_view *grads,
                             const lks_view *all_params, const lks_view *bufs)
{
    const sgd_rates rates = sgd_rates_of(params);
    const float *grad = grads->data;
    float *param = all_params->data, *buf = bufs ? bufs->data : NULL;

    for (int64_t i = 0; i < all_params->sizes[0]; i++)
        sgd_element(&rates, grad[i], &param[i], buf ? &buf[i] : NULL);
    return LKS_OK;
}

lks_status lks_reference_adam(const lks_adam_params *params, const lks_view *grads,
                              const lks_view *all_params, const lks_view *ms,
                              const lks_view *vs)
{
    const adam_rates rates = adam_rates_of(params);
    const float *grad = grads->data;
    float *param = all_params->data, *m = ms->data, *v = vs->data;

    for (int64_t i = 0; i < all_params->sizes[0]; i++)
        adam_element(&rates, grad[i], &param[i], &m[i], &v[i]);
    return LKS_OK;
}
