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
        param[i] =
            LKS_FMA(-lr, LKS_FMA(decay, param[i], scale * grad[i]), param[i]);
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

lks_status LKS_CPU(sgd)(const lks_sgd_params *params, size_t n, const float *grad,
                        float *param, float *buf)
{
    sgd_pass pass = {params, grad, param, buf};

    lks_parallel_for((int64_t)n, MIN_PER_THREAD, sgd_range, &pass);
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

lks_status LKS_CPU(adam)(const lks_adam_params *params, size_t n, const float *grad,
                         float *param, float *m, float *v)
{
    const double correct1 = 1 - lks_power_f64(params->beta1, params->step);
    const double correct2 = 1 - lks_power_f64(params->beta2, params->step);
    adam_pass pass = {
        .params = params,
        .step_size = (float)(params->lr / correct1),
        .unbias = (float)(1 / sqrt(correct2)),
        .grad = grad,
        .param = param,
        .m = m,
        .v = v,
    };

    lks_parallel_for((int64_t)n, MIN_PER_THREAD, adam_range, &pass);
    return LKS_OK;
}

lks_status LKS_CPU(add_flat)(size_t n, const float *x, float *y)
{
    LKS_SIMD_FOR(i, (int64_t)n)
    y[i] += x[i];
    return LKS_OK;
}

lks_status LKS_CPU(sum_squares_flat)(size_t n, const float *x, double *out)
{
    double lanes[LKS_SUM_LANES] = {0};
    size_t i = 0;

    for (; i + LKS_SUM_LANES <= n; i += LKS_SUM_LANES) {
        LKS_SIMD_FOR(j, LKS_SUM_LANES)
        {
            double v = (double)x[i + (size_t)j];

            lanes[j] = LKS_FMA(v, v, lanes[j]);
        }
    }
    for (size_t j = 0; i + j < n; j++)
        lanes[j] = LKS_FMA((double)x[i + j], (double)x[i + j], lanes[j]);
    *out = lks_meet_lanes_double(lanes);
    return LKS_OK;
}
