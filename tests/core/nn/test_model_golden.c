/* Layers against PyTorch: tests/golden/models.py. */
#include "support/test_device.h"
#include "support/golden_model.h"
#include "support/models.h"

#include <stdio.h>

#include "autograd/backward.h"
#include "ops/ops.h"
#include "tensor/scope.h"

static const lks_layer_spec conv[] = {
    LAYER("conv2d", {"out_channels", 1, {4}}, {"kernel_size", 2, {3, 2}},
          {"stride", 2, {2, 1}}, {"padding", 2, {1, 0}}, {"dilation", 2, {1, 2}},
          {"groups", 1, {2}}, {"bias", 1, {0}}),
    LAYER("tanh"),
    LAYER("max_pool2d", {"kernel_size", 1, {2}}, {"stride", 1, {1}}, {"padding", 1, {1}}),
    LAYER("flatten"),
    LAYER("linear", {"out_features", 1, {5}}),
    LAYER("log_softmax"),
};

static const lks_layer_spec pool[] = {
    LAYER("conv2d", {"out_channels", 1, {5}}, {"kernel_size", 1, {3}},
          {"padding", 1, {1}}),
    LAYER("relu"),
    LAYER("max_pool2d", {"kernel_size", 2, {3, 2}}, {"dilation", 2, {1, 2}}),
    LAYER("conv2d", {"out_channels", 1, {2}}, {"kernel_size", 2, {2, 1}}),
    LAYER("sigmoid"),
    LAYER("max_pool2d", {"kernel_size", 1, {2}}),
    LAYER("flatten"),
};

static const lks_layer_spec dense[] = {
    LAYER("linear", {"out_features", 1, {6}}, {"bias", 1, {0}}),
    LAYER("sigmoid"),
    LAYER("dropout"),
    LAYER("linear", {"out_features", 1, {4}}),
    LAYER("softmax", {"dim", 1, {-1}}),
};

static const lks_layer_spec last_dim[] = {
    LAYER("linear", {"out_features", 1, {6}}),
    LAYER("flatten", {"start_dim", 1, {2}}, {"end_dim", 1, {3}}),
    LAYER("softmax", {"dim", 1, {2}}),
    LAYER("flatten", {"start_dim", 1, {1}}, {"end_dim", 1, {-1}}),
    LAYER("relu"),
};

static const lks_layer_spec line[] = {
    LAYER("conv1d", {"out_channels", 1, {6}}, {"kernel_size", 1, {3}}, {"stride", 1, {2}},
          {"padding", 1, {1}}, {"dilation", 1, {2}}, {"groups", 1, {2}}),
    LAYER("group_norm", {"num_groups", 1, {3}}, {"eps", 1, {0.1}}),
    LAYER("leaky_relu", {"negative_slope", 1, {0.2}}),
    LAYER("max_pool1d", {"kernel_size", 1, {3}}, {"stride", 1, {2}}, {"padding", 1, {1}},
          {"ceil_mode", 1, {1}}),
    LAYER("conv_transpose1d", {"out_channels", 1, {4}}, {"kernel_size", 1, {3}},
          {"stride", 1, {2}}, {"padding", 1, {1}}, {"output_padding", 1, {1}},
          {"groups", 1, {2}}, {"bias", 1, {0}}, {"dilation", 1, {2}}),
    LAYER("avg_pool1d", {"kernel_size", 1, {3}}, {"stride", 1, {2}}, {"padding", 1, {1}},
          {"ceil_mode", 1, {1}}, {"count_include_pad", 1, {0}}),
    LAYER("adaptive_avg_pool1d", {"output_size", 1, {2}}),
    LAYER("layer_norm", {"normalized_shape", 1, {2}}),
};

