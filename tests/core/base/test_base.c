#include "support/suite.h"

#include "base/alloc.h"
#include "base/option.h"
#include "base/try.h"

START_TEST(the_first_failure_stays_until_it_is_read)
{
    lks_error_clear();
    ck_assert_int_eq(lks_fail(LKS_SHAPE, "first %d", 1), LKS_SHAPE);
    ck_assert_int_eq(lks_fail(LKS_IO, "second"), LKS_IO);
    ck_assert_int_eq(lks_error_status(), LKS_SHAPE);
    ck_assert_str_eq(lks_error_text(), "first 1");
    ck_assert_int_eq(lks_error_status(), LKS_OK);
    lks_fail(LKS_IO, "third");
    ck_assert_str_eq(lks_error_text(), "third");
}
END_TEST

START_TEST(a_failures_text_is_one_line_that_no_terminal_acts_on)
{
    lks_error_clear();
    lks_fail(LKS_IO, "%s: missing", "a\n\x1b[1m\x7f ünï");
    ck_assert_str_eq(lks_error_text(), "a??[1m? ünï: missing");
}
END_TEST

START_TEST(a_cleared_failure_leaves_no_text)
{
    lks_fail(LKS_IO, "gone");
    lks_error_clear();
    ck_assert_str_eq(lks_error_text(), "");
    ck_assert_int_eq(lks_error_status(), LKS_OK);
}
END_TEST

static lks_status two_steps(char **out)
{
    char *a = NULL, *b = NULL;
    lks_status st = LKS_OK;

    if (!(a = lks_strdup("a")) || !(b = lks_strdup("b")))
        LKS_GO(LKS_NOMEM);
    *out = a;
    a = NULL;
cleanup:
    lks_free(a);
    lks_free(b);
    return st;
}

START_TEST(the_armed_allocation_fails_once_and_is_recorded)
{
    char *text = NULL;

    for (long n = 0; n < 2; n++) {
        lks_alloc_fail_after(n);
        ck_fails(two_steps(&text), LKS_NOMEM, "cannot allocate 2 bytes");
        ck_assert(lks_alloc_has_failed());
        ck_assert_ptr_null(text);
    }
    lks_alloc_fail_after(2);
    ck_ok(two_steps(&text));
    ck_assert(!lks_alloc_has_failed());
    lks_alloc_fail_after(-1);
    lks_free(text);
}
END_TEST

START_TEST(a_product_that_overflows_is_refused)
{
    lks_error_clear();
    ck_assert_ptr_null(lks_calloc((size_t)-1, 16));
    ck_assert_str_eq(lks_error_text(), "cannot allocate 18446744073709551615 x 16 bytes");
}
END_TEST

START_TEST(one_value_of_an_option_stands_for_all)
{
    const lks_option items[] = {{"kernel_size", 1, {5}}, {"stride", 2, {2, 3}}};
    const lks_options options = {items, 2};
    double out[2];

    lks_option_get_n(options, "kernel_size", 2, 0, out);
    ck_assert(out[0] == 5 && out[1] == 5);
    lks_option_get_n(options, "stride", 2, 0, out);
    ck_assert(out[0] == 2 && out[1] == 3);
    lks_option_get_n(options, "padding", 2, 7, out);
    ck_assert(out[0] == 7 && out[1] == 7);
    ck_assert(lks_option_get(options, "bias", 1) == 1);
}
END_TEST

LKS_SUITE("base", the_first_failure_stays_until_it_is_read,
          a_failures_text_is_one_line_that_no_terminal_acts_on,
          a_cleared_failure_leaves_no_text,
          the_armed_allocation_fails_once_and_is_recorded,
          a_product_that_overflows_is_refused, one_value_of_an_option_stands_for_all)
