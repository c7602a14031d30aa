/* The last step of a sequence, (T, …) to (…): of samples that differ in length the one
 * before each one's end. */
#include "base/try.h"
#include "nn/layer.h"
#include "ops/ops.h"

static lks_status infer(lks_layer *layer)
{
    const lks_shape *in = &layer->in[0].shape;
    lks_shape *out = &layer->out[0].shape;

    if (in->ndim == 0)
        return lks_layer_refuse(layer, "last wants a sequence, (T, …)");
    for (int i = 1; i < in->ndim; i++)
        out->sizes[out->ndim++] = in->sizes[i];
    return LKS_OK;
}

/* Row n of x (N, T, …) is that at lengths[n] - 1. */
static lks_tensor *select_last(lks_tensor *x, lks_tensor *lengths)
{
    lks_shape one = lks_sizes(x);
    lks_shape index = {one.ndim, {lks_size(x, 0)}};

    for (int i = 1; i < index.ndim; i++)
        index.sizes[i] = 1;
    one.sizes[1] = 1;
    lengths = lks_reshape(lks_sub_scalar(lengths, 1), index);
    return lks_select(lks_gather(x, 1, lks_expand(lengths, one)), 1, 0);
}

static lks_status forward(const lks_layer *layer, const lks_layer_run *run,
                          lks_tensor *const *in, lks_tensor **out)
{
    (void)layer;
    return lks_layer_put(out, run->lengths[0] ? select_last(in[0], run->lengths[0])
                                              : lks_select(in[0], 1, -1));
}

const lks_layer_type lks_layer_last = {
    .name = "last",
    .takes_varying = true,
    .infer = infer,
    .forward = forward,
};