static const lks_layer_spec windows[] = {
    LAYER("conv_transpose2d", {"out_channels", 1, {3}}, {"kernel_size", 2, {2, 3}},
          {"stride", 2, {1, 2}}, {"padding", 2, {1, 0}}, {"output_padding", 2, {0, 1}}),
    LAYER("identity"),
    LAYER("leaky_relu"),
    LAYER("avg_pool2d", {"kernel_size", 2, {3, 2}}, {"padding", 2, {1, 0}},
          {"divisor_override", 1, {5}}),
    LAYER("group_norm", {"num_groups", 1, {1}}, {"affine", 1, {0}}),
    LAYER("max_pool2d", {"kernel_size", 1, {2}}, {"stride", 1, {1}},
          {"ceil_mode", 1, {1}}),
    LAYER("adaptive_max_pool2d", {"output_size", 2, {2, 5}}),
    LAYER("adaptive_avg_pool2d", {"output_size", 1, {2}}),
    LAYER("flatten"),
    LAYER("layer_norm", {"normalized_shape", 1, {12}}, {"eps", 1, {0.1}},
          {"elementwise_affine", 1, {0}}),
};

#define PRODUCT LAYER("linear", {"out_features", 1, {6}})

static const lks_layer_spec smooth[] = {
    PRODUCT, LAYER("elu", {"alpha", 1, {0.7}}),
    PRODUCT, LAYER("selu"),
    PRODUCT, LAYER("celu", {"alpha", 1, {0.8}}),
    PRODUCT, LAYER("gelu"),
    PRODUCT, LAYER("gelu", {"approximate", 1, {1}}),
    PRODUCT, LAYER("silu"),
    PRODUCT, LAYER("mish"),
};

static const lks_layer_spec soft[] = {
    PRODUCT, LAYER("softplus", {"beta", 1, {2}}, {"threshold", 1, {3}}),
    PRODUCT, LAYER("softsign"),
    PRODUCT, LAYER("logsigmoid"),
    PRODUCT, LAYER("tanhshrink"),
    PRODUCT, LAYER("softshrink", {"lambd", 1, {0.2}}),
    PRODUCT, LAYER("softmin"),
    PRODUCT, LAYER("prelu"),
};

static const lks_layer_spec hard[] = {
    PRODUCT, LAYER("hardshrink", {"lambd", 1, {0.3}}),
    PRODUCT, LAYER("hardsigmoid"),
    PRODUCT, LAYER("hardswish"),
    PRODUCT, LAYER("hardtanh", {"min_val", 1, {-0.5}}, {"max_val", 1, {0.8}}),
    PRODUCT, LAYER("relu6"),
    PRODUCT, LAYER("threshold", {"threshold", 1, {0.1}}, {"value", 1, {-0.3}}),
    PRODUCT, LAYER("prelu", {"num_parameters", 1, {6}}),
};

static const lks_layer_spec images[] = {
    LAYER("pixel_shuffle", {"upscale_factor", 1, {2}}),
    LAYER("instance_norm2d", {"affine", 1, {1}}),
    LAYER("local_response_norm", {"size", 1, {2}}, {"alpha", 1, {0.3}},
          {"beta", 1, {0.5}}, {"k", 1, {1.5}}),
    LAYER("upsample", {"scale_factor", 1, {1.5}},
          {"mode", 1, {LKS_INTERPOLATE_BILINEAR}}),
    LAYER("dropout2d"),
    LAYER("upsample", {"size", 2, {5, 7}}, {"mode", 1, {LKS_INTERPOLATE_BICUBIC}},
          {"align_corners", 1, {1}}),
    LAYER("upsample", {"size", 1, {4}}),
    LAYER("layer_norm", {"normalized_shape", 2, {4, 4}}, {"bias", 1, {0}}),
    LAYER("unflatten", {"dim", 1, {1}}, {"unflattened_size", 2, {2, 1}}),
};

static const lks_layer_spec sequence[] = {
    LAYER("instance_norm1d", {"eps", 1, {0.1}}),
    LAYER("upsample", {"scale_factor", 1, {2}}, {"mode", 1, {LKS_INTERPOLATE_LINEAR}}),
    LAYER("dropout1d"),
    LAYER("layer_norm", {"normalized_shape", 2, {4, 12}}, {"elementwise_affine", 1, {0}}),
    LAYER("unflatten", {"dim", 1, {2}}, {"unflattened_size", 2, {3, -1}}),
    LAYER("flatten", {"start_dim", 1, {-2}}),
};

