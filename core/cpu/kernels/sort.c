/* Sorting by merges of runs of 1, 2, 4 … elements with their places. */
#include "cpu/cpu.h"

#include <stdatomic.h>

#include "base/alloc.h"
#include "cpu/loops.h"
#include "formulas.h"

typedef struct sorting {
    bool descending;
    _Atomic bool *failed; /* a line found no memory */
} sorting;

#define PAGE "cpu/kernels/sort_of.h"
#include "reference/for_elements.h"

lks_status LKS_CPU(sort)(const lks_view *x, int dim, bool descending,
                         const lks_view *values, const lks_view *index)
{
    static const lks_row_fn lines[LKS_N_DTYPES] = {
#define ENTRY(dtype, stored, computed, load, store) [LKS_##dtype] = sort_line_##dtype,
        LKS_ELEMENTS(ENTRY)};
    const lks_view *const views[] = {values, index, x};
    _Atomic bool failed = false;
    const sorting s = {descending, &failed};

    lks_nest_run_lines(3, views, dim, lines[x->dtype], &s);
    return failed ? lks_fail(LKS_NOMEM, "sort: no memory for a line of %lld elements",
                             (long long)x->sizes[dim])
                  : LKS_OK;
}
