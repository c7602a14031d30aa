/* Layers that a chain of f32 samples does not show: of whole numbers, of two inputs; what
 * layers refuse; first values. */
#include "support/models.h"
#include "support/test_device.h"

#include <math.h>

#include "autograd/backward.h"
#include "base/alloc.h"
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
    refused(&groups, LKS_SHAPE_OF(1, 4), "1 channel does not split into groups of 2");
    refused(&transposed, LKS_SHAPE_OF(3, 4, 4), "with padding 4 nothing is left");
    refused(&more, LKS_SHAPE_OF(3, 4), "output_padding is 1; it must be below stride");
    refused(&mean, LKS_SHAPE_OF(3, 4, 4), "padding is 2; it must be at most half");
    refused(&pool, LKS_SHAPE_OF(3, 3), "with padding 1 and dilation 4 a window would");
    refused(&adaptive, LKS_SHAPE_OF(3, 4), "wants (channels, height, width)");
    refused(&norm, LKS_SHAPE_OF(3), "layer_norm wants a last size of 4");
    refused(&group, LKS_SHAPE_OF(3), "3 channels do not split into 2 groups");
    refused(&group, LKS_SHAPE_OF(1), "1 channel does not split into 2 groups");
    refused(&words, LKS_SHAPE_OF(3), "embedding takes int64, not float32");
}
END_TEST

START_TEST(layers_of_many_options_refuse_what_does_not_go_together)
{
    const lks_layer_spec
        norm = LAYER("layer_norm", {"normalized_shape", 2, {3, 4}}),
        prelu = LAYER("prelu", {"num_parameters", 1, {2}}),
        flat = LAYER("unflatten", {"dim", 1, {1}}, {"unflattened_size", 2, {2, 2}}),
        twice = LAYER("unflatten", {"dim", 1, {1}}, {"unflattened_size", 2, {-1, -1}}),
        zero = LAYER("unflatten", {"dim", 1, {1}}, {"unflattened_size", 2, {3, 0}}),
        batch = LAYER("unflatten", {"dim", 1, {0}}, {"unflattened_size", 1, {3}}),
        instance = LAYER("instance_norm1d"),
        response = LAYER("local_response_norm", {"size", 1, {2}}),
        shuffle = LAYER("pixel_shuffle", {"upscale_factor", 1, {2}}),
        nothing = LAYER("upsample"),
        both = LAYER("upsample", {"size", 1, {2}}, {"scale_factor", 1, {2}}),
        two = LAYER("upsample", {"size", 2, {2, 2}}),
        mode = LAYER("upsample", {"size", 1, {2}}, {"mode", 1, {9}}),
        line = LAYER("upsample", {"size", 1, {2}}, {"mode", 1, {3}}),
        drop = LAYER("dropout2d"), clamp = LAYER("hardtanh", {"min_val", 1, {2}}),
        point = LAYER("hardtanh", {"min_val", 1, {1}}),
        words = LAYER("embedding", {"num_embeddings", 1, {5}}, {"embedding_dim", 1, {3}},
                      {"padding_idx", 1, {5}});
    const lks_model_input tokens = {"tokens", LKS_SHAPE_OF(2), LKS_I64};
    lks_model *model = NULL;

    refused(&norm, LKS_SHAPE_OF(4, 3), "layer_norm wants last sizes of (3, 4)");
    refused(&norm, LKS_SHAPE_OF(4), "layer_norm wants last sizes of (3, 4)");
    refused(&prelu, LKS_SHAPE_OF(3), "num_parameters is 2; it must be 1 or the channels");
    refused(&flat, LKS_SHAPE_OF(3), "a size of 3 does not unflatten to unflattened_size");
    refused(&twice, LKS_SHAPE_OF(3), "unflattened_size has -1 twice");
    refused(&zero, LKS_SHAPE_OF(3), "a whole number of at least -1 but 0");
    refused(&batch, LKS_SHAPE_OF(3), "dim of 0 is the batch dimension");
    refused(&instance, LKS_SHAPE_OF(3), "instance_norm1d wants (channels, length)");
    refused(&instance, LKS_SHAPE_OF(3, 1), "one value a channel has no variance");
    refused(&response, LKS_SHAPE_OF(3), "local_response_norm wants (channels, length");
    refused(&shuffle, LKS_SHAPE_OF(6, 2, 2), "of channels that 4, the square of");
    refused(&nothing, LKS_SHAPE_OF(1, 2), "give size or scale_factor, one of them");
    refused(&both, LKS_SHAPE_OF(1, 2), "give size or scale_factor, one of them");
    refused(&two, LKS_SHAPE_OF(1, 2), "size has 2 values; it takes 1 or 1");
    refused(&two, LKS_SHAPE_OF(1), "upsample wants (channels, …)");
    refused(&mode, LKS_SHAPE_OF(1, 2), "mode is 9; it must be the number, from 0, of");
    refused(&line, LKS_SHAPE_OF(1, 2),
            "layer 0 (upsample): mode bilinear takes (N, C, …) of 4");
    refused(&clamp, LKS_SHAPE_OF(3), "min_val is 2; it must be below max_val, 1");
    refused(&point, LKS_SHAPE_OF(3), "min_val is 1; it must be below max_val, 1");
    refused(&drop, LKS_SHAPE_OF(1, 2), "dropout2d wants (channels, height, width)");
    ck_fails(lks_model_create_from(&words, 1, &tokens, 1, 7, test_device(), &model),
             LKS_INVALID, "padding_idx is 5; there are 5 embeddings");
}
END_TEST