static const lks_layer_spec lstm[] = {
    LAYER("lstm", {"hidden_size", 1, {6}}, {"num_layers", 1, {2}}, {"dropout", 1, {0.5}},
          {"bidirectional", 1, {1}}, {"proj_size", 1, {3}}),
    LAYER("lstm", {"hidden_size", 1, {5}}, {"bias", 1, {0}}),
    LAYER("linear", {"out_features", 1, {4}}),
};

/* The classifier takes the last states of all layers and directions. */
static const lks_layer_spec gru[] = {
    LAYER("gru", {"hidden_size", 1, {6}}, {"num_layers", 1, {2}},
          {"bidirectional", 1, {1}}),
    {.type = "flatten", .from = (const char *const[]){"0.1"}, .n_from = 1},
    LAYER("linear", {"out_features", 1, {3}}),
};

static const lks_layer_spec rnn[] = {
    LAYER("rnn", {"hidden_size", 1, {6}}, {"num_layers", 1, {2}},
          {"nonlinearity", 1, {1}}),
    LAYER("rnn", {"hidden_size", 1, {5}}, {"bias", 1, {0}}, {"bidirectional", 1, {1}}),
    LAYER("last"),
    LAYER("linear", {"out_features", 1, {3}}),
};

static const lks_layer_spec attention[] = {
    LAYER("positional_encoding"),
    LAYER("multihead_attention", {"num_heads", 1, {2}}, {"dropout", 1, {0.5}},
          {"causal", 1, {1}}),
    LAYER("positional_encoding", {"learned", 1, {1}}, {"max_len", 1, {7}}),
    LAYER("multihead_attention", {"num_heads", 1, {3}}, {"bias", 1, {0}},
          {"add_bias_kv", 1, {1}}, {"add_zero_attn", 1, {1}}, {"causal", 1, {1}}),
};

/* A layer of these inputs. */
#define FROM(type_, from_, ...)                                                          \
    {                                                                                    \
        .type = type_, .from = from_, .n_from = sizeof from_ / sizeof *from_,            \
        .options = {                                                                     \
            (const lks_option[]){__VA_ARGS__},                                           \
            sizeof((const lks_option[]){__VA_ARGS__}) / sizeof(lks_option)               \
        }                                                                                \
    }

static const char *const from_inputs[] = {"inputs"};
static const char *const from_three[] = {"inputs", "0", "1"};
static const char *const from_two[] = {"inputs", "0"};
static const char *const from_second[] = {"1", "0"};

static const lks_layer_spec attend[] = {
    LAYER("linear", {"out_features", 1, {3}}),
    FROM("linear", from_inputs, {"out_features", 1, {5}}),
    FROM("multihead_attention", from_three, {"num_heads", 1, {2}}),
};

static const lks_layer_spec attend_pair[] = {
    LAYER("linear", {"out_features", 1, {6}}),
    FROM("multihead_attention", from_two, {"num_heads", 1, {2}}, {"add_bias_kv", 1, {1}}),
};

static const lks_layer_spec encoder[] = {
    LAYER("transformer_encoder_layer", {"nhead", 1, {2}}, {"dim_feedforward", 1, {5}},
          {"activation", 1, {1}}, {"norm_first", 1, {1}}, {"causal", 1, {1}}),
    LAYER("transformer_encoder_layer", {"nhead", 1, {3}}, {"dim_feedforward", 1, {4}},
          {"layer_norm_eps", 1, {0.1}}, {"bias", 1, {0}}),
    LAYER("positional_encoding"),
    LAYER("transformer_encoder", {"num_layers", 1, {2}}, {"nhead", 1, {1}},
          {"dim_feedforward", 1, {7}}, {"norm", 1, {1}}),
};

static const lks_layer_spec decoder[] = {
    LAYER("linear", {"out_features", 1, {6}}),
    FROM("transformer_decoder_layer", from_two, {"nhead", 1, {2}},
         {"dim_feedforward", 1, {5}}, {"causal", 1, {1}}),
    FROM("transformer_decoder", from_second, {"num_layers", 1, {2}}, {"nhead", 1, {3}},
         {"dim_feedforward", 1, {4}}, {"norm_first", 1, {1}}, {"norm", 1, {1}}),
};

