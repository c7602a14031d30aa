/* What an optimiser's pass does to one parameter of type T, which whoever includes this
 * defines, for the kernels of every device: p the parameter, a, b and c its states, as
 * many as kernels.h says; g the gradient. Each sum takes its last product fused. */
#include "formulas.h"
#include "kernels.h"
#include "reference/of.h"

/* The rates as T. */
typedef struct LKS_FOR_(rates, T) {
#define LKS_RATE(name) T name;
    LKS_RATE_LIST(LKS_RATE)
#undef LKS_RATE
} LKS_FOR_(rates, T);

#define RATES LKS_FOR_(rates, T)

LKS_INLINE RATES LKS_FOR_(rates_as, T)(const lks_rates *rates)
{
    RATES k;

#define LKS_RATE(name) k.name = (T)rates->name;
    LKS_RATE_LIST(LKS_RATE)
#undef LKS_RATE
    return k;
}

/* What the gradient counts as. */
LKS_INLINE T OF(descent)(const RATES *k, T g, T p)
{
    return FUSED(k->decay, p, k->scale * g);
}

#define UPDATE(name)                                                                     \
    LKS_INLINE void OF(update_##name)(const RATES *k, T g, T *p, T *a, T *b, T *c)

UPDATE(sgd)
{
    (void)a, (void)b, (void)c;
    *p = FUSED(-k->lr, OF(descent)(k, g, *p), *p);
}

/* a: the momentum, which starts as zero */
UPDATE(momentum)
{
    (void)b, (void)c;
    *a = FUSED(k->beta1, *a, k->take1 * OF(descent)(k, g, *p));
    *p = FUSED(-k->lr, *a, *p);
}

UPDATE(nesterov)
{
    const T d = OF(descent)(k, g, *p);

    (void)b, (void)c;
    *a = FUSED(k->beta1, *a, k->take1 * d);
    *p = FUSED(-k->lr, FUSED(k->beta1, *a, d), *p);
}

/* a, b: running means of g and of g^2 */
UPDATE(adam)
{
    const T d = OF(descent)(k, g, *p);

    (void)c;
    *a = FUSED(k->beta1, *a, k->take1 * d);
    *b = FUSED(k->beta2, *b, k->take2 * (d * d));
    *p -= k->lr * *a / FUSED(M(sqrt)(*b), k->unbias, k->eps);
}

#undef UPDATE
#undef RATES
