/* Comparisons, and the choice between two elements. */
#include "reference/reference.h"

#include <string.h>

#include "element.h"
#include "reference/of.h"

#define T float
#include "reference/compare_of.h"
#undef T
#define T double
#include "reference/compare_of.h"
#undef T
#define T int32_t
#include "reference/compare_of.h"
#undef T
#define T int64_t
#include "reference/compare_of.h"
#undef T

#define HOLDS(dtype, stored, computed, load, store)                                      \
    static bool holds_##dtype(lks_compare op, const char *a, const char *b)              \
    {                                                                                    \
        return compare_##computed(op, load(*(const stored *)a),                          \
                                  load(*(const stored *)b));                             \
    }
LKS_ELEMENTS(HOLDS)

lks_status lks_reference_compare(lks_compare op, const lks_view *a, const lks_view *b,
                                 const lks_view *out)
{
    static bool (*const holds[LKS_N_DTYPES])(lks_compare, const char *, const char *) = {
#define ENTRY(dtype, stored, computed, load, store) [LKS_##dtype] = holds_##dtype,
        LKS_ELEMENTS(ENTRY)};

    for (int64_t i = 0; i < lks_view_count(out); i++)
        *(uint8_t *)lks_reference_at(out, i) =
            holds[a->dtype](op, lks_reference_at(a, i), lks_reference_at(b, i));
    return LKS_OK;
}

/* The same bits. */
lks_status lks_reference_where(const lks_view *condition, const lks_view *a,
                               const lks_view *b, const lks_view *out)
{
    for (int64_t i = 0; i < lks_view_count(out); i++) {
        const bool first = *(const uint8_t *)lks_reference_at(condition, i);

        memcpy(lks_reference_at(out, i), lks_reference_at(first ? a : b, i),
               lks_dtype_size_bytes(out->dtype));
    }
    return LKS_OK;
}
