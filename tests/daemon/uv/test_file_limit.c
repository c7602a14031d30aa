#include "support/suite.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "daemon/uv/file_limit.h"

enum { MANY = 40 };

static void set_limit(rlim_t soft, rlim_t hard)
{
    const struct rlimit limit = {soft, hard};

    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static rlim_t soft_limit(void)
{
    struct rlimit limit;

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    return limit.rlim_cur;
}

START_TEST(the_soft_limit_is_raised_to_what_so_many_ranks_want)
{
    const lks_descriptor_shares wanted = lks_descriptors_share(UINT32_MAX, 0, 100);
    lks_descriptor_shares shares;

    set_limit(64, 4096);
    lks_file_limit_raise(100);
    ck_assert_uint_gt(soft_limit(), 256 + 356);
    ck_assert_uint_lt(soft_limit(), 4096); /* and no further */
    shares = lks_file_limit_share(100);
    ck_assert_uint_eq(shares.clients, wanted.clients);
    ck_assert_uint_eq(shares.strangers, wanted.strangers);
}
END_TEST

START_TEST(it_is_not_raised_past_the_hard_limit_and_never_lowered)
{
    set_limit(64, 256);
    lks_file_limit_raise(2);
    ck_assert_uint_eq(soft_limit(), 256);
    lks_file_limit_raise(100000);
    ck_assert_uint_eq(soft_limit(), 256);
}
END_TEST

START_TEST(what_is_enough_is_left_as_it_is)
{
    set_limit(4000, 4096);
    lks_file_limit_raise(2);
    ck_assert_uint_eq(soft_limit(), 4000);
}
END_TEST

START_TEST(what_is_open_already_is_not_shared_out)
{
    lks_descriptor_shares before, after;

    set_limit(256, 256);
    before = lks_file_limit_share(2);
    for (int i = 0; i < MANY; i++)
        ck_assert_int_ge(dup(0), 0);
    after = lks_file_limit_share(2);
    ck_assert_uint_eq(before.clients + before.strangers,
                      after.clients + after.strangers + MANY);
}
END_TEST

START_TEST(without_any_descriptor_left_the_least_is_shared_out)
{
    lks_descriptor_shares shares;

    set_limit(0, 256);
    shares = lks_file_limit_share(2);
    set_limit(256, 256); /* for what looks for leaks */
    ck_assert_uint_eq(shares.clients, 1);
    ck_assert_uint_eq(shares.strangers, 1);
}
END_TEST

LKS_SUITE("file_limit", the_soft_limit_is_raised_to_what_so_many_ranks_want,
          it_is_not_raised_past_the_hard_limit_and_never_lowered,
          what_is_enough_is_left_as_it_is, what_is_open_already_is_not_shared_out,
          without_any_descriptor_left_the_least_is_shared_out)
