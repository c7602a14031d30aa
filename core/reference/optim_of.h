/* What an optimiser's pass does to one parameter of type T, which whoever includes this
 * defines, for the kernels of every device: p the parameter, a, b and c its states, as
 * many as kernels.h says; g the gradient. Each sum takes its last product fused. */
#include "formulas.h"
#include "kernels.h"
#include "reference/of.h"

/* The rates as T, and whether the gradient is only scaled and decayed: what a loop that
 * knows that need not do changes no bits. */
typedef struct LKS_FOR_(rates, T) {
#define LKS_RATE(name) T name;
    LKS_RATE_LIST(LKS_RATE)
#undef LKS_RATE
    bool is_plain;
} LKS_FOR_(rates, T);

#define RATES LKS_FOR_(rates, T)

LKS_INLINE RATES LKS_FOR_(rates_as, T)(const lks_rates *rates)
{
    RATES k;

#define LKS_RATE(name) k.name = (T)rates->name;
    LKS_RATE_LIST(LKS_RATE)
#undef LKS_RATE
    k.is_plain = rates->l1 == 0 && rates->clip == (double)INFINITY;
    return k;
}

/* -1, 1, or x itself: a zero with its sign, a NaN. */
LKS_INLINE T OF(sign)(T x)
{
    return x > 0 ? (T)1 : x < 0 ? (T)-1 : x;
}

/* scale g, between -clip and clip */
LKS_INLINE T OF(clipped)(const RATES *k, T g)
{
    const T d = k->scale * g;

    return d > k->clip ? k->clip : d < -k->clip ? -k->clip : d;
}

/* What the gradient counts as: of the loss, of decay p^2 / 2 and of l1 |p|. */
LKS_INLINE T OF(descent)(const RATES *k, T g, T p)
{
    if (k->is_plain)
        return FUSED(k->decay, p, k->scale * g);
    return FUSED(k->l1, OF(sign)(p), FUSED(k->decay, p, OF(clipped)(k, g)));
}

/* A running mean of x. */
LKS_INLINE T OF(running)(T beta, T mean, T take, T x)
{
    return FUSED(beta, mean, take * x);
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
    *a = OF(running)(k->beta1, *a, k->take1, OF(descent)(k, g, *p));
    *p = FUSED(-k->lr, *a, *p);
}

UPDATE(nesterov)
{
    const T d = OF(descent)(k, g, *p);

    (void)b, (void)c;
    *a = OF(running)(k->beta1, *a, k->take1, d);
    *p = FUSED(-k->lr, FUSED(k->beta1, *a, d), *p);
}

/* a, b: running means of d and of d^2 */
UPDATE(adam)
{
    const T d = OF(descent)(k, g, *p);

    (void)c;
    *a = OF(running)(k->beta1, *a, k->take1, d);
    *b = OF(running)(k->beta2, *b, k->take2, d * d);
    *p = FUSED(k->keep, *p, -(k->lr * *a / FUSED(M(sqrt)(*b), k->unbias, k->eps)));
}

/* c: the largest b so far */
UPDATE(amsgrad)
{
    const T d = OF(descent)(k, g, *p);

    *a = OF(running)(k->beta1, *a, k->take1, d);
    *b = OF(running)(k->beta2, *b, k->take2, d * d);
    *c = LARGER(*c, *b);
    *p = FUSED(k->keep, *p, -(k->lr * *a / FUSED(M(sqrt)(*c), k->unbias, k->eps)));
}

/* a, b: as adam's */
UPDATE(nadam)
{
    const T d = OF(descent)(k, g, *p);

    (void)c;
    *a = OF(running)(k->beta1, *a, k->take1, d);
    *b = OF(running)(k->beta2, *b, k->take2, d * d);
    *p = FUSED(
        k->keep, *p,
        -(FUSED(k->lr, *a, k->lr_grad * d) / FUSED(M(sqrt)(*b), k->unbias, k->eps)));
}

