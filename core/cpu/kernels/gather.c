#include "cpu/cpu.h"

#include <string.h>

#include "base/try.h"
#include "cpu/loops.h"
#include "element.h"
#include "layout/index.h"

/* Elements as mere bits. */
typedef uint8_t bits8 __attribute__((may_alias));
typedef uint16_t bits16 __attribute__((may_alias));
typedef uint32_t bits32 __attribute__((may_alias));
typedef uint64_t bits64 __attribute__((may_alias));

/* data: out, x at place 0 of the dimension, index; context: x's stride along it, bytes */
#define GATHER_ROW(type, size)                                                           \
    static void gather_##size(int64_t n, char *const *data, const int64_t *strides,      \
                              const void *context)                                       \
    {                                                                                    \
        const int64_t along = *(const int64_t *)context;                                 \
                                                                                         \
        for (int64_t i = 0; i < n; i++) {                                                \
            const int64_t at = *(const int64_t *)(data[2] + i * strides[2]);             \
                                                                                         \
            *(type *)(data[0] + i * strides[0]) =                                        \
                *(const type *)(data[1] + i * strides[1] + at * along);                  \
        }                                                                                \
    }
GATHER_ROW(bits8, 1)
GATHER_ROW(bits16, 2)
GATHER_ROW(bits32, 4)
GATHER_ROW(bits64, 8)

lks_status LKS_CPU(gather)(const lks_view *x, int dim, const lks_view *index,
                           const lks_view *out)
{
    static const lks_row_fn rows[] = {
        [1] = gather_1, [2] = gather_2, [4] = gather_4, [8] = gather_8};
    const size_t size = lks_dtype_size_bytes(x->dtype);
    const int64_t along = x->strides[dim] * (int64_t)size;
    lks_view from = *x;
    const lks_view *const views[] = {out, &from, index};
    lks_nest nest;

    LKS_TRY(lks_index_check("gather", index, x, dim));
    memcpy(from.sizes, out->sizes, sizeof from.sizes);
    from.strides[dim] = 0;
    lks_nest_init(&nest, 3, views);
    lks_nest_run(&nest, rows[size], &along);
    return LKS_OK;
}

#define PAGE "reference/scatter_of.h"
#include "reference/for_elements.h"

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

static const lks_row_fn lines[LKS_N_DTYPES] = {
#define ENTRY(dtype, stored, computed, load, store) [LKS_##dtype] = line_##dtype,
    LKS_ELEMENTS(ENTRY)};

lks_status LKS_CPU(scatter)(const lks_view *x, int dim, const lks_view *index, bool add,
                            const lks_view *out)
{
    const scatter s = {add, out->sizes[dim]};
    const lks_view *const views[] = {x, index, out};

    if (add && x->dtype == LKS_BOOL)
        return lks_cpu_no_dtype("scatter", x->dtype);
    LKS_TRY(lks_index_check("scatter", index, out, dim));
    lks_nest_run_lines(3, views, dim, lines[x->dtype], &s);
    return LKS_OK;
}
