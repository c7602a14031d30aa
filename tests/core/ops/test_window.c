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

START_TEST(a_last_window_may_go_beyond_but_begins_in_the_data_or_before)
{
    ck_assert_int_eq(lks_window_count_up(5, 2, 2, 0, 1), 3);
    ck_assert_int_eq(lks_window_count_up(4, 2, 2, 0, 1), 2);
    ck_assert_int_eq(lks_window_count_up(5, 2, 3, 1, 1), 2);
    ck_assert_int_eq(lks_window_count_up(1, 2, 2, 0, 1), 1);
    ck_assert_int_eq(lks_window_count_up(1, 4, 2, 0, 1), -1);
    ck_assert_int_eq(lks_window_count_up(5, 3, INT64_MAX, 0, 1), 1);
    ck_assert_int_eq(lks_window_count_up(5, 3, 1, INT64_MAX, 1), -1);
    ck_assert_int_eq(lks_window_count_up(0, 1, 1, 0, 1), -1);
}
END_TEST

START_TEST(a_transposed_window_gives_what_its_convolution_takes)
{
    ck_assert_int_eq(lks_conv_transpose_size(3, 3, 2, 1, 1, 1), 6);
    ck_assert_int_eq(lks_conv_transpose_size(2, 2, 3, 0, 4, 0), 8);
    ck_assert_int_eq(lks_conv_transpose_size(1, 1, 1, 0, 1, 0), 1);
    ck_assert_int_eq(lks_conv_transpose_size(2, 3, 1, 2, 1, 0), -1);
    ck_assert_int_eq(lks_conv_transpose_size(0, 3, 1, 0, 1, 0), -1);
    ck_assert_int_eq(lks_conv_transpose_size(INT64_MAX, 2, 1, 0, 1, 0), -1);
    ck_assert_int_eq(lks_conv_transpose_size(3, 3, INT64_MAX, 0, 1, 0), -1);
}
END_TEST

LKS_SUITE("window", a_window_finds_as_many_places_as_fit,
          a_last_window_may_go_beyond_but_begins_in_the_data_or_before,
          a_transposed_window_gives_what_its_convolution_takes,
          a_window_of_nothing_finds_no_place,
          padding_or_windows_beyond_an_int64_find_no_place)
