#include "support/suite.h"

#include "proto/cookie.h"

START_TEST(two_cookies_differ_and_each_equals_itself)
{
    lks_cookie a, b;

    ck_ok(lks_cookie_create(&a));
    ck_ok(lks_cookie_create(&b));
    ck_assert(lks_cookie_equal(&a, a.bytes, sizeof a.bytes));
    ck_assert(!lks_cookie_equal(&a, b.bytes, sizeof b.bytes));
}
END_TEST

START_TEST(one_changed_bit_anywhere_is_refused)
{
    lks_cookie a, b;

    ck_ok(lks_cookie_create(&a));
    for (size_t bit = 0; bit < 8 * sizeof a.bytes; bit++) {
        b = a;
        b.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        ck_assert(!lks_cookie_equal(&a, b.bytes, sizeof b.bytes));
    }
}
END_TEST

START_TEST(any_other_length_is_refused)
{
    lks_cookie a;
    uint8_t longer[LKS_COOKIE_BYTES + 1] = {0};

    ck_ok(lks_cookie_create(&a));
    memcpy(longer, a.bytes, sizeof a.bytes);
    ck_assert(!lks_cookie_equal(&a, NULL, 0));
    for (size_t n = 0; n <= sizeof longer; n++)
        ck_assert(lks_cookie_equal(&a, longer, n) == (n == sizeof a.bytes));
}
END_TEST

LKS_SUITE("cookie", two_cookies_differ_and_each_equals_itself,
          one_changed_bit_anywhere_is_refused, any_other_length_is_refused)
