/* Lines in order: each element is put before the first that must not come before it. */
#include "reference/reference.h"

#include "formulas.h"
#include "reference/lines.h"

#define PAGE "reference/sort_of.h"
#include "reference/for_elements.h"

/* data: values, index, x */
#define LINE(dtype, stored, computed, load, store)                                       \
    static void line_##dtype(int64_t n, char *const *data, const int64_t *strides,       \
                             const void *descending)                                     \
    {                                                                                    \
        for (int64_t i = 0; i < n; i++) {                                                \
            const stored x = *(const stored *)(data[2] + i * strides[2]);                \
            int64_t at = i;                                                              \
                                                                                         \
            for (; at > 0; at--) {                                                       \
                const char *before = data[0] + (at - 1) * strides[0];                    \
                                                                                         \
                if (!sorts_before_##dtype(load(x), sort_load_##dtype(before),            \
                                          *(const bool *)descending))                    \
                    break;                                                               \
                *(stored *)(data[0] + at * strides[0]) = *(const stored *)before;        \
                *(int64_t *)(data[1] + at * strides[1]) =                                \
                    *(const int64_t *)(data[1] + (at - 1) * strides[1]);                 \
            }                                                                            \
            *(stored *)(data[0] + at * strides[0]) = x;                                  \
            *(int64_t *)(data[1] + at * strides[1]) = i;                                 \
        }                                                                                \
    }
LKS_ELEMENTS(LINE)

lks_status lks_reference_sort(const lks_view *x, int dim, bool descending,
                              const lks_view *values, const lks_view *index)
{
    static const lks_line_fn lines[LKS_N_DTYPES] = {
#define ENTRY(dtype, stored, computed, load, store) [LKS_##dtype] = line_##dtype,
        LKS_ELEMENTS(ENTRY)};
    const lks_view *const views[] = {values, index, x};

    lks_reference_lines(3, views, dim, lines[x->dtype], &descending);
    return LKS_OK;
}
