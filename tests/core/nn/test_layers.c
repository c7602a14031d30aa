/* Layers that a chain of f32 samples does not show: of whole numbers, of two inputs; what
 * layers refuse; first values. */
#include "support/models.h"
#include "support/test_device.h"

#include <math.h>

#include "nn/init.h"
#include "ops/ops.h"
#include "tensor/scope.h"

static const lks_layer_spec of_two[] = {
    {.type = "embedding",
     .name = "words",
     .from = (const char *const[]){"tokens"},
     .n_from = 1,
     .options = {(const lks_option[]){{"num_embeddings", 1, {5}},
                                      {"embedding_dim", 1, {3}}},
                 2}},
    {.type = "bilinear",
     .from = (const char *const[]){"words", "inputs"},
     .n_from = 2,
     .options = {(const lks_option[]){{"out_features", 1, {2}}}, 1}},
};

START_TEST(an_embedding_and_a_second_input_meet_in_a_bilinear_form)
{
    const int64_t tokens[] = {4, 0, 4, 1};
    const lks_model_input fields[] = {{"tokens", LKS_SHAPE_OF(2), LKS_I64},
                                      {"inputs", LKS_SHAPE_OF(2, 4), LKS_F32}};
    lks_model *model;
    lks_tensor *in[2], *y, *want;
    lks_param_block *params;
    float *a, *b;

    ck_ok(lks_model_create_from(of_two, 2, fields, 2, 7, test_device(), &model));
    lks_scope_open();
    in[0] = lks_from_data(LKS_SHAPE_OF(2, 2), LKS_I64, tokens, test_device());
    in[1] =
        lks_rand(LKS_SHAPE_OF(2, 2, 4), LKS_F32, &(lks_rng){.seed = 3}, test_device());
    ck_ok(lks_model_run(model, in, &y));
    params = lks_model_params(model);
    ck_assert_str_eq(lks_param_block_at(params, 0)->name, "words.weight");
    ck_assert_str_eq(lks_param_block_at(params, 2)->name, "1.bias");
    want = lks_einsum(
        "bsi,oij,bsj->bso",
        (lks_tensor *const[]){lks_embedding(in[0], lks_param_block_at(params, 0)->tensor,
                                            LKS_NO_PADDING_IDX),
                              lks_param_block_at(params, 1)->tensor, in[1]},
        3);
    want = lks_add(want, lks_param_block_at(params, 2)->tensor);
    a = tensor_get(y);
    b = tensor_get(want);
    for (int i = 0; i < 8; i++)
        ck_assert_float_eq_tol(a[i], b[i], 1e-5f);
    free(a);
    free(b);
    lks_scope_close();
    lks_model_destroy(model);
}
END_TEST

static void refused(const lks_layer_spec *layer, lks_shape sample, const char *says)
{
    lks_model *model = NULL;
    const lks_status st = lks_model_create(layer, 1, sample, 0, test_device(), &model);

    ck_assert_msg(st == LKS_SHAPE || st == LKS_INVALID, "%s was taken", layer->type);
    ck_assert_msg(strstr(lks_error_text(), says) != NULL, "%s", lks_error_text());
}

