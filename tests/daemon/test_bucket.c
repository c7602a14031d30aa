#include "support/suite.h"

#include "daemon/bucket.h"

START_TEST(it_begins_full_and_fills_with_time_up_to_its_most)
{
    lks_bucket bucket;

    lks_bucket_init(&bucket, 10, 5, 100);
    ck_assert_double_eq(lks_bucket_left(&bucket, 100), 5);
    lks_bucket_use(&bucket, 4);
    ck_assert_double_eq(lks_bucket_left(&bucket, 100), 1);
    ck_assert_double_eq(lks_bucket_left(&bucket, 100.25), 3.5);
    ck_assert_double_eq(lks_bucket_left(&bucket, 200), 5);
}
END_TEST

START_TEST(what_was_overdrawn_is_made_up_first)
{
    lks_bucket bucket;

    lks_bucket_init(&bucket, 2, 1, 0);
    lks_bucket_use(&bucket, 4);
    ck_assert_double_eq(lks_bucket_left(&bucket, 0), -3);
    ck_assert_double_eq(lks_bucket_wait_s(&bucket, 1), 2);
    ck_assert_double_eq(lks_bucket_left(&bucket, 1), -1);
    ck_assert_double_eq(lks_bucket_wait_s(&bucket, 1), 1);
    ck_assert_double_eq(lks_bucket_left(&bucket, 2), 1);
    ck_assert_double_eq(lks_bucket_wait_s(&bucket, 1), 0);
}
END_TEST

START_TEST(what_is_given_back_never_makes_it_overflow)
{
    lks_bucket bucket;

    lks_bucket_init(&bucket, 1, 3, 0);
    lks_bucket_use(&bucket, 2);
    lks_bucket_use(&bucket, -1);
    ck_assert_double_eq(lks_bucket_left(&bucket, 0), 2);
    lks_bucket_use(&bucket, -9);
    ck_assert_double_eq(lks_bucket_left(&bucket, 0), 3);
}
END_TEST

START_TEST(who_wants_more_than_fits_waits_until_it_is_full)
{
    lks_bucket bucket;

    lks_bucket_init(&bucket, 1, 3, 0);
    ck_assert_double_eq(lks_bucket_wait_s(&bucket, 100), 0);
    lks_bucket_use(&bucket, 1);
    ck_assert_double_eq(lks_bucket_wait_s(&bucket, 100), 1);
}
END_TEST

START_TEST(a_clock_that_stands_still_or_goes_back_fills_nothing)
{
    lks_bucket bucket;

    lks_bucket_init(&bucket, 1, 3, 10);
    lks_bucket_use(&bucket, 3);
    ck_assert_double_eq(lks_bucket_left(&bucket, 9), 0);
    ck_assert_double_eq(lks_bucket_left(&bucket, 10), 0);
    ck_assert_double_eq(lks_bucket_left(&bucket, 11), 1);
}
END_TEST

LKS_SUITE("bucket", it_begins_full_and_fills_with_time_up_to_its_most,
          what_was_overdrawn_is_made_up_first, what_is_given_back_never_makes_it_overflow,
          who_wants_more_than_fits_waits_until_it_is_full,
          a_clock_that_stands_still_or_goes_back_fills_nothing)
