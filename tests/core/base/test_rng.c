#include "support/suite.h"

#include "base/rng.h"

/* source: Random123's known-answer tests, kat_vectors, "philox4x32 10" */
START_TEST(philox_gives_the_published_answers)
{
    static const struct {
        uint32_t counter[4], key[2], want[4];
    } cases[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t got[4];

        lks_philox(cases[i].counter, cases[i].key, got);
        ck_assert_mem_eq(got, cases[i].want, sizeof got);
    }
}
END_TEST

START_TEST(a_stream_can_be_entered_anywhere)
{
    const lks_rng rng = {.seed = 7, .step = 3, .lane = 2, .layer = 1};
    float whole[41], part[20];

    lks_rng_uniform_f32(&rng, 0, 41, whole);
    for (uint64_t first = 0; first < 21; first++) {
        lks_rng_uniform_f32(&rng, first, 20, part);
        ck_assert_mem_eq(part, whole + first, sizeof part);
    }
}
END_TEST

START_TEST(uniform_numbers_stay_in_range_with_the_right_mean)
{
    const lks_rng rng = {.seed = 1};
    static float f[100000];
    static double d[100000];
    double mean_f = 0, mean_d = 0;

    lks_rng_uniform_f32(&rng, 0, 100000, f);
    lks_rng_uniform_f64(&rng, 0, 100000, d);
    for (int i = 0; i < 100000; i++) {
        ck_assert(f[i] >= 0 && f[i] < 1 && d[i] >= 0 && d[i] < 1);
        mean_f += f[i] / 100000;
        mean_d += d[i] / 100000;
    }
    /* standard error 0.0009 */
    ck_assert_double_eq_tol(mean_f, 0.5, 0.004);
    ck_assert_double_eq_tol(mean_d, 0.5, 0.004);
}
END_TEST

START_TEST(parts_of_a_layers_stream_are_no_other_layers)
{
    const lks_rng rng = {1, 2, 3, 65535}, zeroth = lks_rng_part(&rng, 0);
    const lks_rng last = lks_rng_part(&rng, 0xfeff), first = lks_rng_part(&rng, 1);

    ck_assert_uint_eq(zeroth.layer, rng.layer);
    ck_assert_uint_eq(first.layer, 0x1ffff);
    ck_assert_uint_lt(last.layer, LKS_RNG_INIT);
    ck_assert_uint_ne(lks_rng_bits(&first, 0), lks_rng_bits(&rng, 0));
}
END_TEST

START_TEST(seed_step_lane_and_layer_each_change_the_stream)
{
    const lks_rng rngs[] = {{1, 0, 0, 0}, {2, 0, 0, 0}, {1, 1, 0, 0},
                            {1, 0, 1, 0}, {1, 0, 0, 1}, {1ull << 32 | 1, 0, 0, 0}};
    uint32_t first[6];

    for (int i = 0; i < 6; i++) {
        first[i] = lks_rng_bits(&rngs[i], 0);
        for (int j = 0; j < i; j++)
            ck_assert_uint_ne(first[i], first[j]);
    }
}
END_TEST

LKS_SUITE("rng", parts_of_a_layers_stream_are_no_other_layers,
          philox_gives_the_published_answers, a_stream_can_be_entered_anywhere,
          uniform_numbers_stay_in_range_with_the_right_mean,
          seed_step_lane_and_layer_each_change_the_stream)
