/* An optimiser's pass over flat blocks: ../reference/optim_of.h for each parameter. */
#include "cuda/each.cuh"

#define T float
#include "reference/optim_of.h"
#undef T
#define T double
#include "reference/optim_of.h"
#undef T

template <class T> struct rates_of;
template <> struct rates_of<float> {
    rates_float k;
    explicit rates_of(const lks_rates *rates) : k(rates_as_float(rates))
    {
    }
};
template <> struct rates_of<double> {
    rates_double k;
    explicit rates_of(const lks_rates *rates) : k(rates_as_double(rates))
    {
    }
};

/* Operands: the parameters, the gradient, the states. */
#define UPDATE(name, n_states)                                                           \
    template <class T> struct name##_body {                                              \
        static const unsigned reads = (1u << (2 + (n_states))) - 1,                      \
                              writes = reads & ~2u;                                      \
        rates_of<T> rates;                                                               \
                                                                                         \
        __device__ void operator()(int64_t, T (&e)[2 + (n_states)]) const                \
        {                                                                                \
            update_##name(&rates.k, e[1], &e[0], (n_states) > 0 ? e + 2 : nullptr,       \
                          (n_states) > 1 ? e + 3 : nullptr,                              \
                          (n_states) > 2 ? e + 4 : nullptr);                             \
        }                                                                                \
    };                                                                                   \
                                                                                         \
    template <class T>                                                                   \
    static lks_status name(const lks_rates *rates, const lks_view *grad,                 \
                           const lks_view *param, const lks_view *states)                \
    {                                                                                    \
        const lks_view *views[2 + (n_states)] = {param, grad};                           \
                                                                                         \
        for (int i = 0; i < (n_states); i++)                                             \
            views[2 + i] = &states[i];                                                   \
        return lks_cuda_each<T>(views, name##_body<T>{rates_of<T>(rates)});              \
    }
LKS_UPDATE_LIST(UPDATE)

template <class T>
static lks_status run(lks_update update, const lks_rates *rates, const lks_view *grad,
                      const lks_view *param, const lks_view *states)
{
    switch (update) {
#define CASE(name, n_states)                                                             \
    case LKS_UPDATE_##name:                                                              \
        return name<T>(rates, grad, param, states);
        LKS_UPDATE_LIST(CASE)
    default:
        return LKS_OK;
    }
}

lks_status lks_cuda_optim(lks_update update, const lks_rates *rates, const lks_view *grad,
                          const lks_view *param, const lks_view *states)
{
    if (param->dtype == LKS_F32)
        return run<float>(update, rates, grad, param, states);
    if (param->dtype == LKS_F64)
        return run<double>(update, rates, grad, param, states);
    return lks_cuda_no_dtype("optim", param->dtype);
}
