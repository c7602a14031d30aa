/* What random trials (../reference/test_exact.c) are too small for, or never ask: large
 * tiles, scratch memory that is too small for all at once, places that need 64 bits, and
 * dtypes that a kernel does not take. The CPU's bits are the reference's. */
#include "cuda_suite.h"

#include "base/philox.h"
#include "base/rng.h"
#include "layout/view.h"

typedef struct conv_case {
    int64_t n, c, h, w, o, k;
    lks_conv2d_params params;
    bool weight_only;
} conv_case;

static lks_view view_on(lks_device device, lks_dtype dtype, lks_shape shape,
                        const void *values)
{
    int64_t n = 1;
    lks_view view;

    for (int d = 0; d < shape.ndim; d++)
        n *= shape.sizes[d];
    view = flat_of(device, dtype, (size_t)n, values);
    return lks_view_dense(device, view.data, dtype, &shape);
}

/* Numbers whose sums are rounded. */
static void *draw(lks_dtype dtype, size_t n, uint32_t seed)
{
    const lks_rng rng = {.seed = seed};
    float *values = malloc(n * sizeof *values);
    double *wide = malloc(n * sizeof *wide);

    ck_assert(values && wide);
    lks_rng_uniform_f32(&rng, 0, n, values);
    for (size_t i = 0; i < n; i++)
        wide[i] = (double)values[i] - 0.4;
    for (size_t i = 0; i < n; i++)
        values[i] = (float)wide[i];
    if (dtype == LKS_F64) {
        free(values);
        return wide;
    }
    free(wide);
    return values;
}

static void release(const lks_view *view)
{
    lks_device_kernels(view->device)
        ->free(view->device.index, view->data,
               (size_t)lks_view_count(view) * lks_dtype_size_bytes(view->dtype));
}

static int64_t outputs(const conv_case *c, int d)
{
    const int64_t n = d == 0 ? c->h : c->w;

    return (n + 2 * c->params.padding[d] - c->params.dilation[d] * (c->k - 1) - 1) /
               c->params.stride[d] +
           1;
}

/* What the kernels of a convolution leave: dx, dw, dbias, y. */
typedef struct conv_results {
    void *bytes[4];
    size_t n_bytes[4];
} conv_results;

static void *fetch(const lks_view *view, size_t *n_bytes)
{
    void *bytes;

    *n_bytes = (size_t)lks_view_count(view) * lks_dtype_size_bytes(view->dtype);
    bytes = malloc(*n_bytes + 1);
    ck_assert_ptr_nonnull(bytes);
    ck_ok(lks_device_kernels(view->device)
              ->copy_out(view->device.index, bytes, view->data, *n_bytes));
    release(view);
    return bytes;
}

static conv_results convolve(lks_device device, const conv_case *c, lks_dtype dtype)
{
    const int64_t oh = outputs(c, 0), ow = outputs(c, 1), cg = c->c / c->params.groups;
    const lks_shape shapes[] = {LKS_SHAPE_OF(c->n, c->c, c->h, c->w),
                                LKS_SHAPE_OF(c->o, cg, c->k, c->k), LKS_SHAPE_OF(c->o),
                                LKS_SHAPE_OF(c->n, c->o, oh, ow)};
    const lks_kernels *k = lks_device_kernels(device);
    lks_view in[4], out[4]; /* x, w, bias, dy; dx, dw, dbias, y */
    conv_results r;

    for (int i = 0; i < 4; i++) {
        size_t n = 1;
        void *values;

        for (int d = 0; d < shapes[i].ndim; d++)
            n *= (size_t)shapes[i].sizes[d];
        values = draw(dtype, n, (uint32_t)i + 1);
        in[i] = view_on(device, dtype, shapes[i], values);
        out[i] = view_on(device, dtype, shapes[i], values);
        free(values);
    }
    if (!c->weight_only) {
        ck_ok(k->conv2d(&in[0], &in[1], &in[2], &c->params, &out[3]));
        ck_ok(k->conv2d_backward_data(&in[3], &in[1], &c->params, &out[0]));
    }
    ck_ok(k->conv2d_backward_weight(&in[0], &in[3], &c->params, true, &out[1], &out[2]));
    for (int i = 0; i < 4; i++)
        r.bytes[i] = fetch(&out[i], &r.n_bytes[i]);
    for (int i = 0; i < 4; i++)
        release(&in[i]);
    return r;
}

static void check_convolution(const conv_case *c, lks_device beside, lks_dtype dtype)
{
    const conv_results want = convolve(beside, c, dtype), got = convolve(gpu, c, dtype);

    for (int i = 0; i < 4; i++) {
        ck_assert_mem_eq(got.bytes[i], want.bytes[i], want.n_bytes[i]);
        free(got.bytes[i]);
        free(want.bytes[i]);
    }
}

START_TEST(large_convolutions_have_the_references_bits)
{
    static const conv_case cases[] = {
        /* tiles of 128 channels; weights that are turned */
        {2, 64, 18, 18, 128, 3, {{1, 1}, {0, 0}, {1, 1}, 1}},
        {1, 128, 10, 10, 130, 3, {{1, 1}, {1, 1}, {1, 1}, 1}},
        /* classes of a stride, groups */
        {2, 160, 9, 9, 136, 3, {{2, 2}, {1, 1}, {1, 1}, 2}},
        /* five chunks of images */
        {80, 3, 4, 4, 5, 2, {{1, 1}, {0, 0}, {1, 1}, 1}, false},
        /* dw with planes of no whole packs */
        {3, 24, 7, 5, 70, 5, {{1, 1}, {2, 2}, {1, 1}, 1}},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check_convolution(&cases[i], lks_cpu, LKS_F32);
        check_convolution(&cases[i], lks_cpu, LKS_F64);
    }
}
END_TEST

