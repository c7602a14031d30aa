/* nn.ReLU, nn.Tanh, nn.Sigmoid. */
#include "nn/layer.h"
#include "ops/ops.h"

static lks_tensor *relu(const lks_layer *layer, lks_tensor *const *params, lks_tensor *x,
                        const lks_layer_run *run)
{
    (void)layer, (void)params, (void)run;
    return lks_relu(x);
}

static lks_tensor *tanh_(const lks_layer *layer, lks_tensor *const *params, lks_tensor *x,
                         const lks_layer_run *run)
{
    (void)layer, (void)params, (void)run;
    return lks_tanh(x);
}

static lks_tensor *sigmoid(const lks_layer *layer, lks_tensor *const *params,
                           lks_tensor *x, const lks_layer_run *run)
{
    (void)layer, (void)params, (void)run;
    return lks_sigmoid(x);
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
