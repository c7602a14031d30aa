/* The sum of two inputs, as torch.add: what closes a residual branch. */
#include "base/try.h"
#include "nn/layer.h"
#include "ops/ops.h"

/* Sizes meet from the last one; 1 takes any. The batch dimension stands before them, so
 * both have as many. */
static bool is_one(const lks_port *port)
{
    return port->shape.ndim > 0 && port->shape.sizes[0] == 1 && !port->varies_with;
}

/* First dimensions vary alike, or one of them is 1 always. */
static lks_status infer_varying(lks_layer *layer)
{
    const lks_port *a = &layer->in[0], *b = &layer->in[1];

    layer->out[0].varies_with = is_one(a) ? b->varies_with : a->varies_with;
    if (a->varies_with == b->varies_with || is_one(a) || is_one(b))
        return LKS_OK;
    return lks_layer_refuse(layer, "their first sizes do not vary alike");
}

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
    return infer_varying(layer);
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
    .takes_varying = true,
    .steps = lks_layer_steps,
    .infer = infer,
    .forward = forward,
};
