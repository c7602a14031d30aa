/* An optimiser's pass over flat blocks: ../reference/optim_of.h for each parameter. */
#include "cuda/each.cuh"

#include "reference/optim_of.h"

/* Operands: the parameters, the gradient, and, with a buffer, the momentum. */
struct sgd_body {
    static const unsigned reads = 3, writes = 1;
    sgd_rates rates;

    __device__ void operator()(int64_t, float (&e)[2]) const
    {
        sgd_element(&rates, e[1], &e[0], nullptr);
    }
};

struct momentum_body {
    static const unsigned reads = 7, writes = 5;
    sgd_rates rates;

    __device__ void operator()(int64_t, float (&e)[3]) const
    {
        sgd_element(&rates, e[1], &e[0], &e[2]);
    }
};

struct adam_body {
    static const unsigned reads = 15, writes = 13;
    adam_rates rates;

    __device__ void operator()(int64_t, float (&e)[4]) const
    {
        adam_element(&rates, e[1], &e[0], &e[2], &e[3]);
    }
};

lks_status lks_cuda_sgd(const lks_sgd_params *params, const lks_view *grad,
                        const lks_view *param, const lks_view *buf)
{
    const lks_view *const plain[] = {param, grad}, *const buffered[] = {param, grad, buf};

    if (buf)
        return lks_cuda_each<float>(buffered, momentum_body{sgd_rates_of(params)});
    return lks_cuda_each<float>(plain, sgd_body{sgd_rates_of(params)});
}

lks_status lks_cuda_adam(const lks_adam_params *params, const lks_view *grad,
                         const lks_view *param, const lks_view *m, const lks_view *v)
{
    const lks_view *const views[] = {param, grad, m, v};

    return lks_cuda_each<float>(views, adam_body{adam_rates_of(params)});
}