static void compare(const char *name, const lks_layer_spec *layers, size_t n)
{
    char path[512];
    lks_safetensors *file;
    lks_shape sample = {0};
    lks_model *model;
    lks_tensor *x, *y;

    snprintf(path, sizeof path, GOLDEN "%s_case.safetensors", name);
    ck_ok(lks_safetensors_open(path, &file));
    lks_scope_open();
    x = lks_requires_grad_(load(file, "x"));
    sample.ndim = lks_ndim(x) - 1;
    for (int i = 0; i < sample.ndim; i++)
        sample.sizes[i] = lks_size(x, i + 1);

    ck_ok(lks_model_create(layers, n, sample, 0, test_device(), &model));
    lks_model_set_training(model, false);
    snprintf(path, sizeof path, GOLDEN "%s.safetensors", name);
    ck_ok(lks_model_load(model, path));

    y = lks_model_forward(model, x);
    assert_close(y, load(file, "y"), "y");
    ck_ok(lks_backward_from(y, load(file, "cotangent")));
    assert_close(lks_grad(x), load(file, "grad.x"), "grad.x");
    assert_gradients(file, model);
    lks_scope_close();
    lks_safetensors_close(file);
    lks_model_destroy(model);
}

START_TEST(convolution_with_every_option_is_pytorchs)
{
    compare("conv", conv, N_LAYERS(conv));
}
END_TEST

START_TEST(pooling_and_padding_are_pytorchs)
{
    compare("pool", pool, N_LAYERS(pool));
}
END_TEST

START_TEST(a_dense_model_in_evaluation_is_pytorchs)
{
    compare("dense", dense, N_LAYERS(dense));
}
END_TEST

START_TEST(linear_softmax_and_flatten_count_dims_as_pytorch_does)
{
    compare("last_dim", last_dim, N_LAYERS(last_dim));
}
END_TEST

START_TEST(layers_along_a_line_are_pytorchs)
{
    compare("line", line, N_LAYERS(line));
}
END_TEST

START_TEST(transposed_convolution_and_windows_of_every_kind_are_pytorchs)
{
    compare("windows", windows, N_LAYERS(windows));
}
END_TEST

START_TEST(activations_of_every_kind_are_pytorchs)
{
    compare("smooth", smooth, N_LAYERS(smooth));
    compare("soft", soft, N_LAYERS(soft));
    compare("hard", hard, N_LAYERS(hard));
}
END_TEST

START_TEST(images_that_are_normalised_and_resampled_are_pytorchs)
{
    compare("images", images, N_LAYERS(images));
    compare("sequence", sequence, N_LAYERS(sequence));
}
END_TEST

START_TEST(recurrent_layers_of_every_kind_are_pytorchs)
{
    compare("lstm", lstm, N_LAYERS(lstm));
    compare("gru", gru, N_LAYERS(gru));
    compare("rnn", rnn, N_LAYERS(rnn));
}
END_TEST

START_TEST(attention_and_places_are_pytorchs)
{
    compare("attention", attention, N_LAYERS(attention));
    compare("attend", attend, N_LAYERS(attend));
    compare("attend_pair", attend_pair, N_LAYERS(attend_pair));
}
END_TEST

START_TEST(transformers_are_pytorchs)
{
    compare("encoder", encoder, N_LAYERS(encoder));
    compare("decoder", decoder, N_LAYERS(decoder));
}
END_TEST

LKS_SUITE("model_golden", recurrent_layers_of_every_kind_are_pytorchs,
          attention_and_places_are_pytorchs, transformers_are_pytorchs,
          activations_of_every_kind_are_pytorchs,
          images_that_are_normalised_and_resampled_are_pytorchs,
          layers_along_a_line_are_pytorchs,
          transposed_convolution_and_windows_of_every_kind_are_pytorchs,
          convolution_with_every_option_is_pytorchs, pooling_and_padding_are_pytorchs,
          a_dense_model_in_evaluation_is_pytorchs,
          linear_softmax_and_flatten_count_dims_as_pytorch_does)
