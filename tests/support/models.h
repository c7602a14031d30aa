/* Models that several tests build. */
#ifndef LKS_TESTS_SUPPORT_MODELS_H
#define LKS_TESTS_SUPPORT_MODELS_H

#include "nn/model.h"

/* LAYER("conv2d", {"out_channels", 1, {6}}, {"kernel_size", 1, {5}}) */
#define LAYER(type_, ...)                                                                \
    {                                                                                    \
        .type = type_, .options = {                                                      \
            (const lks_option[]){__VA_ARGS__},                                           \
            sizeof((const lks_option[]){__VA_ARGS__}) / sizeof(lks_option)               \
        }                                                                                \
    }

#define N_LAYERS(layers) (sizeof(layers) / sizeof *(layers))

/* For samples (1, 28, 28); 44,426 parameters. */
static const lks_layer_spec lenet_layers[] __attribute__((unused)) = {
    LAYER("conv2d", {"out_channels", 1, {6}}, {"kernel_size", 1, {5}}),
    LAYER("relu"),
    LAYER("max_pool2d", {"kernel_size", 1, {2}}),
    LAYER("conv2d", {"out_channels", 1, {16}}, {"kernel_size", 1, {5}}),
    LAYER("relu"),
    LAYER("max_pool2d", {"kernel_size", 1, {2}}),
    LAYER("flatten"),
    LAYER("linear", {"out_features", 1, {120}}),
    LAYER("relu"),
    LAYER("linear", {"out_features", 1, {84}}),
    LAYER("relu"),
    LAYER("linear", {"out_features", 1, {10}}),
};

#endif
