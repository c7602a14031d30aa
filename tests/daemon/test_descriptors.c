#include "support/suite.h"

#include "daemon/descriptors.h"

enum { IN_USE = 32 }; /* what rank 0 of two has open, about */

/* What the run has for itself beside its clients and strangers. */
static int64_t rest(uint64_t limit, uint32_t world_size)
{
    const lks_descriptor_shares shares = lks_descriptors_share(limit, IN_USE, world_size);

    return (int64_t)limit - IN_USE - shares.clients - shares.strangers;
}

START_TEST(with_the_wanted_limit_everybody_has_enough)
{
    static const uint32_t sizes[] = {1, 2, 8, 230, 1000, 100000};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const uint64_t limit = lks_descriptors_wanted(IN_USE, sizes[i]);
        const lks_descriptor_shares shares =
            lks_descriptors_share(limit, IN_USE, sizes[i]);

        ck_assert_uint_eq(shares.clients, 256);
        ck_assert_uint_eq(shares.strangers, sizes[i] + 256);
        ck_assert_int_ge(rest(limit, sizes[i]), 2 * (int64_t)sizes[i] + 16);
    }
}
END_TEST

START_TEST(the_run_keeps_what_it_needs_whatever_the_limit)
{
    for (uint64_t limit = 96; limit < 4096; limit++)
        for (uint32_t world_size = 1; world_size <= 16; world_size++)
            ck_assert_int_ge(rest(limit, world_size), 2 * (int64_t)world_size + 16);
    ck_assert_int_ge(rest(256, 8), 16 + 2 * 8);
    ck_assert_int_ge(rest(1024, 230), 16 + 2 * 230);
}
END_TEST

START_TEST(a_small_limit_is_shared_by_both)
{
    const lks_descriptor_shares shares = lks_descriptors_share(256, IN_USE, 2);

    ck_assert_uint_ge(shares.clients, 64);
    ck_assert_uint_ge(shares.strangers, 64);
}
END_TEST

START_TEST(a_larger_limit_never_gives_less)
{
    lks_descriptor_shares before = {0};

    for (uint64_t limit = 0; limit < 2048; limit++) {
        const lks_descriptor_shares now = lks_descriptors_share(limit, IN_USE, 100);

        ck_assert_uint_ge(now.clients, before.clients);
        ck_assert_uint_ge(now.strangers, before.strangers);
        before = now;
    }
}
END_TEST

START_TEST(even_with_too_few_a_worker_and_a_client_come_in)
{
    for (uint64_t limit = 0; limit < 64; limit++) {
        const lks_descriptor_shares shares =
            lks_descriptors_share(limit, UINT64_MAX / 2, 1u << 20);

        ck_assert_uint_eq(shares.clients, 1);
        ck_assert_uint_eq(shares.strangers, 1);
    }
}
END_TEST

LKS_SUITE("descriptors", with_the_wanted_limit_everybody_has_enough,
          the_run_keeps_what_it_needs_whatever_the_limit, a_small_limit_is_shared_by_both,
          a_larger_limit_never_gives_less,
          even_with_too_few_a_worker_and_a_client_come_in)
