#include <stdio.h>

#include "core/cpu/naive_conv.h"
#include "core/cpu/views.h"

#include "base/alloc.h"
#include "device.h"
#include "reference/reference.h"

typedef struct conv_case {
    int64_t n, c, h, w, o, kh, kw; /* c and o over all groups */
    lks_conv2d_params params;
} conv_case;

#define PLAIN                                                                            \
    {                                                                                    \
        {1, 1}, {0, 0}, {1, 1}, 1                                                        \
    }

static const conv_case cases[] = {
    /* LeNet's two, and a batch of several chunks */
    {2, 1, 28, 28, 6, 5, 5, PLAIN},
    {2, 6, 12, 12, 16, 5, 5, PLAIN},
    {33, 2, 9, 8, 16, 5, 5, PLAIN},
    /* VGG's kind, and enough of it for several bands */
    {1, 3, 32, 32, 20, 3, 3, {{1, 1}, {1, 1}, {1, 1}, 1}},
    {1, 17, 61, 67, 3, 3, 3, {{1, 1}, {1, 1}, {1, 1}, 1}},
    /* many channels: two bands, the second of which starts within a vector of dy */
    {1, 512, 6, 6, 1, 3, 3, {{1, 1}, {1, 1}, {1, 1}, 1}},
    /* tiny and odd */
    {1, 1, 1, 1, 1, 1, 1, PLAIN},
    {2, 3, 5, 7, 5, 2, 3, PLAIN},
    {1, 2, 9, 4, 7, 4, 1, PLAIN},
    {2, 2, 3, 3, 19, 3, 3, PLAIN},
    {1, 1, 3, 40, 2, 1, 7, PLAIN},
    {1, 1, 12, 13, 3, 11, 12, PLAIN},
    {5, 4, 6, 6, 25, 1, 1, PLAIN},
    /* padding, more than the kernel reaches too */
    {2, 2, 4, 5, 3, 3, 3, {{1, 1}, {2, 1}, {1, 1}, 1}},
    {1, 1, 2, 2, 2, 2, 2, {{1, 1}, {4, 3}, {1, 1}, 1}},
    /* stride */
    {2, 3, 11, 13, 4, 3, 3, {{2, 2}, {1, 1}, {1, 1}, 1}},
    {1, 2, 17, 9, 5, 3, 2, {{3, 2}, {0, 1}, {1, 1}, 1}},
    {1, 1, 9, 9, 1, 2, 2, {{4, 5}, {0, 0}, {1, 1}, 1}},
    {1, 3, 90, 90, 8, 7, 7, {{2, 2}, {3, 3}, {1, 1}, 1}},
    /* a stride that leaves one place, and none to take a step to */
    {1, 2, 5, 6, 3, 3, 3, {{INT64_MAX, 1}, {1, 1}, {1, 1}, 1}},
    {1, 2, 5, 6, 3, 3, 3, {{1, INT64_MAX}, {1, 1}, {1, 1}, 1}},
    /* dilation */
    {2, 2, 12, 14, 3, 3, 3, {{1, 1}, {0, 2}, {2, 3}, 1}},
    {1, 2, 15, 16, 3, 3, 5, {{2, 3}, {3, 1}, {3, 2}, 1}},
    /* groups, depthwise the last */
    {2, 6, 8, 8, 4, 3, 3, {{1, 1}, {1, 1}, {1, 1}, 2}},
    {2, 5, 7, 7, 10, 3, 3, {{1, 1}, {1, 1}, {1, 1}, 5}},
    {3, 24, 9, 9, 24, 3, 3, {{2, 2}, {1, 1}, {1, 1}, 24}},
    /* nothing to do */
    {0, 2, 5, 5, 3, 3, 3, PLAIN},
    {2, 0, 5, 5, 3, 3, 3, PLAIN},
    {2, 2, 5, 5, 0, 3, 3, PLAIN},
};

enum {
    N_CASES = sizeof cases / sizeof *cases,
    FIRST_SMALL = 6, /* f64 runs the definition itself: only its dtype is in question */
};

typedef struct arrays {
    array x, w, bias, y, dy;
} arrays;

static int64_t out_size(const conv_case *c, int d)
{
    int64_t in = d ? c->w : c->h, kernel = d ? c->kw : c->kh;
    const lks_conv2d_params *p = &c->params;

    return (in + 2 * p->padding[d] - p->dilation[d] * (kernel - 1) - 1) / p->stride[d] +
           1;
}

static arrays arrays_of(const conv_case *c, lks_dtype dtype, int misaligned)
{
    int64_t oh = out_size(c, 0), ow = out_size(c, 1);

    return (arrays){
        array_random(dtype, SIZES(c->n, c->c, c->h, c->w), misaligned, 1),
        array_random(dtype, SIZES(c->o, c->c / c->params.groups, c->kh, c->kw),
                     misaligned, 2),
        array_random(dtype, SIZES(c->o), misaligned, 3),
        array_new(dtype, SIZES(c->n, c->o, oh, ow), misaligned),
        array_random(dtype, SIZES(c->n, c->o, oh, ow), misaligned, 4),
    };
}

