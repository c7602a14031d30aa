#include "core/cpu/views.h"

static const lks_dtype dtypes[] = {LKS_F32, LKS_F64,  LKS_I64, LKS_I32, LKS_I16,
                                   LKS_U8,  LKS_BOOL, LKS_F16, LKS_BF16};

enum { N_DTYPES = sizeof dtypes / sizeof *dtypes };

/* What `value`, a small whole number or a half, becomes. */
static double cast(double value, lks_dtype dtype)
{
    if (dtype == LKS_BOOL)
        return value != 0;
    if (dtype == LKS_U8 && value < 0)
        return -1; /* depends on the source: checked elsewhere */
    return lks_dtype_is_float(dtype) ? value : trunc(value);
}

START_TEST(every_dtype_becomes_every_other)
{
    FOR_EACH_TABLE(k, isa)
    for (int from = 0; from < N_DTYPES; from++)
        for (int to = 0; to < N_DTYPES; to++) {
            array x = array_new(dtypes[from], SIZES(43), 1);
            array y = array_new(dtypes[to], SIZES(43), 2);

            for (int64_t i = 0; i < 43; i++)
                put_at(&x.view, i, (double)(i % 21) / 2);
            ck_ok(k->copy(&x.view, &y.view));
            for (int64_t i = 0; i < 43; i++)
                ck_assert_msg(get(&y, i) == cast(get(&x, i), dtypes[to]),
                              "%s: %s %g became %s %g", isa, lks_dtype_name(dtypes[from]),
                              get(&x, i), lks_dtype_name(dtypes[to]), get(&y, i));
            array_free(&x);
            array_free(&y);
        }
}
END_TEST

START_TEST(floats_that_integers_cannot_hold_become_the_nearest_and_nan_zero)
{
    const double xs[] = {(double)NAN, (double)INFINITY, -(double)INFINITY, 1e30, -1e30,
                         -1};
    const double want[4][6] = {
        {0, 0x1p63, -0x1p63, 0x1p63, -0x1p63, -1}, /* rounded as get() does */
        {0, INT32_MAX, INT32_MIN, INT32_MAX, INT32_MIN, -1},
        {0, INT16_MAX, INT16_MIN, INT16_MAX, INT16_MIN, -1},
        {0, 255, 0, 255, 0, 0},
    };
    const lks_dtype integers[] = {LKS_I64, LKS_I32, LKS_I16, LKS_U8};

    FOR_EACH_TABLE(k, isa)
    for (int f = 0; f < 2; f++)
        for (int d = 0; d < 4; d++) {
            array x = array_new(f ? LKS_F64 : LKS_F32, SIZES(6), 0);
            array y = array_new(integers[d], SIZES(6), 0);

            for (int64_t i = 0; i < 6; i++)
                put_at(&x.view, i, xs[i]);
            ck_ok(k->copy(&x.view, &y.view));
            for (int64_t i = 0; i < 6; i++)
                ck_assert_msg(get(&y, i) == want[d][i], "%s: %g to %s is %g", isa, xs[i],
                              lks_dtype_name(integers[d]), get(&y, i));
            array_free(&x);
            array_free(&y);
        }
}
END_TEST

/* Both ways over all bit patterns, against the conversions of layout/dtype.h. */
START_TEST(narrow_floats_round_as_the_scalar_conversions_do)
{
    enum { N = 1 << 16 };

    FOR_EACH_TABLE(k, isa)
    for (int f = 0; f < 2; f++) {
        lks_dtype dtype = f ? LKS_BF16 : LKS_F16;
        array x = array_new(LKS_F32, SIZES(N), 0), narrow = array_new(dtype, SIZES(N), 0);
        array back = array_new(LKS_F32, SIZES(N), 0);

        for (uint32_t i = 0; i < N; i++) {
            uint32_t bits = i << 16 | (i * 40503u & 0xffff);

            memcpy((float *)x.view.data + i, &bits, sizeof bits);
        }
        ck_ok(k->copy(&x.view, &narrow.view));
        ck_ok(k->copy(&narrow.view, &back.view));
        for (int64_t i = 0; i < N; i++) {
            float value = ((float *)x.view.data)[i];
            uint16_t want = f ? lks_bf16_from_f32(value) : lks_f16_from_f32(value);
            uint16_t got = ((uint16_t *)narrow.view.data)[i];

            ck_assert_msg(got == want || isnan(value), "%s: %a is %x, not %x", isa,
                          (double)value, got, want);
            ck_assert(isnan(value) == isnan(get(&back, i)));
            ck_assert(isnan(value) || get(&back, i) == get(&narrow, i));
        }
        array_free(&x);
        array_free(&narrow);
        array_free(&back);
    }
}
END_TEST

