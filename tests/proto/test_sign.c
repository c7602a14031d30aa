#include "support/suite.h"

#include "proto/sign.h"

static const lks_sign sign = {
    .rank = 3, .size = 8, .stage = LKS_STAGE_DATA, .pid = 4711, .host = "node-1"};

START_TEST(a_sign_reads_back)
{
    char line[LKS_SIGN_BYTES];
    lks_sign read;
    size_t n = lks_sign_format(&sign, line);

    ck_assert_uint_eq(n, strlen(line));
    ck_assert_int_eq(line[n - 1], '\n');
    line[n - 1] = '\0';
    ck_assert(lks_sign_parse(line, &read));
    ck_assert_uint_eq(read.rank, 3);
    ck_assert_uint_eq(read.size, 8);
    ck_assert_int_eq(read.stage, LKS_STAGE_DATA);
    ck_assert_uint_eq(read.pid, 4711);
    ck_assert_str_eq(read.host, "node-1");
}
END_TEST

START_TEST(a_tag_of_mpiruns_may_stand_before_it)
{
    lks_sign read;

    ck_assert(lks_sign_parse("[1,3]<stderr>: lockstep: sign 1/2 0 99 h", &read));
    ck_assert_uint_eq(read.rank, 1);
}
END_TEST

START_TEST(what_is_no_sign_is_none)
{
    static const char *const lines[] = {"",
                                        "lockstep: warn: slow",
                                        "lockstep: sign",
                                        "lockstep: sign 1/2 0 99",
                                        "lockstep: sign 2/2 0 99 h",
                                        "lockstep: sign 0/0 0 99 h",
                                        "lockstep: sign 1/2 7 99 h",
                                        "lockstep: sign x/2 0 99 h"};
    lks_sign read;

    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        ck_assert_msg(!lks_sign_parse(lines[i], &read), "taken: %s", lines[i]);
}
END_TEST

START_TEST(the_longest_host_name_fits)
{
    lks_sign longest = {.rank = UINT32_MAX - 1, .size = UINT32_MAX, .pid = UINT32_MAX};
    char line[LKS_SIGN_BYTES];

    memset(longest.host, 'h', sizeof longest.host - 1);
    ck_assert_uint_eq(lks_sign_format(&longest, line), strlen(line));
    ck_assert_int_eq(line[strlen(line) - 1], '\n');
}
END_TEST

LKS_SUITE("sign", a_sign_reads_back, a_tag_of_mpiruns_may_stand_before_it,
          what_is_no_sign_is_none, the_longest_host_name_fits)