/* a: the running mean of d; b: the largest |d| so far, which decays */
UPDATE(adamax)
{
    const T d = OF(descent)(k, g, *p);

    (void)c;
    *a = OF(running)(k->beta1, *a, k->take1, d);
    *b = LARGER(k->beta2 * *b, ABS(d) + k->eps);
    *p -= k->lr * *a / *b;
}

/* a: the sum of d^2 */
UPDATE(adagrad)
{
    const T d = OF(descent)(k, g, *p);

    (void)b, (void)c;
    *a = FUSED(d, d, *a);
    *p -= k->lr * d / (M(sqrt)(*a) + k->eps);
}

/* a: the running mean of d^2; b: that of steps^2 */
UPDATE(adadelta)
{
    const T d = OF(descent)(k, g, *p);
    T delta;

    (void)c;
    *a = OF(running)(k->beta2, *a, k->take2, d * d);
    delta = M(sqrt)(*b + k->eps) / M(sqrt)(*a + k->eps) * d;
    *b = OF(running)(k->beta2, *b, k->take2, delta * delta);
    *p = FUSED(-k->lr, delta, *p);
}

/* d by the root of the running mean of d^2, a */
LKS_INLINE T OF(by_root)(const RATES *k, T d, T *a)
{
    *a = OF(running)(k->beta2, *a, k->take2, d * d);
    return d / (M(sqrt)(*a) + k->eps);
}

/* d by the root of the variance, the running mean of d being b. What rounding leaves
 * below zero is zero. */
LKS_INLINE T OF(by_deviation)(const RATES *k, T d, T *a, T *b)
{
    T variance;

    *a = OF(running)(k->beta2, *a, k->take2, d * d);
    *b = OF(running)(k->beta2, *b, k->take2, d);
    variance = FUSED(-*b, *b, *a);
    return d / (M(sqrt)(variance < 0 ? (T)0 : variance) + k->eps);
}

UPDATE(rmsprop)
{
    (void)b, (void)c;
    *p = FUSED(-k->lr, OF(by_root)(k, OF(descent)(k, g, *p), a), *p);
}

/* b: the momentum */
UPDATE(rmsprop_momentum)
{
    (void)c;
    *b = FUSED(k->momentum, *b, OF(by_root)(k, OF(descent)(k, g, *p), a));
    *p = FUSED(-k->lr, *b, *p);
}

UPDATE(rmsprop_centered)
{
    (void)c;
    *p = FUSED(-k->lr, OF(by_deviation)(k, OF(descent)(k, g, *p), a, b), *p);
}

/* c: the momentum */
UPDATE(rmsprop_centered_momentum)
{
    *c = FUSED(k->momentum, *c, OF(by_deviation)(k, OF(descent)(k, g, *p), a, b));
    *p = FUSED(-k->lr, *c, *p);
}

/* a: d of the step before, 0 where that turned round; b: the size of the step */
UPDATE(rprop)
{
    const T d = OF(descent)(k, g, *p);
    const T turn = *a * d;
    const T size = *b * (turn > 0 ? k->up : turn < 0 ? k->down : (T)1);

    (void)c;
    *b = size < k->least ? k->least : size > k->most ? k->most : size;
    *a = turn < 0 ? (T)0 : d;
    *p = FUSED(-OF(sign)(*a), *b, *p);
}

/* a: the mean of the parameters that were */
UPDATE(asgd)
{
    (void)b, (void)c;
    *p = FUSED(-k->lr, OF(descent)(k, g, *p), k->keep * *p);
    *a = k->mu == 1 ? *p : FUSED(k->mu, *p - *a, *a);
}

/* Not a step: g itself, scaled and clipped, in the place of p. */
UPDATE(clip)
{
    (void)a, (void)b, (void)c;
    *p = OF(clipped)(k, g);
}

#undef UPDATE
#undef RATES
