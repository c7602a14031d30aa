/* Casts, copies and fills. */
#include "reference/reference.h"

#include <string.h>

#include "base/try.h"
#include "element.h"

/* What any dtype but f64 and i64 fits into without rounding. */
typedef struct number {
    bool is_float;
    double f;
    int64_t i;
} number;

static number load(lks_dtype dtype, const char *at)
{
    number x = {.is_float = lks_dtype_is_float(dtype)};

    switch (dtype) {
#define LOAD_FLOAT(name, stored, computed, load, store)                                  \
    case LKS_##name:                                                                     \
        x.f = (double)load(*(const stored *)at);                                         \
        break;
#define LOAD_INT(name, stored, computed, load, store)                                    \
    case LKS_##name:                                                                     \
        x.i = (int64_t)load(*(const stored *)at);                                        \
        break;
        LKS_FLOAT_ELEMENTS(LOAD_FLOAT)
        LKS_INT_ELEMENTS(LOAD_INT)
        LKS_BOOL_ELEMENTS(LOAD_INT)
    default:
        break;
    }
    return x;
}

static void store(lks_dtype dtype, number x, char *at)
{
    switch (dtype) {
#define STORE(name, stored, computed, load, store)                                       \
    case LKS_##name:                                                                     \
        *(stored *)at = x.is_float ? LKS_TO_##name(x.f) : LKS_TO_##name(x.i);            \
        break;
        LKS_ELEMENTS(STORE)
    default:
        break;
    }
}

/* out[i] = x[i], rounded to nearest even; to f16 and bf16 by way of f32. Of one dtype,
 * the same bits. */
lks_status lks_reference_copy(const lks_view *x, const lks_view *out)
{
    for (int64_t i = 0; i < lks_view_count(out); i++) {
        const char *from = lks_reference_at(x, i);
        char *to = lks_reference_at(out, i);

        if (x->dtype == out->dtype)
            memcpy(to, from, lks_dtype_size_bytes(x->dtype));
        else
            store(out->dtype, load(x->dtype, from), to);
    }
    return LKS_OK;
}

lks_status lks_reference_fill(const lks_view *out, double value)
{
    for (int64_t i = 0; i < lks_view_count(out); i++)
        store(out->dtype, (number){.is_float = true, .f = value},
              lks_reference_at(out, i));
    return LKS_OK;
}
