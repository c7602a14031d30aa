#include "support/suite.h"

#include <math.h>

#include "proto/scalar.h"

START_TEST(whole_numbers_are_plain_digits_only)
{
    static const char *const good[] = {"0", "7", "18446744073709551615", "-3", "-0"};
    static const char *const bad[] = {"",      "-",  "+1", "01",  "1.0", "1e3", "0x10",
                                      "1_000", " 1", "1 ", "--1", "١",   "1a",  "-01"};
    lks_whole whole;

    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        ck_assert_msg(lks_scalar_whole(good[i], &whole) && !whole.huge, "%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(!lks_scalar_whole(bad[i], &whole), "%s", bad[i]);
    ck_assert(lks_scalar_whole("18446744073709551615", &whole));
    ck_assert_uint_eq(whole.magnitude, UINT64_MAX);
    ck_assert(lks_scalar_whole("-12", &whole) && whole.negative && whole.magnitude == 12);
    ck_assert(lks_scalar_whole("18446744073709551616", &whole) && whole.huge);
    ck_assert(lks_scalar_whole("99999999999999999999999", &whole) && whole.huge);
}
END_TEST

START_TEST(numbers_are_finite_decimals)
{
    static const struct {
        const char *text;
        double want;
    } good[] = {{"0", 0},       {"-1.5", -1.5}, {".5", 0.5},   {"5.", 5}, {"1e-3", 1e-3},
                {"+2E+2", 200}, {"0.1", 0.1},   {"1e-400", 0}, {"007", 7}};
    static const char *const bad[] = {"",    ".",    "e5",  "1e",    "1e+",
                                      "inf", ".inf", "nan", "0x1p3", "1e999",
                                      "1,5", "1 ",   "--1", "1f"};
    double value = 0;

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        ck_assert_msg(lks_scalar_real(good[i].text, &value), "%s", good[i].text);
        ck_assert_double_eq(value, good[i].want);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(!lks_scalar_real(bad[i], &value), "%s", bad[i]);
}
END_TEST

START_TEST(doubles_are_written_in_their_shortest_form)
{
    static const struct {
        double value;
        const char *want;
    } cases[] = {{0.1, "0.1"},
                 {1.0 / 3, "0.3333333333333333"},
                 {0, "0"},
                 {-2, "-2"},
                 {1e-8, "1e-08"},
                 {0.1 + 0.2, "0.30000000000000004"},
                 {1.7976931348623157e308, "1.7976931348623157e+308"},
                 {4.9406564584124654e-324, "5e-324"}};
    char text[LKS_REAL_TEXT];
    double back = 0;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lks_real_text(cases[i].value, text);
        ck_assert_str_eq(text, cases[i].want);
        ck_assert(lks_scalar_real(text, &back) && back == cases[i].value);
    }
}
END_TEST

START_TEST(flags_are_true_and_false_alone)
{
    static const char *const bad[] = {"yes", "no", "on", "True", "1", "", "truee"};
    bool flag = false;

    ck_assert(lks_scalar_flag("true", &flag) && flag);
    ck_assert(lks_scalar_flag("false", &flag) && !flag);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(!lks_scalar_flag(bad[i], &flag), "%s", bad[i]);
}
END_TEST

LKS_SUITE("scalar", whole_numbers_are_plain_digits_only, numbers_are_finite_decimals,
          doubles_are_written_in_their_shortest_form, flags_are_true_and_false_alone)
