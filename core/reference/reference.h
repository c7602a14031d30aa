/* The reference: every kernel of kernels.h as a page of scalar C that defines its result
 * to the bit. A device of its own, slow and for any machine. Any thread may call. */
#ifndef LKS_REFERENCE_REFERENCE_H
#define LKS_REFERENCE_REFERENCE_H

#include "kernels.h"

/* The table; the same one in every call. */
const lks_kernels *lks_reference_kernels(void);

/* What the pages share. */

/* LKS_DTYPE: "the reference kernel add does not take bool". */
lks_status lks_reference_no_dtype(const char *kernel, lks_dtype dtype);

/* The address of the i-th element, row-major. */
char *lks_reference_at(const lks_view *x, int64_t i);

/* Memory: blocks of the system's. */
int lks_reference_count(void);
void *lks_reference_alloc(int index, size_t n_bytes);
void lks_reference_free(int index, void *block, size_t n_bytes);

/* The kernels, lks_reference_fill and on, as in kernels.h. */
#define LKS_REFERENCE_KERNEL(name) LKS_KERNEL_TYPE(name) lks_reference_##name;
LKS_KERNEL_LIST(LKS_REFERENCE_KERNEL)

#endif
