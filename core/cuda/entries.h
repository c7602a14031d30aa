/* The kernels of the CUDA device, named as in core/kernels.h, which says what they do. */
#ifndef LKS_CUDA_ENTRIES_H
#define LKS_CUDA_ENTRIES_H

#include "kernels.h"

lks_status lks_cuda_fill(const lks_view *out, double value);
lks_status lks_cuda_copy(const lks_view *x, const lks_view *out);
lks_status lks_cuda_unary(lks_unary op, const lks_view *x, const lks_view *out);
lks_status lks_cuda_unary_backward(lks_unary op, const lks_view *x, const lks_view *y,
                                   const lks_view *dy, const lks_view *dx);
lks_status lks_cuda_binary(lks_binary op, const lks_view *a, const lks_view *b,
                           const lks_view *out);
lks_status lks_cuda_binary_backward(lks_binary op, const lks_view *a, const lks_view *b,
                                    const lks_view *y, const lks_view *dy,
                                    const lks_view *da, const lks_view *db);
lks_status lks_cuda_reduce(lks_reduce op, const lks_view *x, const lks_view *out);
lks_status lks_cuda_argmax(const lks_view *x, int dim, const lks_view *out);
lks_status lks_cuda_index_select(const lks_view *x, int dim, const lks_view *index,
                                 const lks_view *out);
lks_status lks_cuda_index_add(const lks_view *x, int dim, const lks_view *index,
                              const lks_view *out);
lks_status lks_cuda_gemm(const lks_view *a, const lks_view *b, const lks_view *bias,
                         bool accumulate, const lks_view *c);
lks_status lks_cuda_conv2d(const lks_view *x, const lks_view *w, const lks_view *bias,
                           const lks_conv2d_params *params, const lks_view *y);
lks_status lks_cuda_conv2d_backward_data(const lks_view *dy, const lks_view *w,
                                         const lks_conv2d_params *params,
                                         const lks_view *dx);
lks_status lks_cuda_conv2d_backward_weight(const lks_view *x, const lks_view *dy,
                                           const lks_conv2d_params *params,
                                           bool accumulate, const lks_view *dw,
                                           const lks_view *dbias);
lks_status lks_cuda_max_pool2d(const lks_view *x, const lks_pool2d_params *params,
                               const lks_view *y, const lks_view *index);
lks_status lks_cuda_max_pool2d_backward(const lks_view *dy, const lks_view *index,
                                        const lks_pool2d_params *params,
                                        const lks_view *dx);
lks_status lks_cuda_softmax(const lks_view *x, bool log, const lks_view *y);
lks_status lks_cuda_softmax_backward(const lks_view *y, const lks_view *dy, bool log,
                                     const lks_view *dx);
lks_status lks_cuda_cross_entropy(const lks_view *x, const lks_view *target,
                                  int64_t ignored, const lks_view *log_p,
                                  const lks_view *loss, const lks_view *n_counted);
lks_status lks_cuda_cross_entropy_backward(const lks_view *log_p, const lks_view *target,
                                           int64_t ignored, const lks_view *scale,
                                           const lks_view *dx);
lks_status lks_cuda_dropout(const lks_view *x, double p, const lks_rng *rng,
                            const lks_view *y);
lks_status lks_cuda_sgd(const lks_sgd_params *params, const lks_view *grad,
                        const lks_view *param, const lks_view *buf);
lks_status lks_cuda_adam(const lks_adam_params *params, const lks_view *grad,
                         const lks_view *param, const lks_view *m, const lks_view *v);

#endif