START_TEST(the_padding_of_an_embedding_is_zero_and_learns_nothing)
{
    static const lks_init_spec ones = {.param = "weight", .type = "ones"};
    const int64_t tokens[] = {4, 0, 4, 1};
    const lks_model_input field = {"tokens", LKS_SHAPE_OF(4), LKS_I64};
    lks_layer_spec words = LAYER("embedding", {"num_embeddings", 1, {5}},
                                 {"embedding_dim", 1, {3}}, {"padding_idx", 1, {-1}});

    for (size_t n_inits = 0; n_inits < 2; n_inits++) {
        lks_model *model;
        lks_tensor *in, *y, *weight;

        words.inits = &ones;
        words.n_inits = n_inits;
        ck_ok(lks_model_create_from(&words, 1, &field, 1, 7, test_device(), &model));
        lks_scope_open();
        weight = lks_param_block_at(lks_model_params(model), 0)->tensor;
        in = lks_from_data(LKS_SHAPE_OF(1, 4), LKS_I64, tokens, test_device());
        ck_ok(lks_model_run(model, &in, &y));
        ck_ok(lks_backward(lks_sum_all(y)));
        for (int i = 0; i < 15; i++) {
            const bool is_padding = i >= 12, is_used = i < 6;

            ck_assert((tensor_at(weight, i) == 0) == is_padding);
            ck_assert(n_inits == 0 || is_padding || tensor_at(weight, i) == 1);
            ck_assert(tensor_at(lks_grad(weight), i) == (is_used ? 1 : 0));
        }
        lks_scope_close();
        lks_model_destroy(model);
    }
}
END_TEST

START_TEST(dropout_of_channels_takes_whole_ones)
{
    enum { SAMPLES = 8, CHANNELS = 16, PLANE = 6 };
    const lks_layer_spec drop = LAYER("dropout2d", {"p", 1, {0.25}});
    lks_model *model;
    lks_tensor *x, *y;
    int n_dropped = 0;

    ck_ok(lks_model_create(&drop, 1, LKS_SHAPE_OF(CHANNELS, 2, 3), 3, test_device(),
                           &model));
    lks_scope_open();
    x = lks_ones(LKS_SHAPE_OF(SAMPLES, CHANNELS, 2, 3), LKS_F32, test_device());
    y = lks_model_forward(model, x);
    for (int c = 0; c < SAMPLES * CHANNELS; c++) {
        const double first = tensor_at(y, c * PLANE);

        ck_assert(first == 0 || fabs(first - 1 / 0.75) < 1e-6);
        n_dropped += first == 0;
        for (int i = 1; i < PLANE; i++)
            ck_assert(tensor_at(y, c * PLANE + i) == first);
    }
    ck_assert_int_gt(n_dropped, 16);
    ck_assert_int_lt(n_dropped, 52);
    lks_model_set_training(model, false);
    ck_assert(tensor_at(lks_model_forward(model, x), 5) == 1);
    lks_scope_close();
    lks_model_destroy(model);
}
END_TEST

