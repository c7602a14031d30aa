/* Convolution as its definition reads, in plain loops: for f64, and as what the fast
 * kernels are tested against. Shapes as in kernels.h; f32 (summed in f64) and f64. */
#ifndef LKS_CPU_REF_CONV_H
#define LKS_CPU_REF_CONV_H

#include "kernels.h"

void lks_ref_conv2d(const lks_view *x, const lks_view *w, const lks_view *bias,
                    const lks_conv2d_params *params, const lks_view *y);
void lks_ref_conv2d_backward_data(const lks_view *dy, const lks_view *w,
                                  const lks_conv2d_params *params, const lks_view *dx);
void lks_ref_conv2d_backward_weight(const lks_view *x, const lks_view *dy,
                                    const lks_conv2d_params *params, bool accumulate,
                                    const lks_view *dw, const lks_view *dbias);

#endif
