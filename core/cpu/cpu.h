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

lks_status LKS_CPU(fill)(const lks_view *out, double value);
lks_status LKS_CPU(copy)(const lks_view *x, const lks_view *out);
lks_status LKS_CPU(unary)(lks_unary op, const lks_view *x, const lks_view *out);
lks_status LKS_CPU(unary_backward)(lks_unary op, const lks_view *x, const lks_view *y,
                                   const lks_view *dy, const lks_view *dx);
lks_status LKS_CPU(binary)(lks_binary op, const lks_view *a, const lks_view *b,
                           const lks_view *out);
lks_status LKS_CPU(binary_backward)(lks_binary op, const lks_view *a, const lks_view *b,
                                    const lks_view *y, const lks_view *dy,
                                    const lks_view *da, const lks_view *db);
lks_status LKS_CPU(reduce)(lks_reduce op, const lks_view *x, const lks_view *out);
lks_status LKS_CPU(argmax)(const lks_view *x, int dim, const lks_view *out);
lks_status LKS_CPU(index_select)(const lks_view *x, int dim, const lks_view *index,
                                 const lks_view *out);
lks_status LKS_CPU(index_add)(const lks_view *x, int dim, const lks_view *index,
                              const lks_view *out);
lks_status LKS_CPU(gemm)(const lks_view *a, const lks_view *b, const lks_view *bias,
                         bool accumulate, const lks_view *c);
lks_status LKS_CPU(conv2d)(const lks_view *x, const lks_view *w, const lks_view *bias,
                           const lks_conv2d_params *params, const lks_view *y);
lks_status LKS_CPU(conv2d_backward_data)(const lks_view *dy, const lks_view *w,
                                         const lks_conv2d_params *params,
                                         const lks_view *dx);
lks_status LKS_CPU(conv2d_backward_weight)(const lks_view *x, const lks_view *dy,
                                           const lks_conv2d_params *params,
                                           bool accumulate, const lks_view *dw,
                                           const lks_view *dbias);
lks_status LKS_CPU(max_pool2d)(const lks_view *x, const lks_pool2d_params *params,
                               const lks_view *y, const lks_view *index);
lks_status LKS_CPU(max_pool2d_backward)(const lks_view *dy, const lks_view *index,
                                        const lks_pool2d_params *params,
                                        const lks_view *dx);
lks_status LKS_CPU(softmax)(const lks_view *x, bool log, const lks_view *y);
lks_status LKS_CPU(softmax_backward)(const lks_view *y, const lks_view *dy, bool log,
                                     const lks_view *dx);
lks_status LKS_CPU(cross_entropy)(const lks_view *x, const lks_view *target,
                                  int64_t ignored, const lks_view *log_p,
                                  const lks_view *loss, const lks_view *n_counted);
lks_status LKS_CPU(cross_entropy_backward)(const lks_view *log_p, const lks_view *target,
                                           int64_t ignored, const lks_view *scale,
                                           const lks_view *dx);
lks_status LKS_CPU(dropout)(const lks_view *x, double p, const lks_rng *rng,
                            const lks_view *y);
lks_status LKS_CPU(sgd)(const lks_sgd_params *params, const lks_view *grad,
                        const lks_view *param, const lks_view *buf);
lks_status LKS_CPU(adam)(const lks_adam_params *params, const lks_view *grad,
                         const lks_view *param, const lks_view *m, const lks_view *v);
#endif

#endif