enum { N = 20000 };

/* What a distribution says of itself, by N of its numbers. */
static void check_init(lks_init init, double mean, double std, double low, double high)
{
    static float a[N], b[N];
    double sum = 0, squares = 0;

    ck_ok(lks_init_fill(&init, 5, 2, N, a));
    ck_ok(lks_init_fill(&init, 5, 2, N / 2, b));
    ck_assert_mem_eq(a, b, N / 2 * sizeof *a);
    ck_ok(lks_init_fill(&init, 5, 3, N, b));
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

/* Rows, or columns where these are fewer, by each other. */
static void check_orthogonal(size_t rows, size_t columns)
{
    static float w[64 * 64];
    const bool is_wide = rows < columns;
    const size_t k = is_wide ? rows : columns, n = is_wide ? columns : rows;
    const lks_init init = lks_init_orthogonal(rows, columns, 3);

    ck_ok(lks_init_fill(&init, 5, 2, rows * columns, w));
    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j < k; j++) {
            double product = 0;

            for (size_t at = 0; at < n; at++)
                product += is_wide ? (double)w[i * n + at] * (double)w[j * n + at]
                                   : (double)w[at * k + i] * (double)w[at * k + j];
            ck_assert_double_eq_tol(product, i == j ? 9 : 0, 1e-5);
        }
}

START_TEST(orthogonal_matrices_are_that)
{
    check_orthogonal(64, 64);
    check_orthogonal(7, 40);
    check_orthogonal(40, 7);
    check_orthogonal(1, 5);
}
END_TEST

/* Made by an AVX-512 build of gcc; whichever builds it and runs it has these. */
START_TEST(an_orthogonal_matrix_has_the_same_bits_on_every_machine)
{
    static const float want[] = {0x1.24768p-5f,   -0x1.78b3aep-2f, 0x1.d9af2ap-3f,
                                 -0x1.cd9118p-1f, -0x1.f1c80ap-1f, -0x1.d2e366p-3f};
    const lks_init init = lks_init_orthogonal(3, 2, 1);
    float w[6];

    ck_ok(lks_init_fill(&init, 5, 2, 6, w));
    ck_assert_mem_eq(w, want, sizeof w);
}
END_TEST

static void named(const char *name, lks_options options, lks_init want)
{
    const lks_shape shape = LKS_SHAPE_OF(4, 3, 2);
    float a[24], b[24];
    lks_init init;

    ck_ok(lks_init_named(name, options, &shape, "weight", &init));
    ck_ok(lks_init_fill(&init, 5, 2, 24, a));
    ck_ok(lks_init_fill(&want, 5, 2, 24, b));
    ck_assert_msg(memcmp(a, b, sizeof a) == 0, "%s", name);
}

#define OPTIONS(...)                                                                     \
    (lks_options)                                                                        \
    {                                                                                    \
        (const lks_option[]){__VA_ARGS__},                                               \
            sizeof((const lks_option[]){__VA_ARGS__}) / sizeof(lks_option)               \
    }

/* Of a weight (4, 3, 2): fan_in 6, fan_out 8; gains as torch.nn.init.calculate_gain's. */
START_TEST(first_values_are_known_by_pytorchs_names)
{
    const lks_shape vector = LKS_SHAPE_OF(3);
    lks_init init;

    named("zeros", (lks_options){0}, lks_init_constant(0));
    named("ones", (lks_options){0}, lks_init_constant(1));
    named("constant", OPTIONS({"val", 1, {0.3}}), lks_init_constant(0.3));
    named("uniform", OPTIONS({"a", 1, {-2}}), lks_init_uniform(-2, 1));
    named("normal", OPTIONS({"std", 1, {0.1}}), lks_init_normal(0, 0.1));
    named("xavier_uniform", OPTIONS({"gain", 1, {2}}), lks_init_xavier_uniform(6, 8, 2));
    named("xavier_normal", (lks_options){0}, lks_init_xavier_normal(6, 8, 1));
    named("kaiming_uniform", OPTIONS({"a", 1, {sqrt(5)}}), lks_init_fan_in(6));
    named("kaiming_normal", OPTIONS({"mode", 1, {1}}, {"nonlinearity", 1, {1}}),
          lks_init_kaiming_normal(8, sqrt(2)));
    named("kaiming_normal", OPTIONS({"nonlinearity", 1, {4}}),
          lks_init_kaiming_normal(6, 5.0 / 3));
    named("kaiming_normal", OPTIONS({"nonlinearity", 1, {5}}),
          lks_init_kaiming_normal(6, 0.75));
    named("kaiming_normal", OPTIONS({"nonlinearity", 1, {3}}),
          lks_init_kaiming_normal(6, 1));
    named("orthogonal", (lks_options){0}, lks_init_orthogonal(4, 6, 1));
    ck_fails(lks_init_named("ones_", (lks_options){0}, &vector, "it", &init), LKS_INVALID,
             "it: there is no init 'ones_'; there are: uniform, normal, constant");
    ck_fails(lks_init_named("orthogonal", (lks_options){0}, &vector, "it", &init),
             LKS_INVALID, "it: orthogonal is of two dimensions at least, not of (3,)");
    ck_fails(lks_init_named("constant", (lks_options){0}, &vector, "it", &init),
             LKS_INVALID, "it needs val");
    ck_fails(
        lks_init_named("constant", OPTIONS({"val", 1, {-1e40}}), &vector, "it", &init),
        LKS_INVALID, "it: constant of -1e+40 is beyond float32");
}
END_TEST

