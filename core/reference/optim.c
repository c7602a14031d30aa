/* One pass over flat parameter, gradient and state blocks: optim_of.h, one after the
 * other. */
#include "reference/reference.h"

#define T float
#include "reference/optim_of.h"
#undef T
#define T double
#include "reference/optim_of.h"
#undef T

/* Where the formula has no such state, NULL. */
static void *at(const lks_view *states, int i, int n_states)
{
    return i < n_states ? states[i].data : NULL;
}

#define PASS(T, name, n_states)                                                          \
    {                                                                                    \
        const rates_##T k = rates_as_##T(rates);                                         \
        const T *g = grad->data;                                                         \
        T *p = param->data, *a = at(states, 0, n_states);                                \
        T *b = at(states, 1, n_states), *c = at(states, 2, n_states);                    \
                                                                                         \
        for (int64_t i = 0; i < param->sizes[0]; i++)                                    \
            update_##name##_##T(&k, g[i], &p[i], (n_states) > 0 ? &a[i] : NULL,          \
                                (n_states) > 1 ? &b[i] : NULL,                           \
                                (n_states) > 2 ? &c[i] : NULL);                          \
    }

#define UPDATE(name, n_states)                                                           \
    static void name(const lks_rates *rates, const lks_view *grad,                       \
                     const lks_view *param, const lks_view *states)                      \
    {                                                                                    \
        if (param->dtype == LKS_F32)                                                     \
            PASS(float, name, n_states)                                                  \
        else                                                                             \
            PASS(double, name, n_states)                                                 \
    }
LKS_UPDATE_LIST(UPDATE)

lks_status lks_reference_optim(lks_update update, const lks_rates *rates,
                               const lks_view *grad, const lks_view *param,
                               const lks_view *states)
{
    static void (*const passes[])(const lks_rates *, const lks_view *, const lks_view *,
                                  const lks_view *) = {
#define ENTRY(name, n_states) [LKS_UPDATE_##name] = name,
        LKS_UPDATE_LIST(ENTRY)};

    if (param->dtype != LKS_F32 && param->dtype != LKS_F64)
        return lks_reference_no_dtype("optim", param->dtype);
    passes[update](rates, grad, param, states);
    return LKS_OK;
}