static void arrays_free(arrays *a)
{
    array_free(&a->x);
    array_free(&a->w);
    array_free(&a->bias);
    array_free(&a->y);
    array_free(&a->dy);
}

static array like(const array *a, int misaligned)
{
    return array_new(a->view.dtype, a->view.ndim, a->view.sizes, misaligned);
}

static const char *name_of(const char *isa, const char *what, int i)
{
    static char name[64];

    snprintf(name, sizeof name, "%s, %s, case %d", isa, what, i);
    return name;
}

/* A sum of n products of numbers in (-1, 1) wanders to about sqrt(n) / 3, and each of n
 * roundings errs by half an ulp of where it stands: n / 3 halves of an ulp of 1, three
 * standard deviations allowed. */
static double tolerance_of(lks_dtype dtype, double n_terms)
{
    return (dtype == LKS_F32 ? 0x1p-24 : 0x1p-53) * (8 + n_terms);
}

static void check_forward(const lks_kernels *k, const char *isa, int i, lks_dtype dtype)
{
    const conv_case *c = &cases[i];
    arrays a = arrays_of(c, dtype, i % 3);
    array want = like(&a.y, 0);
    double tolerance = tolerance_of(dtype, (double)(c->c * c->kh * c->kw));

    naive_conv2d(&a.x.view, &a.w.view, &a.bias.view, &c->params, &want.view);
    ck_ok(k->conv2d(&a.x.view, &a.w.view, &a.bias.view, &c->params, &a.y.view));
    assert_close(name_of(isa, "forward", i), &a.y, &want, tolerance);

    naive_conv2d(&a.x.view, &a.w.view, NULL, &c->params, &want.view);
    ck_ok(k->conv2d(&a.x.view, &a.w.view, NULL, &c->params, &a.y.view));
    assert_close(name_of(isa, "forward without bias", i), &a.y, &want, tolerance);
    array_free(&want);
    arrays_free(&a);
}

static void check_backward(const lks_kernels *k, const char *isa, int i, lks_dtype dtype)
{
    const conv_case *c = &cases[i];
    arrays a = arrays_of(c, dtype, i % 3);
    array dx = array_random(dtype, a.x.view.ndim, a.x.view.sizes, 1, 9);
    array want = like(&dx, 0), dw = like(&a.w, 0), want_w = like(&a.w, 1);
    array db = like(&a.bias, 0), want_b = like(&a.bias, 1);
    double n_pixels = (double)(c->n * a.y.view.sizes[2] * a.y.view.sizes[3]);

    naive_conv2d_backward_data(&a.dy.view, &a.w.view, &c->params, &want.view);
    ck_ok(k->conv2d_backward_data(&a.dy.view, &a.w.view, &c->params, &dx.view));
    assert_close(name_of(isa, "backward data", i), &dx, &want,
                 tolerance_of(dtype, (double)(c->o * c->kh * c->kw)));

    for (int accumulate = 0; accumulate < 2; accumulate++) {
        naive_conv2d_backward_weight(&a.x.view, &a.dy.view, &c->params, accumulate,
                                     &want_w.view, &want_b.view);
        ck_ok(k->conv2d_backward_weight(&a.x.view, &a.dy.view, &c->params, accumulate,
                                        &dw.view, &db.view));
        assert_close(name_of(isa, "backward weight", i), &dw, &want_w,
                     tolerance_of(dtype, n_pixels));
        assert_close(name_of(isa, "backward bias", i), &db, &want_b,
                     tolerance_of(dtype, n_pixels));
    }
    ck_ok(k->conv2d_backward_weight(&a.x.view, &a.dy.view, &c->params, true, &dw.view,
                                    NULL));
    array_free(&dx);
    array_free(&want);
    array_free(&dw);
    array_free(&want_w);
    array_free(&db);
    array_free(&want_b);
    arrays_free(&a);
}

START_TEST(forward_is_the_definition)
{
    FOR_EACH_TABLE(k, isa)
    for (int i = 0; i < N_CASES; i++) {
        check_forward(k, isa, i, LKS_F32);
        if (i >= FIRST_SMALL)
            check_forward(k, isa, i, LKS_F64);
    }
}
END_TEST

START_TEST(backward_is_the_definition)
{
    FOR_EACH_TABLE(k, isa)
    for (int i = 0; i < N_CASES; i++) {
        check_backward(k, isa, i, LKS_F32);
        if (i >= FIRST_SMALL)
            check_backward(k, isa, i, LKS_F64);
    }
}
END_TEST