START_TEST(a_model_begins_with_the_first_values_it_is_told)
{
    static const lks_init_spec inits[] = {{.param = "bias", .type = "ones"}},
                               wrong[] = {{.param = "wieght", .type = "ones"}};
    lks_layer_spec linear = LAYER("linear", {"out_features", 1, {2}});
    lks_model *model;

    linear.inits = inits;
    linear.n_inits = 1;
    ck_ok(lks_model_create(&linear, 1, LKS_SHAPE_OF(3), 0, test_device(), &model));
    ck_assert(tensor_at(lks_param_block_at(lks_model_params(model), 1)->tensor, 1) == 1);
    ck_assert(tensor_at(lks_param_block_at(lks_model_params(model), 0)->tensor, 1) != 1);
    lks_model_destroy(model);
    linear.inits = wrong;
    ck_fails(lks_model_create(&linear, 1, LKS_SHAPE_OF(3), 0, test_device(), &model),
             LKS_INVALID,
             "layer 0 (linear) has no parameter 'wieght' to begin with; it has: weight, "
             "bias");
}
END_TEST

START_TEST(a_model_of_many_options_survives_each_allocation_failing)
{
    static const lks_init_spec inits[] = {{.param = "weight", .type = "orthogonal"}};
    lks_layer_spec layers[] = {
        LAYER("conv1d", {"out_channels", 1, {4}}, {"kernel_size", 1, {1}}),
        LAYER("instance_norm1d", {"track_running_stats", 1, {1}}),
        LAYER("upsample", {"size", 1, {3}}), LAYER("prelu"),
        LAYER("unflatten", {"dim", 1, {1}}, {"unflattened_size", 2, {2, -1}})};
    bool failed = true;

    layers[0].inits = inits;
    layers[0].n_inits = 1;
    for (long n = 0; failed; n++) {
        lks_model *made = NULL;
        lks_status st;

        ck_assert_int_lt(n, 1000);
        lks_alloc_fail_after(n);
        st = lks_model_create(layers, 5, LKS_SHAPE_OF(2, 6), 0, test_device(), &made);
        failed = lks_alloc_has_failed();
        lks_alloc_fail_after(-1);
        ck_assert_int_eq(st, failed ? LKS_NOMEM : LKS_OK);
        ck_assert(failed == (made == NULL));
        lks_error_clear();
        lks_model_destroy(made);
    }
}
END_TEST

LKS_SUITE("layers", a_model_of_many_options_survives_each_allocation_failing,
          layers_of_many_options_refuse_what_does_not_go_together,
          the_padding_of_an_embedding_is_zero_and_learns_nothing,
          dropout_of_channels_takes_whole_ones, orthogonal_matrices_are_that,
          an_orthogonal_matrix_has_the_same_bits_on_every_machine,
          first_values_are_known_by_pytorchs_names,
          a_model_begins_with_the_first_values_it_is_told,
          an_embedding_and_a_second_input_meet_in_a_bilinear_form,
          layers_refuse_what_does_not_fit_in_one_line,
          first_values_have_the_distributions_they_say)
