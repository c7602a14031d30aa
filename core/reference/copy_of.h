/* A number of any dtype on its way to any other, for the kernels of every device. */
#ifndef LKS_REFERENCE_COPY_OF_H
#define LKS_REFERENCE_COPY_OF_H

#include "element.h"

/* What any dtype but f64 and i64 fits into without rounding. */
typedef struct number {
    bool is_float;
    double f;
    int64_t i;
} number;

LKS_INLINE number load_number(lks_dtype dtype, const char *at)
{
    number x = {false, 0, 0};

    switch (dtype) {
#define LOAD_FLOAT(name, stored, computed, load, store)                                  \
    case LKS_##name:                                                                     \
        x.is_float = true;                                                               \
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

LKS_INLINE void store_number(lks_dtype dtype, number x, char *at)
{
    switch (dtype) {
#define STORE(name, stored, computed, load, store)                                       \
    case LKS_##name:                                                                     \
        *(stored *)at = (stored)(x.is_float ? LKS_TO_##name(x.f) : LKS_TO_##name(x.i));  \
        break;
        LKS_ELEMENTS(STORE)
    default:
        break;
    }
}

#endif
