/* Gathering and scattering along a dimension, to places that differ from line to line. */
#include "reference/reference.h"

#include <string.h>

#include "base/try.h"
#include "element.h"
#include "layout/index.h"
#include "reference/lines.h"

#define PAGE "reference/scatter_of.h"
#include "reference/for_elements.h"

lks_status lks_reference_gather(const lks_view *x, int dim, const lks_view *index,
                                const lks_view *out)
{
    lks_view from = *x;

    LKS_TRY(lks_index_check("gather", index, x, dim));
    memcpy(from.sizes, out->sizes, sizeof from.sizes);
    from.strides[dim] = 0;
    for (int64_t i = 0; i < lks_view_count(out); i++) {
        const int64_t at = *(const int64_t *)lks_reference_at(index, i);
        const size_t size = lks_dtype_size_bytes(x->dtype);

        memcpy(lks_reference_at(out, i),
               lks_reference_at(&from, i) + at * x->strides[dim] * (int64_t)size, size);
    }
    return LKS_OK;
}

typedef struct scatter {
    bool add;
    int64_t n_places;
} scatter;

#define LINE(dtype, stored, computed, load, store)                                       \
    static void line_##dtype(int64_t n, char *const *data, const int64_t *strides,       \
                             const void *context)                                        \
    {                                                                                    \
        const scatter *s = context;                                                      \
                                                                                         \
        scatter_line_##dtype(s->add, s->n_places, n, data, strides);                     \
    }
LKS_ELEMENTS(LINE)

static const lks_line_fn lines[LKS_N_DTYPES] = {
#define ENTRY(dtype, stored, computed, load, store) [LKS_##dtype] = line_##dtype,
    LKS_ELEMENTS(ENTRY)};

lks_status lks_reference_scatter(const lks_view *x, int dim, const lks_view *index,
                                 bool add, const lks_view *out)
{
    const scatter s = {add, out->sizes[dim]};
    const lks_view *const views[] = {x, index, out};

    if (add && x->dtype == LKS_BOOL)
        return lks_reference_no_dtype("scatter", x->dtype);
    LKS_TRY(lks_index_check("scatter", index, out, dim));
    lks_reference_lines(3, views, dim, lines[x->dtype], &s);
    return LKS_OK;
}
