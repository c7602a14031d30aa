/* Inside the CPU device. The files of kernels/ are compiled once per instruction set
 * (CMakeLists.txt); LKS_CPU(name) is what a kernel's function is called in each, e.g.
 * lks_cpu_avx2_fill, and each set ends in one LKS_CPU(table). */
#ifndef LKS_CPU_CPU_H
#define LKS_CPU_CPU_H

#include "kernels.h"

#define LKS_CPU_NAME_(isa, name) lks_cpu_##isa##_##name
#define LKS_CPU_NAME(isa, name)  LKS_CPU_NAME_(isa, name)

/* The best table that this machine can run (isa.c); the same one in every call. */
const lks_kernels *lks_cpu_kernels(void);

/* The table built for "avx512f", "avx2" or "neon", NULL if this build or this machine
 * lacks it; or "reference". For tests and benchmarks. */
const lks_kernels *lks_cpu_kernels_for(const char *instruction_set);

/* Blocks, kept for reuse when freed (memory.c): the table's alloc and free. NULL with
 * LKS_NOMEM recorded, for any size from PTRDIFF_MAX on as well. */
void *lks_cpu_alloc(int index, size_t n_bytes);
void lks_cpu_free(int index, void *block, size_t n_bytes);

/* One device a core, and on a small machine enough to try what runs over several. */
int lks_cpu_count(void);

/* LKS_DTYPE: "the cpu kernel add does not take bool". */
lks_status lks_cpu_no_dtype(const char *kernel, lks_dtype dtype);

#ifdef LKS_CPU_ISA
#define LKS_CPU(name) LKS_CPU_NAME(LKS_CPU_ISA, name)

extern const lks_kernels LKS_CPU(table);

/* The kernels, LKS_CPU(fill) and on, as in kernels.h. */
#define LKS_CPU_KERNEL(name) LKS_KERNEL_TYPE(name) LKS_CPU(name);
LKS_KERNEL_LIST(LKS_CPU_KERNEL)
#endif

#endif
