/* Every formula of pointwise.def. Which one it is, a kernel is told when it runs: that is
 * the same for all its threads and costs nothing beside the memory. */
#include "cuda/each.cuh"

#include "formulas.h"

#define IS_FLOAT 1
#define T        float
#include "reference/pointwise_of.h"
#undef T
#define T double
#include "reference/pointwise_of.h"
#undef T
#undef IS_FLOAT
#define IS_FLOAT 0
#define T        int32_t
#include "reference/pointwise_of.h"
#undef T
#define T int64_t
#include "reference/pointwise_of.h"
#undef T

static const char *const unary_names[] = {
#define LKS_UNARY(name, y, dx) #name,
#include "pointwise.def"
};

static const char *const binary_names[] = {
#define LKS_BINARY(name, y, da, db) #name,
#include "pointwise.def"
};

/* ---- bodies ----
 * A kernel has the registers of its most expensive formula, so there are two of each: one
 * of the formulas that stand first in the list, LIGHT, which is given no other, and one of
 * all. */
#define LAST_LIGHT_UNARY  LKS_UNARY_leaky_relu
#define LAST_LIGHT_BINARY LKS_BINARY_minimum
#define GIVEN_UP_TO(last)                                                                \
    if (LIGHT && op > (last))                                                            \
    __builtin_unreachable()

template <class E, bool LIGHT> struct unary_body {
    static const unsigned reads = 2, writes = 1;
    lks_unary op;
    typename E::computed p, q;

    __device__ void operator()(int64_t, typename E::stored (&e)[2]) const
    {
        typename E::computed y = 0;

        GIVEN_UP_TO(LAST_LIGHT_UNARY);
        unary(op, p, q, E::load(e[1]), &y);
        e[0] = E::store(y);
    }
};

template <class E, bool LIGHT> struct binary_body {
    static const unsigned reads = 6, writes = 1;
    lks_binary op;

    __device__ void operator()(int64_t, typename E::stored (&e)[3]) const
    {
        GIVEN_UP_TO(LAST_LIGHT_BINARY);
        e[0] = E::store(binary(op, E::load(e[1]), E::load(e[2])));
    }
};

template <class T, bool LIGHT> struct unary_backward_body {
    static const unsigned reads = 14, writes = 1;
    lks_unary op;
    T p, q;

    __device__ void operator()(int64_t, T (&e)[4]) const
    {
        GIVEN_UP_TO(LAST_LIGHT_UNARY);
        e[0] = unary_backward(op, p, q, e[1], e[2], e[3]);
    }
};

template <class T, bool LIGHT> struct binary_backward_body {
    static const unsigned reads = 30, writes = 1;
    lks_binary op;
    bool for_b;

    __device__ void operator()(int64_t, T (&e)[5]) const
    {
        GIVEN_UP_TO(LAST_LIGHT_BINARY);
        e[0] = binary_backward(op, for_b, e[1], e[2], e[3], e[4]);
    }
};

/* ---- the table's ---- */

template <class E> static bool has_unary(lks_unary op)
{
    typename E::computed y = 0;

    return unary(op, y, y, y, &y);
}

/* A call's p or q. */
static double number(const double *numbers, int i)
{
    return numbers ? numbers[i] : 0;
}

lks_status lks_cuda_unary(lks_unary op, const double *numbers, const lks_view *x,
                          const lks_view *out)
{
    const lks_view *const views[] = {out, x};
    const double p = number(numbers, 0), q = number(numbers, 1);

    switch (x->dtype) {
#define UNARY(name, stored, computed, load, store)                                       \
    case LKS_##name:                                                                     \
        if (!has_unary<element::name>(op))                                               \
            break;                                                                       \
        if (op <= LAST_LIGHT_UNARY)                                                      \
            return lks_cuda_each<stored>(                                                \
                views, unary_body<element::name, true>{op, (computed)p, (computed)q});   \
        return lks_cuda_each<stored>(                                                    \
            views, unary_body<element::name, false>{op, (computed)p, (computed)q});
        LKS_FLOAT_ELEMENTS(UNARY)
        LKS_INT_ELEMENTS(UNARY)
    default:
        break;
    }
    return lks_cuda_no_dtype(unary_names[op], x->dtype);
}

lks_status lks_cuda_binary(lks_binary op, const lks_view *a, const lks_view *b,
                           const lks_view *out)
{
    const lks_view *const views[] = {out, a, b};

    switch (a->dtype) {
#define BINARY(name, stored, computed, load, store)                                      \
    case LKS_##name:                                                                     \
        if (op <= LAST_LIGHT_BINARY)                                                     \
            return lks_cuda_each<stored>(views, binary_body<element::name, true>{op});   \
        return lks_cuda_each<stored>(views, binary_body<element::name, false>{op});
        LKS_FLOAT_ELEMENTS(BINARY)
        LKS_INT_ELEMENTS(BINARY)
    default:
        return lks_cuda_no_dtype(binary_names[op], a->dtype);
    }
}

template <class T>
static lks_status each_unary_backward(lks_unary op, double p, double q,
                                      const lks_view *const (&views)[4])
{
    if (op <= LAST_LIGHT_UNARY)
        return lks_cuda_each<T>(views, unary_backward_body<T, true>{op, (T)p, (T)q});
    return lks_cuda_each<T>(views, unary_backward_body<T, false>{op, (T)p, (T)q});
}

template <class T>
static lks_status each_binary_backward(lks_binary op, bool for_b,
                                       const lks_view *const (&views)[5])
{
    if (op <= LAST_LIGHT_BINARY)
        return lks_cuda_each<T>(views, binary_backward_body<T, true>{op, for_b});
    return lks_cuda_each<T>(views, binary_backward_body<T, false>{op, for_b});
}

lks_status lks_cuda_unary_backward(lks_unary op, const double *numbers, const lks_view *x,
                                   const lks_view *y, const lks_view *dy,
                                   const lks_view *dx)
{
    const lks_view *const views[] = {dx, x, y, dy};
    const double p = number(numbers, 0), q = number(numbers, 1);

    if (x->dtype == LKS_F32)
        return each_unary_backward<float>(op, p, q, views);
    if (x->dtype == LKS_F64)
        return each_unary_backward<double>(op, p, q, views);
    return lks_cuda_no_dtype(unary_names[op], x->dtype);
}

lks_status lks_cuda_binary_backward(lks_binary op, const lks_view *a, const lks_view *b,
                                    const lks_view *y, const lks_view *dy,
                                    const lks_view *da, const lks_view *db)
{
    const lks_view *const outs[] = {da, db};

    if (a->dtype != LKS_F32 && a->dtype != LKS_F64)
        return lks_cuda_no_dtype(binary_names[op], a->dtype);
    for (int k = 0; k < 2; k++) {
        const lks_view *const views[] = {outs[k], a, b, y, dy};

        if (!outs[k])
            continue;
        if (a->dtype == LKS_F32)
            LKS_TRY(each_binary_backward<float>(op, k == 1, views));
        else
            LKS_TRY(each_binary_backward<double>(op, k == 1, views));
    }
    return LKS_OK;
}
