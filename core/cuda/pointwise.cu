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

/* ---- bodies ---- */

template <class E> struct unary_body {
    static const unsigned reads = 2, writes = 1;
    lks_unary op;
    typename E::computed p, q;

    __device__ void operator()(int64_t, typename E::stored (&e)[2]) const
    {
        typename E::computed y = 0;

        unary(op, p, q, E::load(e[1]), &y);
        e[0] = E::store(y);
    }
};

template <class E> struct binary_body {
    static const unsigned reads = 6, writes = 1;
    lks_binary op;

    __device__ void operator()(int64_t, typename E::stored (&e)[3]) const
    {
        e[0] = E::store(binary(op, E::load(e[1]), E::load(e[2])));
    }
};

template <class T> struct unary_backward_body {
    static const unsigned reads = 14, writes = 1;
    lks_unary op;
    T p, q;

    __device__ void operator()(int64_t, T (&e)[4]) const
    {
        e[0] = unary_backward(op, p, q, e[1], e[2], e[3]);
    }
};

template <class T> struct binary_backward_body {
    static const unsigned reads = 30, writes = 1;
    lks_binary op;
    bool for_b;

    __device__ void operator()(int64_t, T (&e)[5]) const
    {
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
        return lks_cuda_each<stored>(                                                    \
            views, unary_body<element::name>{op, (computed)p, (computed)q});
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
        return lks_cuda_each<stored>(views, binary_body<element::name>{op});
        LKS_FLOAT_ELEMENTS(BINARY)
        LKS_INT_ELEMENTS(BINARY)
    default:
        return lks_cuda_no_dtype(binary_names[op], a->dtype);
    }
}

lks_status lks_cuda_unary_backward(lks_unary op, const double *numbers, const lks_view *x,
                                   const lks_view *y, const lks_view *dy,
                                   const lks_view *dx)
{
    const lks_view *const views[] = {dx, x, y, dy};
    const double p = number(numbers, 0), q = number(numbers, 1);

    if (x->dtype == LKS_F32)
        return lks_cuda_each<float>(views,
                                    unary_backward_body<float>{op, (float)p, (float)q});
    if (x->dtype == LKS_F64)
        return lks_cuda_each<double>(views, unary_backward_body<double>{op, p, q});
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
            LKS_TRY(lks_cuda_each<float>(views, binary_backward_body<float>{op, k == 1}));
        else
            LKS_TRY(
                lks_cuda_each<double>(views, binary_backward_body<double>{op, k == 1}));
    }
    return LKS_OK;
}
