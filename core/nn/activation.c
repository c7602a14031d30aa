/* nn.ReLU, nn.Tanh, nn.Sigmoid. */
#include "nn/layer.h"
#include "ops/ops.h"

static lks_status relu(const lks_layer *layer, const lks_layer_run *run,
                       lks_tensor *const *in, lks_tensor **out)
{
    (void)layer, (void)run;
    return lks_layer_put(out, lks_relu(in[0]));
}

static lks_status tanh_(const lks_layer *layer, const lks_layer_run *run,
                        lks_tensor *const *in, lks_tensor **out)
{
    (void)layer, (void)run;
    return lks_layer_put(out, lks_tanh(in[0]));
}

static lks_status sigmoid(const lks_layer *layer, const lks_layer_run *run,
                          lks_tensor *const *in, lks_tensor **out)
{
    (void)layer, (void)run;
    return lks_layer_put(out, lks_sigmoid(in[0]));
}

const lks_layer_type lks_layer_relu = {
    .name = "relu",
    .infer = lks_layer_same_shape,
    .forward = relu,
};

const lks_layer_type lks_layer_tanh = {
    .name = "tanh",
    .infer = lks_layer_same_shape,
    .forward = tanh_,
};

const lks_layer_type lks_layer_sigmoid = {
    .name = "sigmoid",
    .infer = lks_layer_same_shape,
    .forward = sigmoid,
};
