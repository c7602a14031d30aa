#include "cpu/cpu.h"

#include "cpu/loops.h"
#include "formulas.h"

#define PAGE "reference/scan_of.h"
#include "reference/for_sums.h"

#define LINE(dtype, stored, computed, load, store)                                       \
    static void line_##dtype(int64_t n, char *const *data, const int64_t *strides,       \
                             const void *op)                                             \
    {                                                                                    \
        scan_line_##dtype(*(const lks_reduce *)op, n, data, strides);                    \
    }
LKS_FLOAT_ELEMENTS(LINE)
LKS_INT_ELEMENTS(LINE)

static const lks_row_fn lines[LKS_N_DTYPES] = {
#define ENTRY(dtype, stored, computed, load, store) [LKS_##dtype] = line_##dtype,
    LKS_FLOAT_ELEMENTS(ENTRY) LKS_INT_ELEMENTS(ENTRY)};

lks_status LKS_CPU(scan)(lks_reduce op, const lks_view *x, int dim, const lks_view *out)
{
    const lks_view *const views[] = {out, x};

    if (!lines[x->dtype])
        return lks_cpu_no_dtype("scan", x->dtype);
    lks_nest_run_lines(2, views, dim, lines[x->dtype], &op);
    return LKS_OK;
}