/* Two places, both in the padding alone. */
START_TEST(a_stride_over_padding_beyond_all_sizes_stays_within_the_arrays)
{
    const int64_t padding = (INT64_MAX - 3) / 2, stride = INT64_MAX - 3;
    const conv_case c = {1, 2, 4, 3, 3, 2, 1, {{1, stride}, {0, padding}, {1, 1}, 1}};

    FOR_EACH_TABLE(k, isa)
    {
        arrays a = arrays_of(&c, LKS_F32, 0);
        array y = like(&a.y, 0), dx = like(&a.x, 0), want_dx = like(&a.x, 0);

        ck_assert_int_eq(a.y.view.sizes[3], 2);
        naive_conv2d(&a.x.view, &a.w.view, &a.bias.view, &c.params, &y.view);
        ck_ok(k->conv2d(&a.x.view, &a.w.view, &a.bias.view, &c.params, &a.y.view));
        assert_close(isa, &a.y, &y, 1e-6);
        naive_conv2d_backward_data(&a.dy.view, &a.w.view, &c.params, &want_dx.view);
        ck_ok(k->conv2d_backward_data(&a.dy.view, &a.w.view, &c.params, &dx.view));
        assert_close(isa, &dx, &want_dx, 1e-6);
        array_free(&y);
        array_free(&dx);
        array_free(&want_dx);
        arrays_free(&a);
    }
}
END_TEST

/* source: torch.nn.functional.conv2d on x = arange(9), w = [[1, 2], [3, 4]], b = 0.5 */
START_TEST(every_table_gives_pytorchs_numbers)
{
    const lks_conv2d_params params = PLAIN;
    const double want[] = {27.5, 37.5, 57.5, 67.5};
    array x = array_new(LKS_F64, SIZES(1, 1, 3, 3), 0);
    array w = array_new(LKS_F64, SIZES(1, 1, 2, 2), 0);
    array b = array_new(LKS_F64, SIZES(1), 0),
          y = array_new(LKS_F64, SIZES(1, 1, 2, 2), 0);

    for (int i = 0; i < 9; i++)
        put_at(&x.view, i, i);
    for (int i = 0; i < 4; i++)
        put_at(&w.view, i, i + 1);
    put_at(&b.view, 0, 0.5);
    FOR_EACH_TABLE(k, isa)
    {
        ck_ok(k->conv2d(&x.view, &w.view, &b.view, &params, &y.view));
        for (int i = 0; i < 4; i++)
            ck_assert_msg(get(&y, i) == want[i], "%s: %g", isa, get(&y, i));
    }
    array_free(&x);
    array_free(&w);
    array_free(&b);
    array_free(&y);
}
END_TEST

/* The same with one thread, with three and once more; the whole and its lanes. */
START_TEST(results_depend_on_neither_threads_nor_other_images)
{
    FOR_EACH_TABLE(k, isa)
    for (int i = 0; i < N_CASES; i++) {
        const conv_case *c = &cases[i];
        arrays a = arrays_of(c, LKS_F32, 0);
        array y = like(&a.y, 0), dx = like(&a.x, 0), dx2 = like(&a.x, 0);
        array dw = like(&a.w, 0), dw2 = like(&a.w, 0);
        array db = like(&a.bias, 0), db2 = like(&a.bias, 0);

        ck_ok(k->conv2d(&a.x.view, &a.w.view, &a.bias.view, &c->params, &a.y.view));
        ck_ok(k->conv2d_backward_data(&a.dy.view, &a.w.view, &c->params, &dx.view));
        ck_ok(k->conv2d_backward_weight(&a.x.view, &a.dy.view, &c->params, false,
                                        &dw.view, &db.view));
        lks_set_num_threads(lks_cpu, 3);
        ck_ok(k->conv2d(&a.x.view, &a.w.view, &a.bias.view, &c->params, &y.view));
        ck_ok(k->conv2d_backward_data(&a.dy.view, &a.w.view, &c->params, &dx2.view));
        ck_ok(k->conv2d_backward_weight(&a.x.view, &a.dy.view, &c->params, false,
                                        &dw2.view, &db2.view));
        lks_set_num_threads(lks_cpu, 1);
        assert_same_bits(name_of(isa, "y", i), &y, &a.y);
        assert_same_bits(name_of(isa, "dx", i), &dx2, &dx);
        assert_same_bits(name_of(isa, "dw", i), &dw2, &dw);
        assert_same_bits(name_of(isa, "db", i), &db2, &db);

        if (c->n > 1) { /* the last image alone */
            int64_t last = c->n - 1;
            lks_view x1 = a.x.view, y1 = y.view;

            x1.sizes[0] = y1.sizes[0] = 1;
            x1.data = (float *)x1.data + last * x1.strides[0];
            ck_ok(k->conv2d(&x1, &a.w.view, &a.bias.view, &c->params, &y1));
            ck_assert_mem_eq(y.view.data, (float *)a.y.view.data + last * y1.strides[0],
                             (size_t)y1.strides[0] * sizeof(float));
        }
        array_free(&y);
        array_free(&dx);
        array_free(&dx2);
        array_free(&dw);
        array_free(&dw2);
        array_free(&db);
        array_free(&db2);
        arrays_free(&a);
    }
}
END_TEST

