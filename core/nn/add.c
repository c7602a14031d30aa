/* The sum of two inputs, as torch.add: what closes a residual branch. */
#include "base/try.h"
#include "nn/layer.h"
#include "ops/ops.h"

/* Sizes meet from the last one; 1 takes any. The batch dimension stands before them, so
 * both have as many. */
static lks_status infer(lks_layer *layer)
{
    const lks_shape *a = &layer->in[0].shape, *b = &layer->in[1].shape;
    lks_shape *out = &layer->out[0].shape;

    out->ndim = a->ndim;
    for (int i = 0; i < a->ndim && a->ndim == b->ndim; i++) {
        if (a->sizes[i] != b->sizes[i] && a->sizes[i] != 1 && b->sizes[i] != 1)
            return lks_layer_refuse(layer, "these do not add up");
        out->sizes[i] = a->sizes[i] == 1 ? b->sizes[i] : a->sizes[i];
    }
    if (a->ndim != b->ndim)
        return lks_layer_refuse(layer, "these do not add up");
    return LKS_OK;
}

static lks_status forward(const lks_layer *layer, const lks_layer_run *run,
                          lks_tensor *const *in, lks_tensor **out)
{
    (void)layer, (void)run;
    return lks_layer_put(out, lks_add(in[0], in[1]));
}

const lks_layer_type lks_layer_add = {
    .name = "add",
    .n_inputs = 2,
    .infer = infer,
    .forward = forward,
};
