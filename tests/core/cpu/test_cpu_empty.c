#include "core/cpu/views.h"

/* Beside a size of 0 the others may be beyond all products: what a kernel computes of
 * them, to share out its work, must not overflow or divide by what has become of it. */

static const int64_t far = INT64_C(1) << 40;

static lks_view nothing(lks_dtype dtype, int64_t n, int64_t c, int64_t h, int64_t w)
{
    return (lks_view){
        .dtype = dtype, .ndim = 4, .sizes = {n, c, h, w}, .strides = {1, 1, 1, 1}};
}

START_TEST(nothing_is_done_to_the_elements_of_nothing)
{
    const lks_rng rng = {.seed = 1};

    FOR_EACH_TABLE(k, isa)
    for (int d = 0; d < 2; d++) {
        const lks_view views[] = {
            nothing(d ? LKS_F64 : LKS_F32, far, far, 0, 3),
            nothing(d ? LKS_F64 : LKS_F32, far, far, 3, 0),
            nothing(d ? LKS_F64 : LKS_F32, 0, far, far, 3),
        };

        for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
            const lks_view *x = &views[i];

            ck_ok(k->fill(x, 1));
            ck_ok(k->copy(x, x));
            ck_ok(k->unary(LKS_UNARY_exp, NULL, x, x));
            ck_ok(k->reduce(LKS_REDUCE_SUM, x, x));
            ck_ok(k->softmax(x, false, x));
            ck_ok(k->softmax_backward(x, x, true, x));
            ck_ok(k->dropout(x, 0.5, &rng, x));
        }
        (void)isa;
    }
}
END_TEST

START_TEST(no_images_are_convolved_and_pooled_at_any_size)
{
    const lks_conv2d_params conv = {{1, 1}, {0, 0}, {1, 1}, 1};
    const lks_pool2d_params pool = {{2, 2}, {1, 1}, {0, 0}, {1, 1}, false};
    const lks_avg_pool2d_params mean = {.kernel = {2, 2}, .stride = {1, 1}};

    FOR_EACH_TABLE(k, isa)
    for (int d = 0; d < 2; d++) {
        lks_dtype dtype = d ? LKS_F64 : LKS_F32;
        /* as many elements as an image of which one more is 2^64 */
        const lks_view x = nothing(dtype, 0, 1, 4294967295, 4294967297);
        const lks_view y = nothing(dtype, 0, 1, 4294967294, 4294967296);
        const lks_view index = nothing(LKS_I32, 0, 1, 4294967294, 4294967296);
        array w = array_random(dtype, SIZES(1, 1, 1, 1), 0, 1);

        ck_ok(k->max_pool2d(&x, &pool, &y, &index));
        ck_ok(k->max_pool2d_backward(&y, &index, &pool, &x));
        ck_ok(k->avg_pool2d(&x, &mean, &y));
        ck_ok(k->avg_pool2d_backward(&y, &mean, &x));
        ck_ok(k->conv2d(&x, &w.view, NULL, &conv, &x));
        ck_ok(k->conv2d_backward_data(&x, &w.view, &conv, &x));
        ck_ok(k->conv2d_backward_weight(&x, &x, &conv, false, &w.view, NULL));
        ck_assert_msg(get(&w, 0) == 0, "%s", isa);
        array_free(&w);
    }
}
END_TEST

LKS_SUITE("empty", nothing_is_done_to_the_elements_of_nothing,
          no_images_are_convolved_and_pooled_at_any_size)