/* The CPU's kernels would fill memory with such padding. */
START_TEST(places_that_need_64_bits_have_the_references_bits)
{
    const lks_device reference = {LKS_REFERENCE, 0};
    const conv_case far = {
        2, 4, 3, 4, 6, 2, {{19999, 17000}, {20000, 20000}, {19998, 3}, 2}};

    check_convolution(&far, reference, LKS_F32);
    check_convolution(&far, reference, LKS_F64);
}
END_TEST

/* Two chunks of images, whose sums need more memory than there is for them at once. */
START_TEST(chunks_that_do_not_fit_are_added_in_turn)
{
    const conv_case many = {32, 1030, 2, 2, 1024, 2, {{1, 1}, {0, 0}, {1, 1}, 1}, true};

    check_convolution(&many, lks_cpu, LKS_F64);
}
END_TEST

/* ---- what is refused ---- */

static lks_view some(lks_dtype dtype)
{
    return lks_view_dense(gpu, NULL, dtype, &LKS_SHAPE_OF(1, 1, 1, 1));
}

#define REFUSES(name, dtype, call)                                                       \
    ck_fails(call, LKS_DTYPE, "the cuda kernel " name " does not take " dtype)

START_TEST(a_dtype_that_a_kernel_does_not_take_is_named)
{
    const lks_view i = some(LKS_I64), b = some(LKS_BOOL), h = some(LKS_F16);
    const lks_conv2d_params conv = {{1, 1}, {0, 0}, {1, 1}, 1};
    const lks_pool2d_params pool = {{1, 1}, {1, 1}, {0, 0}, {1, 1}, false};
    const lks_avg_pool2d_params mean = {.kernel = {1, 1}, .stride = {1, 1}};
    const lks_rates rates = {0};
    const lks_rng rng = {0};
    const lks_recurrent layer = {.kind = LKS_RNN_TANH, .x = &h, .w_hh = &h, .y = &h};
    const lks_recurrent_grads grads = {.dy = &h, .dx = &h, .dh0 = &h};
    const lks_kernels *k = cuda();

    REFUSES("exp", "int64", k->unary(LKS_UNARY_exp, NULL, &i, &i));
    REFUSES("neg", "bool", k->unary(LKS_UNARY_neg, NULL, &b, &b));
    REFUSES("exp", "float16", k->unary_backward(LKS_UNARY_exp, NULL, &h, &h, &h, &h));
    REFUSES("add", "bool", k->binary(LKS_BINARY_add, &b, &b, &b));
    REFUSES("add", "float16", k->binary_backward(LKS_BINARY_add, &h, &h, &h, &h, &h, &h));
    REFUSES("reduce", "bool", k->reduce(LKS_REDUCE_SUM, &b, &b));
    REFUSES("scan", "bool", k->scan(LKS_REDUCE_SUM, &b, 0, &b));
    REFUSES("scatter", "bool", k->scatter(&b, 0, &i, true, &b));
    REFUSES("optim", "float16", k->optim(LKS_UPDATE_sgd, &rates, &h, &h, NULL));
    REFUSES("index_add", "int64", k->index_add(&i, 0, &i, &i));
    REFUSES("gemm", "int64", k->gemm(&i, &i, NULL, false, &i));
    REFUSES("conv2d", "float16", k->conv2d(&h, &h, NULL, &conv, &h));
    REFUSES("conv2d_backward_data", "float16",
            k->conv2d_backward_data(&h, &h, &conv, &h));
    REFUSES("conv2d_backward_weight", "float16",
            k->conv2d_backward_weight(&h, &h, &conv, false, &h, NULL));
    REFUSES("max_pool2d", "float16", k->max_pool2d(&h, &pool, &h, &i));
    REFUSES("max_pool2d", "float16", k->max_pool2d_backward(&h, &i, &pool, &h));
    REFUSES("avg_pool2d", "float16", k->avg_pool2d(&h, &mean, &h));
    REFUSES("avg_pool2d_backward", "float16", k->avg_pool2d_backward(&h, &mean, &h));
    REFUSES("softmax", "float16", k->softmax(&h, false, &h));
    REFUSES("softmax_backward", "float16", k->softmax_backward(&h, &h, false, &h));
    REFUSES("cross_entropy", "float16", k->cross_entropy(&h, &i, 0, &h, &h, NULL));
    REFUSES("cross_entropy_backward", "float16",
            k->cross_entropy_backward(&h, &i, 0, &h, &h));
    REFUSES("dropout", "float16", k->dropout(&h, 0.5, &rng, &h));
    REFUSES("recurrent", "float16", k->recurrent(&layer));
    REFUSES("recurrent_backward", "float16", k->recurrent_backward(&layer, &grads));
}
END_TEST

LKS_SUITE("cuda_kernels", large_convolutions_have_the_references_bits,
          places_that_need_64_bits_have_the_references_bits,
          chunks_that_do_not_fit_are_added_in_turn,
          a_dtype_that_a_kernel_does_not_take_is_named)
