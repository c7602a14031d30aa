/* Passes over flat parameter, gradient and state blocks. */
#include "cpu/cpu.h"

#include <math.h>
#include <string.h>

#include "cpu/kernels/simd.h"
#include "cpu/parallel.h"
#include "numerics.h"

enum { MIN_PER_THREAD = 65536 };

typedef struct sgd_pass {
    const lks_sgd_params *params;
    const float *grad;
    float *param, *buf;
} sgd_pass;

static void sgd_range(int64_t first, int64_t last, void *context)
{
    const sgd_pass *pass = context;
    const lks_sgd_params *params = pass->params;
    const float lr = (float)params->lr, decay = (float)params->weight_decay;
    const float momentum = (float)params->momentum, scale = (float)params->grad_scale;
    const float take = params->first_step ? 1.0f : (float)(1 - params->dampening);
    const float *grad = pass->grad + first;
    float *param = pass->param + first, *buf = pass->buf ? pass->buf + first : NULL;
    int64_t n = last - first;

    if (buf && params->first_step)
        memset(buf, 0, (size_t)n * sizeof *buf);
    if (!buf || params->momentum == 0) {
        LKS_SIMD_FOR(i, n)
        param[i] = LKS_FMA(-lr, LKS_FMA(decay, param[i], scale * grad[i]), param[i]);
    } else if (params->nesterov) {
        LKS_SIMD_FOR(i, n)
        {
            float d = LKS_FMA(decay, param[i], scale * grad[i]);

            buf[i] = LKS_FMA(momentum, buf[i], take * d);
            param[i] = LKS_FMA(-lr, LKS_FMA(momentum, buf[i], d), param[i]);
        }
    } else {
        LKS_SIMD_FOR(i, n)
        {
            float d = LKS_FMA(decay, param[i], scale * grad[i]);

            buf[i] = LKS_FMA(momentum, buf[i], take * d);
            param[i] = LKS_FMA(-lr, buf[i], param[i]);
        }
    }
}

lks_status LKS_CPU(sgd)(const lks_sgd_params *params, const lks_view *grad,
                        const lks_view *param, const lks_view *buf)
{
    sgd_pass pass = {params, grad->data, param->data, buf ? buf->data : NULL};

    lks_parallel_for(param->device.index, param->sizes[0], MIN_PER_THREAD, sgd_range,
                     &pass);
    return LKS_OK;
}

typedef struct adam_pass {
    const lks_adam_params *params;
    float step_size, unbias;
    const float *grad;
    float *param, *m, *v;
} adam_pass;

static void adam_range(int64_t first, int64_t last, void *context)
{
    const adam_pass *pass = context;
    const lks_adam_params *params = pass->params;
    const float step_size = pass->step_size, unbias = pass->unbias;
    const float eps = (float)params->eps;
    const float decay = (float)params->weight_decay, scale = (float)params->grad_scale;
    const float beta1 = (float)params->beta1, take1 = (float)(1 - params->beta1);
    const float beta2 = (float)params->beta2, take2 = (float)(1 - params->beta2);
    const float *grad = pass->grad + first;
    float *param = pass->param + first, *m = pass->m + first, *v = pass->v + first;
    int64_t n = last - first;

    LKS_SIMD_FOR(i, n)
    {
        float g = LKS_FMA(decay, param[i], scale * grad[i]);

        m[i] = LKS_FMA(beta1, m[i], take1 * g);
        v[i] = LKS_FMA(beta2, v[i], take2 * (g * g));
        param[i] -= step_size * m[i] / LKS_FMA(sqrtf(v[i]), unbias, eps);
    }
}

lks_status LKS_CPU(adam)(const lks_adam_params *params, const lks_view *grad,
                         const lks_view *param, const lks_view *m, const lks_view *v)
{
    const double correct1 = 1 - lks_power_f64(params->beta1, params->step);
    const double correct2 = 1 - lks_power_f64(params->beta2, params->step);
    adam_pass pass = {
        .params = params,
        .step_size = (float)(params->lr / correct1),
        .unbias = (float)(1 / sqrt(correct2)),
        .grad = grad->data,
        .param = param->data,
        .m = m->data,
        .v = v->data,
    };

    lks_parallel_for(param->device.index, param->sizes[0], MIN_PER_THREAD, adam_range,
                     &pass);
    return LKS_OK;
}
