/* Every formula of pointwise.def, element by element. */
#include "reference/reference.h"

#include "base/try.h"
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

static const char *const unary_names[LKS_N_UNARY] = {
#define LKS_UNARY(name, y, dx) [LKS_UNARY_##name] = #name,
#include "pointwise.def"
};

static const char *const binary_names[LKS_N_BINARY] = {
#define LKS_BINARY(name, y, da, db) [LKS_BINARY_##name] = #name,
#include "pointwise.def"
};

/* Element i of a view. */
#define AT(type, view, i) (*(type *)lks_reference_at(view, i))

/* A call's p or q. */
static double number(const double *numbers, int i)
{
    return numbers ? numbers[i] : 0;
}

lks_status lks_reference_unary(lks_unary op, const double *numbers, const lks_view *x,
                               const lks_view *out)
{
    const double p = number(numbers, 0), q = number(numbers, 1);
    bool has = x->dtype != LKS_BOOL;

#define UNARY(dtype_, stored, computed, load, store)                                     \
    if (x->dtype == LKS_##dtype_) {                                                      \
        computed y = 0;                                                                  \
                                                                                         \
        has = unary_##computed(op, 0, 0, 0, &y);                                         \
        for (int64_t i = 0; has && i < lks_view_count(out); i++) {                       \
            unary_##computed(op, (computed)p, (computed)q, load(AT(stored, x, i)), &y);  \
            AT(stored, out, i) = store(y);                                               \
        }                                                                                \
    }
    LKS_FLOAT_ELEMENTS(UNARY)
    LKS_INT_ELEMENTS(UNARY)
    return has ? LKS_OK : lks_reference_no_dtype(unary_names[op], x->dtype);
}

lks_status lks_reference_binary(lks_binary op, const lks_view *a, const lks_view *b,
                                const lks_view *out)
{
    if (a->dtype == LKS_BOOL)
        return lks_reference_no_dtype(binary_names[op], a->dtype);
#define BINARY(dtype_, stored, computed, load, store)                                    \
    if (a->dtype == LKS_##dtype_)                                                        \
        for (int64_t i = 0; i < lks_view_count(out); i++)                                \
            AT(stored, out, i) = store(                                                  \
                binary_##computed(op, load(AT(stored, a, i)), load(AT(stored, b, i))));
    LKS_FLOAT_ELEMENTS(BINARY)
    LKS_INT_ELEMENTS(BINARY)
    return LKS_OK;
}

lks_status lks_reference_unary_backward(lks_unary op, const double *numbers,
                                        const lks_view *x, const lks_view *y,
                                        const lks_view *dy, const lks_view *dx)
{
    const double p = number(numbers, 0), q = number(numbers, 1);

    if (x->dtype != LKS_F32 && x->dtype != LKS_F64)
        return lks_reference_no_dtype(unary_names[op], x->dtype);
    for (int64_t i = 0; i < lks_view_count(dx); i++)
        if (x->dtype == LKS_F32)
            AT(float, dx, i) =
                unary_backward_float(op, (float)p, (float)q, AT(float, x, i),
                                     AT(float, y, i), AT(float, dy, i));
        else
            AT(double, dx, i) = unary_backward_double(
                op, p, q, AT(double, x, i), AT(double, y, i), AT(double, dy, i));
    return LKS_OK;
}

lks_status lks_reference_binary_backward(lks_binary op, const lks_view *a,
                                         const lks_view *b, const lks_view *y,
                                         const lks_view *dy, const lks_view *da,
                                         const lks_view *db)
{
    const lks_view *const outs[] = {da, db};

    if (a->dtype != LKS_F32 && a->dtype != LKS_F64)
        return lks_reference_no_dtype(binary_names[op], a->dtype);
    for (int k = 0; k < 2; k++)
        for (int64_t i = 0; outs[k] && i < lks_view_count(outs[k]); i++)
            if (a->dtype == LKS_F32)
                AT(float, outs[k], i) =
                    binary_backward_float(op, k, AT(float, a, i), AT(float, b, i),
                                          AT(float, y, i), AT(float, dy, i));
            else
                AT(double, outs[k], i) =
                    binary_backward_double(op, k, AT(double, a, i), AT(double, b, i),
                                           AT(double, y, i), AT(double, dy, i));
    return LKS_OK;
}
