/* Passes over flat parameter, gradient and state blocks. */
#include "cpu/cpu.h"

#include "cpu/kernels/simd.h"
#include "cpu/parallel.h"

#define T float
#include "reference/optim_of.h"
#undef T
#define T double
#include "reference/optim_of.h"
#undef T

enum { MIN_PER_THREAD = 65536 };

typedef struct passing {
    const lks_rates *rates;
    const void *grad;
    void *param, *states[LKS_UPDATE_STATES]; /* param where the formula has none */
} passing;

/* A loop for the gradients that are plain, which most are, and one for the others. */
#define RANGE(T, name)                                                                   \
    static void name##_range_##T(int64_t first, int64_t last, void *context)             \
    {                                                                                    \
        const passing *pass = context;                                                   \
        rates_##T k = rates_as_##T(pass->rates);                                         \
        const T *g = (const T *)pass->grad + first;                                      \
        T *p = (T *)pass->param + first, *a = (T *)pass->states[0] + first;              \
        T *b = (T *)pass->states[1] + first, *c = (T *)pass->states[2] + first;          \
                                                                                         \
        if (k.is_plain) {                                                                \
            k.is_plain = true;                                                           \
            LKS_SIMD_FOR(i, last - first)                                                \
            update_##name##_##T(&k, g[i], &p[i], &a[i], &b[i], &c[i]);                   \
        } else {                                                                         \
            k.is_plain = false;                                                          \
            LKS_SIMD_FOR(i, last - first)                                                \
            update_##name##_##T(&k, g[i], &p[i], &a[i], &b[i], &c[i]);                   \
        }                                                                                \
    }
#define UPDATE(name, n_states) RANGE(float, name) RANGE(double, name)
LKS_UPDATE_LIST(UPDATE)

static const struct {
    int n_states;
    lks_range_fn of_f32, of_f64;
} updates[] = {
#define ENTRY(name, n_states)                                                            \
    [LKS_UPDATE_##name] = {n_states, name##_range_float, name##_range_double},
    LKS_UPDATE_LIST(ENTRY)};

lks_status LKS_CPU(optim)(lks_update update, const lks_rates *rates, const lks_view *grad,
                          const lks_view *param, const lks_view *states)
{
    passing pass = {rates, grad->data, param->data, {NULL}};

    if (param->dtype != LKS_F32 && param->dtype != LKS_F64)
        return lks_cpu_no_dtype("optim", param->dtype);
    for (int i = 0; i < LKS_UPDATE_STATES; i++)
        pass.states[i] = i < updates[update].n_states ? states[i].data : param->data;
    lks_parallel_for(
        param->device.index, param->sizes[0], MIN_PER_THREAD,
        param->dtype == LKS_F32 ? updates[update].of_f32 : updates[update].of_f64, &pass);
    return LKS_OK;
}