START_TEST(layers_refuse_what_does_not_fit_in_one_line)
{
    const lks_layer_spec conv = LAYER("conv1d", {"out_channels", 1, {6}},
                                      {"kernel_size", 1, {5}}),
                         groups = LAYER("conv1d", {"out_channels", 1, {6}},
                                        {"kernel_size", 1, {1}}, {"groups", 1, {2}}),
                         transposed = LAYER("conv_transpose2d", {"out_channels", 1, {6}},
                                            {"kernel_size", 1, {1}}, {"padding", 1, {4}}),
                         more =
                             LAYER("conv_transpose1d", {"out_channels", 1, {6}},
                                   {"kernel_size", 1, {1}}, {"output_padding", 1, {1}}),
                         mean = LAYER("avg_pool2d", {"kernel_size", 1, {2}},
                                      {"padding", 1, {2}}),
                         pool = LAYER("max_pool1d", {"kernel_size", 1, {2}},
                                      {"padding", 1, {1}}, {"dilation", 1, {4}}),
                         adaptive = LAYER("adaptive_avg_pool2d", {"output_size", 1, {2}}),
                         norm = LAYER("layer_norm", {"normalized_shape", 1, {4}}),
                         group = LAYER("group_norm", {"num_groups", 1, {2}}),
                         words = LAYER("embedding", {"num_embeddings", 1, {5}},
                                       {"embedding_dim", 1, {3}});

    refused(&conv, LKS_SHAPE_OF(3, 4, 4), "conv1d wants (channels, length)");
    refused(&conv, LKS_SHAPE_OF(3, 4), "its kernel spans 5; with padding 0 there is no");
    refused(&groups, LKS_SHAPE_OF(3, 4), "3 channels do not split into groups of 2");
    refused(&transposed, LKS_SHAPE_OF(3, 4, 4), "with padding 4 nothing is left");
    refused(&more, LKS_SHAPE_OF(3, 4), "output_padding is 1; it must be below stride");
    refused(&mean, LKS_SHAPE_OF(3, 4, 4), "padding is 2; it must be at most half");
    refused(&pool, LKS_SHAPE_OF(3, 3), "with padding 1 and dilation 4 a window would");
    refused(&adaptive, LKS_SHAPE_OF(3, 4), "wants (channels, height, width)");
    refused(&norm, LKS_SHAPE_OF(3), "layer_norm wants a last size of 4");
    refused(&group, LKS_SHAPE_OF(3), "3 channels do not split into 2 groups");
    refused(&words, LKS_SHAPE_OF(3), "embedding takes int64, not float32");
}
END_TEST

enum { N = 20000 };

/* What a distribution says of itself, by N of its numbers. */
static void check_init(lks_init init, double mean, double std, double low, double high)
{
    static float a[N], b[N];
    double sum = 0, squares = 0;

    lks_init_fill(&init, 5, 2, N, a);
    lks_init_fill(&init, 5, 2, N / 2, b);
    ck_assert_mem_eq(a, b, N / 2 * sizeof *a);
    lks_init_fill(&init, 5, 3, N, b);
    ck_assert(std == 0 || memcmp(a, b, sizeof a) != 0);
    for (int i = 0; i < N; i++) {
        ck_assert(a[i] >= low && a[i] <= high);
        sum += a[i];
        squares += (a[i] - mean) * (a[i] - mean);
    }
    ck_assert_double_eq_tol(sum / N, mean, 0.02 * std + 1e-6);
    ck_assert_double_eq_tol(sqrt(squares / N), std, 0.02 * std + 1e-6);
}

/* The bounds and deviations of torch.nn.init's documentation. */
START_TEST(first_values_have_the_distributions_they_say)
{
    check_init(lks_init_constant(0.5), 0.5, 0, 0.5, 0.5);
    check_init(lks_init_uniform(1, 3), 2, 2 / sqrt(12), 1, 3);
    check_init(lks_init_normal(-1, 0.5), -1, 0.5, -INFINITY, INFINITY);
    check_init(lks_init_fan_in(16), 0, 0.25 / sqrt(3), -0.25, 0.25);
    check_init(lks_init_xavier_uniform(4, 2, 3), 0, 3 / sqrt(3), -3, 3);
    check_init(lks_init_xavier_normal(4, 4, 3), 0, 1.5, -INFINITY, INFINITY);
    check_init(lks_init_kaiming_uniform(3, 2), 0, 2 / sqrt(3), -2, 2);
    check_init(lks_init_kaiming_normal(4, 2), 0, 1, -INFINITY, INFINITY);
}
END_TEST

LKS_SUITE("layers", an_embedding_and_a_second_input_meet_in_a_bilinear_form,
          layers_refuse_what_does_not_fit_in_one_line,
          first_values_have_the_distributions_they_say)
