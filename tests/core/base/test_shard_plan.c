#include "support/suite.h"

#include "base/shard_plan.h"

START_TEST(ranks_share_the_lanes_without_gap_or_overlap)
{
    for (uint32_t R = 1; R <= 64; R++)
        for (uint32_t K = 1; K <= 64; K++) {
            uint64_t next = 0;

            for (uint32_t r = 0; r < R; r++) {
                lks_range lanes = lks_shard_lanes(r, R, K);

                ck_assert_uint_eq(lanes.begin, next);
                ck_assert_uint_eq(lanes.begin, (uint64_t)r * K / R);
                ck_assert_uint_ge(lanes.end, lanes.begin);
                ck_assert_uint_le(lanes.end - lanes.begin, (K + R - 1) / R);
                next = lanes.end;
            }
            ck_assert_uint_eq(next, K);
        }
}
END_TEST

START_TEST(lanes_share_a_batch_without_gap_or_overlap)
{
    static const uint64_t batches[] = {0, 1, 7, 8, 60, 64, 127, 1000};

    for (uint32_t K = 1; K <= 64; K++)
        for (size_t b = 0; b < sizeof batches / sizeof *batches; b++) {
            uint64_t next = 0;

            for (uint32_t l = 0; l < K; l++) {
                lks_range samples = lks_lane_samples(l, K, batches[b]);

                ck_assert_uint_eq(samples.begin, next);
                ck_assert_uint_eq(samples.begin, l * batches[b] / K);
                ck_assert_uint_ge(samples.end, samples.begin);
                next = samples.end;
            }
            ck_assert_uint_eq(next, batches[b]);
        }
}
END_TEST

START_TEST(a_short_batch_leaves_some_lanes_empty)
{
    /* floor(l * 3 / 8) for l = 0..8 */
    static const uint64_t want[] = {0, 0, 0, 1, 1, 1, 2, 2, 3};

    for (uint32_t l = 0; l < 8; l++) {
        ck_assert_uint_eq(lks_lane_samples(l, 8, 3).begin, want[l]);
        ck_assert_uint_eq(lks_lane_samples(l, 8, 3).end, want[l + 1]);
    }
}
END_TEST

START_TEST(cuts_are_exact_where_the_product_overflows)
{
    const uint64_t n = UINT64_MAX;
    const uint32_t K = UINT32_MAX;
    lks_range last = lks_lane_samples(K - 1, K, n);
    lks_range middle = lks_lane_samples(K / 2, K, n);

    ck_assert_uint_eq(last.end, n);
    /* 2^64 - 1 = (2^32 - 1)(2^32 + 1): each lane has 2^32 + 1 samples */
    ck_assert_uint_eq(last.end - last.begin, (1ull << 32) + 1);
    ck_assert_uint_eq(middle.begin, (uint64_t)(K / 2) * ((1ull << 32) + 1));
    ck_assert_uint_eq(lks_shard_lanes(K - 1, K, K).begin, K - 1);
    ck_assert_uint_eq(lks_shard_lanes(K - 1, K, K).end, K);
}
END_TEST

START_TEST(an_epoch_ends_with_a_short_batch_unless_dropped)
{
    static const struct {
        lks_step_plan plan;
        uint64_t want;
    } cases[] = {
        {{60000, 64, false}, 938},
        {{60000, 64, true}, 937},
        {{60000, 60, false}, 1000},
        {{60000, 60, true}, 1000},
        {{5, 8, false}, 1},
        {{5, 8, true}, 0},
        {{8, 8, true}, 1},
        {{0, 8, false}, 1},
        {{UINT64_MAX, 1, false}, UINT64_MAX},
        {{1, UINT64_MAX, false}, 1},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert_uint_eq(lks_steps_per_epoch(&cases[i].plan), cases[i].want);
}
END_TEST

START_TEST(steps_walk_through_every_epoch_in_order)
{
    for (int drop = 0; drop < 2; drop++)
        for (uint64_t n = 1; n < 40; n++) {
            const lks_step_plan plan = {n, 8, drop};
            uint64_t per_epoch = lks_steps_per_epoch(&plan), next = 0;

            for (uint64_t step = 0; step < 3 * per_epoch; step++) {
                lks_step_at at = lks_step_locate(&plan, step);

                if (step % per_epoch == 0)
                    next = 0;
                ck_assert_uint_eq(at.epoch, step / per_epoch);
                ck_assert_uint_eq(at.first, next);
                next += at.n;
                ck_assert(at.n == 8 || (!drop && next == n));
                ck_assert_uint_le(next, n);
            }
        }
}
END_TEST

START_TEST(far_steps_are_located_without_overflow)
{
    const lks_step_plan plan = {UINT64_MAX, UINT64_MAX / 2, false};
    lks_step_at at = lks_step_locate(&plan, UINT64_MAX);

    ck_assert_uint_eq(lks_steps_per_epoch(&plan), 3);
    ck_assert_uint_eq(at.epoch, UINT64_MAX / 3);
    ck_assert_uint_eq(at.first, 0);
    at = lks_step_locate(&plan, 2);
    ck_assert_uint_eq(at.first, UINT64_MAX - 1);
    ck_assert_uint_eq(at.n, 1);
}
END_TEST

START_TEST(a_run_without_steps_locates_nothing)
{
    const lks_step_plan plan = {5, 8, true};
    lks_step_at at = lks_step_locate(&plan, 9);

    ck_assert_uint_eq(at.epoch, 0);
    ck_assert_uint_eq(at.n, 0);
}
END_TEST

START_TEST(the_smallest_step_is_an_epochs_last_if_the_run_comes_to_it)
{
    static const struct {
        lks_step_plan plan;
        uint64_t n_steps, want;
    } list[] = {
        {{12, 11, false}, 1, 11}, {{12, 11, false}, 2, 1}, {{12, 11, false}, 7, 1},
        {{12, 11, true}, 7, 11},  {{12, 6, false}, 2, 6},  {{5, 8, false}, 3, 5},
        {{25, 10, false}, 2, 10}, {{25, 10, false}, 3, 5},
    };

    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        ck_assert_uint_eq(lks_step_smallest(&list[i].plan, list[i].n_steps),
                          list[i].want);
}
END_TEST

LKS_SUITE("shard_plan", the_smallest_step_is_an_epochs_last_if_the_run_comes_to_it,
          ranks_share_the_lanes_without_gap_or_overlap,
          lanes_share_a_batch_without_gap_or_overlap,
          a_short_batch_leaves_some_lanes_empty,
          cuts_are_exact_where_the_product_overflows,
          an_epoch_ends_with_a_short_batch_unless_dropped,
          steps_walk_through_every_epoch_in_order, far_steps_are_located_without_overflow,
          a_run_without_steps_locates_nothing)