START_TEST(nan_and_infinity_reach_just_the_outputs_they_touch)
{
    const conv_case c = {1, 2, 8, 8, 3, 3, 3, PLAIN};

    FOR_EACH_TABLE(k, isa)
    {
        arrays a = arrays_of(&c, LKS_F32, 0);
        array want = like(&a.y, 0);

        put_at(&a.x.view, 0, (double)NAN);
        put_at(&a.x.view, 63, (double)INFINITY);
        naive_conv2d(&a.x.view, &a.w.view, NULL, &c.params, &want.view);
        ck_ok(k->conv2d(&a.x.view, &a.w.view, NULL, &c.params, &a.y.view));
        assert_close(isa, &a.y, &want, 1e-6);
        ck_assert(isnan(get(&a.y, 0)) && isinf(get(&a.y, 35)));
        array_free(&want);
        arrays_free(&a);
    }
}
END_TEST

START_TEST(memory_that_runs_out_is_reported)
{
    const lks_kernels *k = lks_cpu_kernels();
    arrays a = arrays_of(&cases[1], LKS_F32, 0);
    array dw = like(&a.w, 0);
    const lks_conv2d_params *params = &cases[1].params;

    lks_alloc_fail_after(0);
    ck_fails(k->conv2d(&a.x.view, &a.w.view, NULL, params, &a.y.view), LKS_NOMEM,
             "alloc");
    lks_alloc_fail_after(0);
    ck_fails(k->conv2d_backward_data(&a.dy.view, &a.w.view, params, &a.x.view), LKS_NOMEM,
             "alloc");
    lks_alloc_fail_after(0);
    ck_fails(
        k->conv2d_backward_weight(&a.x.view, &a.dy.view, params, false, &dw.view, NULL),
        LKS_NOMEM, "alloc");
    array_free(&dw);
    arrays_free(&a);
}
END_TEST

/* Scratch memory whose size in bytes, cut to 64 bits, would be small. */
START_TEST(scratch_memory_beyond_the_address_space_is_no_memory)
{
    /* copies of 2^31 x 2^31 floats, to pad */
    const conv_case padded = {
        1, 1, 4, 4,
        1, 1, 1, {{1 << 30, 1 << 30}, {(1 << 30) - 2, (1 << 30) - 2}, {1, 1}, 1}};
    /* 16 copies, each with 2^20 floats for each of 2^40 residues of the stride */
    const int64_t far = INT64_C(1) << 40;
    const conv_case sparse = {1, 16, 1, 2,
                              1, 1,  1, {{far, 1}, {far, (1 << 19) - 1}, {1, 1}, 1}};

    FOR_EACH_TABLE(k, isa)
    {
        if (k == lks_reference_kernels()) /* has none */
            continue;

        arrays a = arrays_of(&padded, LKS_F32, 0), b = arrays_of(&sparse, LKS_F32, 0);

        ck_fails(k->conv2d_backward_weight(&a.x.view, &a.dy.view, &padded.params, false,
                                           &a.w.view, NULL),
                 LKS_NOMEM, "cannot allocate");
        ck_fails(k->conv2d(&b.x.view, &b.w.view, NULL, &sparse.params, &b.y.view),
                 LKS_NOMEM, "cannot allocate");
        ck_fails(
            k->conv2d_backward_data(&b.dy.view, &b.w.view, &sparse.params, &b.x.view),
            LKS_NOMEM, "cannot allocate");
        arrays_free(&a);
        arrays_free(&b);
    }
}
END_TEST

START_TEST(other_dtypes_are_refused_by_name)
{
    const lks_kernels *k = lks_cpu_kernels();
    arrays a = arrays_of(&cases[1], LKS_I32, 0);

    ck_fails(k->conv2d(&a.x.view, &a.w.view, NULL, &cases[1].params, &a.y.view),
             LKS_DTYPE, "conv2d does not take int32");
    arrays_free(&a);
}
END_TEST

LKS_SUITE("conv", forward_is_the_definition, backward_is_the_definition,
          a_stride_over_padding_beyond_all_sizes_stays_within_the_arrays,
          every_table_gives_pytorchs_numbers,
          results_depend_on_neither_threads_nor_other_images,
          nan_and_infinity_reach_just_the_outputs_they_touch,
          memory_that_runs_out_is_reported,
          scratch_memory_beyond_the_address_space_is_no_memory,
          other_dtypes_are_refused_by_name)
