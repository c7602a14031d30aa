#include "optim/clip.h"

#include <math.h>

#include "base/try.h"
#include "kernels.h"

lks_status lks_grad_norm(const lks_param_block *block, double *out)
{
    const lks_device device = lks_param_block_device(block);
    const lks_kernels *kernels = lks_device_kernels(device);
    double squares, *sum = kernels->alloc(device.index, sizeof *sum);
    const lks_view total = lks_view_flat(device, sum, LKS_F64, 1);
    lks_status st;

    if (!sum)
        return LKS_NOMEM;
    LKS_GO(kernels->reduce(LKS_REDUCE_SUM_SQUARES, lks_param_block_grads(block), &total));
    LKS_GO(kernels->copy_out(device.index, &squares, sum, sizeof squares));
    *out = sqrt(squares);
cleanup:
    kernels->free(device.index, sum, sizeof *sum);
    return st;
}

double lks_clip_factor(double norm, double max_norm)
{
    const double factor = max_norm / (norm + 1e-6);

    return factor > 1 ? 1 : factor;
}

/* In place. */
static lks_status pass(const lks_param_block *block, double scale, double clip)
{
    const lks_view *grads = lks_param_block_grads(block);
    const lks_rates rates = {.scale = scale, .clip = clip};

    return lks_device_kernels(lks_param_block_device(block))
        ->optim(LKS_UPDATE_clip, &rates, grads, grads, NULL);
}

lks_status lks_clip_grad_norm(const lks_param_block *block, double max_norm, double *out)
{
    double norm, factor;

    LKS_TRY(lks_grad_norm(block, &norm));
    factor = lks_clip_factor(norm, max_norm);
    if (factor != 1)
        LKS_TRY(pass(block, factor, (double)INFINITY));
    if (out)
        *out = norm;
    return LKS_OK;
}

lks_status lks_clip_grad_value(const lks_param_block *block, double clip_value)
{
    return pass(block, 1, clip_value);
}