/* x (a, b, c) copied with its dimensions in each order, to each order. */
START_TEST(dimensions_in_any_order_are_copied)
{
    static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                     {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    static const int64_t sizes[][3] = {{3, 17, 29}, {16, 8, 1}, {1, 9, 40}, {5, 0, 3}};
    static const lks_dtype some[] = {LKS_F32, LKS_I32, LKS_F64, LKS_U8};

    FOR_EACH_TABLE(k, isa)
    for (int test = 0; test < 6 * 6 * 4 * 4; test++) {
        const int64_t *size = sizes[test / 36 % 4];
        lks_dtype dtype = some[test / 144];
        const int *from = orders[test % 6], *to = orders[test / 6 % 6];
        array x = array_random(dtype, SIZES(size[0], size[1], size[2]), 1, 7);
        array y = array_new(dtype, SIZES(size[0], size[1], size[2]), 3);
        lks_view vx = x.view, vy = y.view;

        for (int d = 0, n = 1, m = 1; d < 3; d++) {
            vx.strides[from[d]] = n;
            n *= (int)size[from[d]];
            vy.strides[to[d]] = m;
            m *= (int)size[to[d]];
        }
        ck_ok(k->copy(&vx, &vy));
        for (int64_t i = 0; i < view_numel(&vx); i++)
            ck_assert_msg(get_at(&vx, offset_of(&vx, i)) ==
                              get_at(&vy, offset_of(&vy, i)),
                          "%s: test %d, element %d", isa, test, (int)i);
        array_free(&x);
        array_free(&y);
    }
}
END_TEST

START_TEST(a_transpose_keeps_integers_that_look_like_signalling_nan)
{
    FOR_EACH_TABLE(k, isa)
    {
        array x = array_new(LKS_I32, SIZES(9, 11), 0),
              y = array_new(LKS_I32, SIZES(11, 9), 0);
        lks_view turned = x.view;

        for (int i = 0; i < 99; i++)
            ((int32_t *)x.view.data)[i] = 0x7f800001 + i;
        turned.sizes[0] = 11, turned.strides[0] = 1;
        turned.sizes[1] = 9, turned.strides[1] = 11;
        ck_ok(k->copy(&turned, &y.view));
        for (int64_t i = 0; i < 99; i++)
            ck_assert_msg(get(&y, i) == get_at(&turned, offset_of(&turned, i)), "%s",
                          isa);
        array_free(&x);
        array_free(&y);
    }
}
END_TEST

START_TEST(planes_are_turned_by_several_threads)
{
    array x = array_random(LKS_F32, SIZES(6, 101, 203), 0, 1);
    array y = array_new(LKS_F32, SIZES(6, 203, 101), 1);
    const lks_view turned = {x.view.data, LKS_F32, 3, {6, 203, 101}, {101 * 203, 1, 203}};

    FOR_EACH_TABLE(k, isa)
    {
        ck_ok(k->fill(&y.view, 0));
        lks_set_num_threads(lks_cpu, 3);
        ck_ok(k->copy(&turned, &y.view));
        lks_set_num_threads(lks_cpu, 1);
        for (int64_t i = 0; i < view_numel(&turned); i++)
            ck_assert_msg(get(&y, i) == get_at(&turned, offset_of(&turned, i)), "%s",
                          isa);
        ck_assert_int_ge(count_threads(), 3);
    }
    array_free(&x);
    array_free(&y);
}
END_TEST

START_TEST(repeated_and_backward_sources_are_copied)
{
    FOR_EACH_TABLE(k, isa)
    {
        array x = array_random(LKS_F32, SIZES(13), 0, 1);
        array y = array_new(LKS_F32, SIZES(4, 13), 1);
        lks_view row = {x.view.data, LKS_F32, 2, {4, 13}, {0, 1}};
        lks_view backwards = {(float *)x.view.data + 12, LKS_F32, 2, {4, 13}, {0, -1}};

        ck_ok(k->copy(&row, &y.view));
        for (int64_t i = 0; i < 52; i++)
            ck_assert_msg(get(&y, i) == get(&x, i % 13), "%s", isa);
        ck_ok(k->copy(&backwards, &y.view));
        for (int64_t i = 0; i < 52; i++)
            ck_assert_msg(get(&y, i) == get(&x, 12 - i % 13), "%s", isa);
        array_free(&x);
        array_free(&y);
    }
}
END_TEST

START_TEST(fill_writes_every_dtype_and_only_the_view)
{
    FOR_EACH_TABLE(k, isa)
    for (int d = 0; d < N_DTYPES; d++) {
        array x = array_new(dtypes[d], SIZES(6, 21), 1);
        lks_view part = x.view;
        double want = dtypes[d] == LKS_BOOL ? 1 : 3;

        ck_ok(k->fill(&x.view, 3));
        for (int64_t i = 0; i < 126; i++)
            ck_assert_msg(get(&x, i) == want, "%s", isa);
        part.sizes[1] = 7; /* every third column */
        part.strides[1] = 3;
        ck_ok(k->fill(&part, 0));
        for (int64_t i = 0; i < 126; i++)
            ck_assert(get(&x, i) == (i % 3 == 0 ? 0 : want));
        array_free(&x);
    }
}
END_TEST

START_TEST(scalars_and_empty_arrays_are_fine)
{
    FOR_EACH_TABLE(k, isa)
    {
        array x = array_new(LKS_F32, 0, NULL, 0), y = array_new(LKS_F64, 0, NULL, 0);
        array none = array_new(LKS_F32, SIZES(3, 0, 2), 0);

        ck_ok(k->fill(&x.view, 2.5));
        ck_ok(k->copy(&x.view, &y.view));
        ck_assert_msg(get(&y, 0) == 2.5, "%s", isa);
        ck_ok(k->fill(&none.view, 1));
        ck_ok(k->copy(&none.view, &none.view));
        array_free(&x);
        array_free(&y);
        array_free(&none);
    }
}
END_TEST

LKS_SUITE("copy", every_dtype_becomes_every_other,
          floats_that_integers_cannot_hold_become_the_nearest_and_nan_zero,
          narrow_floats_round_as_the_scalar_conversions_do,
          dimensions_in_any_order_are_copied,
          a_transpose_keeps_integers_that_look_like_signalling_nan,
          planes_are_turned_by_several_threads, repeated_and_backward_sources_are_copied,
          fill_writes_every_dtype_and_only_the_view, scalars_and_empty_arrays_are_fine)
