#include "support/suite.h"

#include <math.h>
#include <stdint.h>

#include "layout/dtype.h"
#include "golden/dtype.inc"

static float f32_of(uint32_t bits)
{
    float value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

START_TEST(sizes_and_names_are_the_formats_own)
{
    static const size_t sizes[LKS_N_DTYPES] = {4, 8, 8, 4, 2, 1, 1, 2, 2};

    for (int i = 0; i < LKS_N_DTYPES; i++)
        ck_assert_uint_eq(lks_dtype_size_bytes((lks_dtype)i), sizes[i]);
    ck_assert_str_eq(lks_dtype_name(LKS_BF16), "bfloat16");
    ck_assert_str_eq(lks_dtype_safetensors_name(LKS_I64), "I64");
}
END_TEST

START_TEST(a_safetensors_name_leads_back_to_its_dtype)
{
    lks_dtype dtype = LKS_U8;

    ck_assert(!lks_dtype_from_safetensors_name("F8_E4M3", &dtype));
    ck_assert_int_eq(dtype, LKS_U8);
    for (int i = 0; i < LKS_N_DTYPES; i++) {
        ck_assert(lks_dtype_from_safetensors_name(
            lks_dtype_safetensors_name((lks_dtype)i), &dtype));
        ck_assert_int_eq((int)dtype, i);
    }
}
END_TEST

START_TEST(four_dtypes_are_floats)
{
    for (int i = 0; i < LKS_N_DTYPES; i++)
        ck_assert_int_eq(lks_dtype_is_float((lks_dtype)i),
                         i == LKS_F32 || i == LKS_F64 || i == LKS_F16 || i == LKS_BF16);
}
END_TEST

START_TEST(promotion_is_pytorchs)
{
    for (int a = 0; a < LKS_N_DTYPES; a++)
        for (int b = 0; b < LKS_N_DTYPES; b++)
            ck_assert_msg(lks_dtype_promote((lks_dtype)a, (lks_dtype)b) == promoted[a][b],
                          "%s with %s", lks_dtype_name((lks_dtype)a),
                          lks_dtype_name((lks_dtype)b));
}
END_TEST

START_TEST(rounding_to_the_narrow_floats_is_pytorchs)
{
    for (size_t i = 0; i < sizeof rounded / sizeof *rounded; i++) {
        const float value = f32_of(rounded[i].f32);

        ck_assert_msg(lks_f16_from_f32(value) == rounded[i].f16, "f16 of 0x%08x",
                      rounded[i].f32);
        /* PyTorch's own bf16 NaN differs between its scalar and vector loops. */
        if (isnan(value))
            ck_assert_uint_eq(lks_bf16_from_f32(value), 0x7fc0);
        else
            ck_assert_msg(lks_bf16_from_f32(value) == rounded[i].bf16, "bf16 of 0x%08x",
                          rounded[i].f32);
    }
}
END_TEST

START_TEST(every_half_widens_to_its_value)
{
    for (unsigned bits = 0; bits < 0x10000; bits++) {
        const int exponent = bits >> 10 & 0x1f, fraction = bits & 0x3ff;
        const float got = lks_f16_to_f32((unsigned short)bits);
        double want =
            exponent ? ldexp(1024 + fraction, exponent - 25) : ldexp(fraction, -24);

        if (exponent == 31)
            want = fraction ? (double)NAN : (double)INFINITY;
        ck_assert_int_eq(!!signbit(got), bits >> 15);
        if (isnan(want))
            ck_assert(isnan(got));
        else
            ck_assert(fabs((double)got) == want);
    }
}
END_TEST

/* The neighbours a < b of a narrow float, seen from f32: what lies nearer to one goes to
 * it, the middle to the one with an even last bit. */
static void check_between(unsigned short a, float low, float high,
                          unsigned short (*narrow)(float))
{
    const float middle = (float)(((double)low + (double)high) / 2);
    const unsigned short b = (unsigned short)(a + 1), even = a % 2 ? b : a;

    ck_assert_uint_eq(narrow(low), a);
    ck_assert_uint_eq(narrow(nextafterf(middle, 0)), a);
    ck_assert_uint_eq(narrow(middle), even);
    ck_assert_uint_eq(narrow(nextafterf(middle, INFINITY)), b);
    ck_assert_uint_eq(narrow(-middle), even | 0x8000);
}

START_TEST(halves_round_to_nearest_even_everywhere)
{
    for (unsigned short a = 0; a < 0x7bff; a++)
        check_between(a, lks_f16_to_f32(a), lks_f16_to_f32((unsigned short)(a + 1)),
                      lks_f16_from_f32);
    ck_assert_uint_eq(lks_f16_from_f32(nextafterf(65520, 0)), 0x7bff);
    ck_assert_uint_eq(lks_f16_from_f32(65520), 0x7c00);
}
END_TEST

START_TEST(bfloat16s_round_to_nearest_even_everywhere)
{
    for (unsigned short a = 0; a < 0x7f7f; a++)
        check_between(a, lks_bf16_to_f32(a), lks_bf16_to_f32((unsigned short)(a + 1)),
                      lks_bf16_from_f32);
    ck_assert_uint_eq(lks_bf16_from_f32(f32_of(0x7f7f7fff)), 0x7f7f);
    ck_assert_uint_eq(lks_bf16_from_f32(f32_of(0x7f7f8000)), 0x7f80);
    ck_assert(isnan(lks_bf16_to_f32(0x7fc0)));
}
END_TEST

LKS_SUITE("dtype", sizes_and_names_are_the_formats_own,
          a_safetensors_name_leads_back_to_its_dtype, four_dtypes_are_floats,
          promotion_is_pytorchs, rounding_to_the_narrow_floats_is_pytorchs,
          every_half_widens_to_its_value, halves_round_to_nearest_even_everywhere,
          bfloat16s_round_to_nearest_even_everywhere)
