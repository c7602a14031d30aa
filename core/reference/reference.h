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

/* One page's kernels each. */
lks_status lks_reference_fill(const lks_view *out, double value);
lks_status lks_reference_copy(const lks_view *x, const lks_view *out);
lks_status lks_reference_unary(lks_unary op, const lks_view *x, const lks_view *out);
lks_status lks_reference_unary_backward(lks_unary op, const lks_view *x,
                                        const lks_view *y, const lks_view *dy,
                                        const lks_view *dx);
lks_status lks_reference_binary(lks_binary op, const lks_view *a, const lks_view *b,
                                const lks_view *out);
lks_status lks_reference_binary_backward(lks_binary op, const lks_view *a,
                                         const lks_view *b, const lks_view *y,
                                         const lks_view *dy, const lks_view *da,
                                         const lks_view *db);
lks_status lks_reference_reduce(lks_reduce op, const lks_view *x, const lks_view *out);
lks_status lks_reference_argmax(const lks_view *x, int dim, const lks_view *out);
lks_status lks_reference_index_select(const lks_view *x, int dim, const lks_view *index,
                                      const lks_view *out);
lks_status lks_reference_index_add(const lks_view *x, int dim, const lks_view *index,
                                   const lks_view *out);
lks_status lks_reference_gemm(const lks_view *a, const lks_view *b, const lks_view *bias,
                              bool accumulate, const lks_view *c);
lks_status lks_reference_conv2d(const lks_view *x, const lks_view *w,
                                const lks_view *bias, const lks_conv2d_params *params,
                                const lks_view *y);
lks_status lks_reference_conv2d_backward_data(const lks_view *dy, const lks_view *w,
                                              const lks_conv2d_params *params,
                                              const lks_view *dx);
lks_status lks_reference_conv2d_backward_weight(const lks_view *x, const lks_view *dy,
                                                const lks_conv2d_params *params,
                                                bool accumulate, const lks_view *dw,
                                                const lks_view *dbias);
lks_status lks_reference_max_pool2d(const lks_view *x, const lks_pool2d_params *params,
                                    const lks_view *y, const lks_view *index);
lks_status lks_reference_max_pool2d_backward(const lks_view *dy, const lks_view *index,
                                             const lks_pool2d_params *params,
                                             const lks_view *dx);
lks_status lks_reference_softmax(const lks_view *x, bool log, const lks_view *y);
lks_status lks_reference_softmax_backward(const lks_view *y, const lks_view *dy, bool log,
                                          const lks_view *dx);
lks_status lks_reference_cross_entropy(const lks_view *x, const lks_view *target,
                                       int64_t ignored, const lks_view *log_p,
                                       const lks_view *loss, const lks_view *n_counted);
lks_status lks_reference_cross_entropy_backward(const lks_view *log_p,
                                                const lks_view *target, int64_t ignored,
                                                const lks_view *scale,
                                                const lks_view *dx);
lks_status lks_reference_dropout(const lks_view *x, double p, const lks_rng *rng,
                                 const lks_view *y);
lks_status lks_reference_sgd(const lks_sgd_params *params, const lks_view *grads,
                             const lks_view *all_params, const lks_view *bufs);
lks_status lks_reference_adam(const lks_adam_params *params, const lks_view *grads,
                              const lks_view *all_params, const lks_view *ms,
                              const lks_view *vs);

#endif
