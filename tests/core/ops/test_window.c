#include "support/suite.h"

#include "ops/window.h"

START_TEST(a_window_finds_as_many_places_as_fit)
{
    ck_assert_int_eq(lks_window_count(5, 3, 1, 0, 1), 3);
    ck_assert_int_eq(lks_window_count(5, 3, 2, 1, 1), 3);
    ck_assert_int_eq(lks_window_count(5, 3, 1, 0, 2), 1);
    ck_assert_int_eq(lks_window_count(5, 3, INT64_MAX, 0, 1), 1);
    ck_assert_int_eq(lks_window_count(5, 1, 1, 0, INT64_MAX), 5);
    ck_assert_int_eq(lks_window_count(5, 3, 1, 0, 3), -1);
    ck_assert_int_eq(lks_window_count(0, 1, 1, 0, 1), -1);
}
END_TEST

START_TEST(a_window_of_nothing_finds_no_place)
{
    ck_assert_int_eq(lks_window_count(5, 0, 1, 0, 1), -1);
    ck_assert_int_eq(lks_window_count(5, 0, 1, 0, INT64_MAX), -1);
}
END_TEST

/* However few places the stride leaves: a kernel reckons with the padded size. */
START_TEST(padding_or_windows_beyond_an_int64_find_no_place)
{
    ck_assert_int_eq(lks_window_count(5, 3, INT64_MAX, INT64_MAX, 1), -1);
    ck_assert_int_eq(lks_window_count(5, 3, INT64_MAX, INT64_MAX / 2, 1), -1);
    ck_assert_int_eq(lks_window_count(5, 3, 1, 0, INT64_MAX), -1);
    ck_assert_int_eq(lks_window_count(1, 3, INT64_MAX, INT64_MAX / 2, 1), 1);
}
END_TEST

LKS_SUITE("window", a_window_finds_as_many_places_as_fit,
          a_window_of_nothing_finds_no_place,
          padding_or_windows_beyond_an_int64_find_no_place)
