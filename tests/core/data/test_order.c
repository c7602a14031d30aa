#include "support/suite.h"

#include <math.h>

#include "data/order.h"
#include "golden/order.inc"

enum { N_MAX = 5000 };

START_TEST(every_epoch_visits_every_sample_once)
{
    static const uint64_t sizes[] = {1,  2,  3,   4,   5,   6,   7,    8,    9,   15,
                                     16, 17, 100, 255, 256, 257, 4095, 4096, 4097};
    static unsigned char seen[N_MAX];

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (uint64_t epoch = 0; epoch < 5; epoch++) {
            const lks_order order = {
                .seed = 3 * i, .n_samples = sizes[i], .shuffle = true};

            memset(seen, 0, sizeof seen);
            for (uint64_t p = 0; p < sizes[i]; p++) {
                const uint64_t sample = lks_order_at(&order, epoch, p);

                ck_assert_uint_lt(sample, sizes[i]);
                ck_assert_int_eq(seen[sample]++, 0);
            }
        }
    }
}
END_TEST

START_TEST(huge_sets_stay_in_range_without_repeats)
{
    static const uint64_t sizes[] = {1ull << 40, (1ull << 40) + 1, (1ull << 62) - 1,
                                     LKS_ORDER_MAX_SAMPLES};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const lks_order order = {.seed = 9, .n_samples = sizes[i], .shuffle = true};
        uint64_t samples[200];

        for (uint64_t p = 0; p < 200; p++) {
            samples[p] = lks_order_at(&order, 0, p % 2 ? sizes[i] - 1 - p : p);
            ck_assert_uint_lt(samples[p], sizes[i]);
            for (uint64_t q = 0; q < p; q++)
                ck_assert_uint_ne(samples[p], samples[q]);
        }
    }
}
END_TEST

/* Of any length and from anywhere, where cells are left over and where none is. */
START_TEST(a_run_of_positions_is_each_of_them)
{
    static const uint64_t sizes[] = {1, 7, 8, 16, 17, 100, 257, 1ull << 40};
    uint64_t run[40];

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (size_t n = 0; n < 40 && n <= sizes[i]; n++)
            for (int shuffle = 0; shuffle < 2; shuffle++) {
                const lks_order order = {5, sizes[i], shuffle};
                const uint64_t first = (sizes[i] - n) / 3;

                lks_order_run(&order, 1ull << 33 | n, first, n, run);
                for (size_t p = 0; p < n; p++)
                    ck_assert_uint_eq(run[p],
                                      lks_order_at(&order, 1ull << 33 | n, first + p));
            }
}
END_TEST

START_TEST(without_shuffle_a_position_is_its_sample)
{
    const lks_order order = {.seed = 1, .n_samples = 100};

    for (uint64_t p = 0; p < 100; p++)
        ck_assert_uint_eq(lks_order_at(&order, p, p), p);
}
END_TEST

START_TEST(the_order_never_changes)
{
    for (size_t i = 0; i < sizeof golden / sizeof *golden; i++) {
        const lks_order order = {
            .seed = golden[i].seed, .n_samples = golden[i].n_samples, .shuffle = true};

        ck_assert_uint_eq(lks_order_at(&order, golden[i].epoch, golden[i].position),
                          golden[i].sample);
    }
}
END_TEST

/* How many positions hold the same sample under both; a random pair of orders shares one
 * on average, with deviation one. */
static int n_shared(lks_order a, uint64_t epoch_a, lks_order b, uint64_t epoch_b)
{
    int n = 0;

    for (uint64_t p = 0; p < a.n_samples; p++)
        n += lks_order_at(&a, epoch_a, p) == lks_order_at(&b, epoch_b, p);
    return n;
}

START_TEST(seeds_and_epochs_give_orders_of_their_own)
{
    const lks_order a = {.seed = 1, .n_samples = N_MAX, .shuffle = true};
    lks_order b = a;

    ck_assert_int_lt(n_shared(a, 0, a, 1), 8);
    ck_assert_int_lt(n_shared(a, 0, a, 1ull << 32), 8);
    for (int bit = 0; bit < 64; bit++) {
        b.seed = a.seed ^ 1ull << bit;
        ck_assert_int_lt(n_shared(a, 0, b, 0), 8);
    }
    b.seed = 2; /* the epoch does not stand in for the seed */
    ck_assert_int_lt(n_shared(a, 1, b, 0), 8);
}
END_TEST

/* Chi-square of `counts` against equal shares, in standard deviations from its mean. */
static double chi_square_deviation(const int *counts, int n_cells, int n_draws)
{
    const double expected = (double)n_draws / n_cells;
    double chi = 0;

    for (int i = 0; i < n_cells; i++)
        chi += (counts[i] - expected) * (counts[i] - expected) / expected;
    return (chi - (n_cells - 1)) / sqrt(2.0 * (n_cells - 1));
}

START_TEST(a_sample_is_equally_likely_at_every_position)
{
    static const uint64_t sizes[] = {2, 3, 5, 10, 16, 97, 1000};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const int n = (int)sizes[i], n_draws = 100 * n;
        int counts[1000] = {0};

        for (int seed = 0; seed < n_draws; seed++) {
            const lks_order order = {
                .seed = (uint64_t)seed, .n_samples = sizes[i], .shuffle = true};
            counts[lks_order_at(&order, 0, sizes[i] / 2)]++;
        }
        ck_assert_double_lt(fabs(chi_square_deviation(counts, n, n_draws)), 4);
    }
}
END_TEST

/* All n (n-1) ordered pairs that positions 0 and 1 can hold, over the epochs of a seed.
 */
START_TEST(neighbours_are_equally_likely_to_be_any_pair)
{
    static const uint64_t sizes[] = {4, 7, 12, 16, 50};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const lks_order order = {.seed = 11, .n_samples = sizes[i], .shuffle = true};
        const int n = (int)sizes[i], n_pairs = n * (n - 1), n_draws = 40 * n_pairs;
        static int counts[50 * 49];

        memset(counts, 0, sizeof counts);
        for (int epoch = 0; epoch < n_draws; epoch++) {
            const int a = (int)lks_order_at(&order, (uint64_t)epoch, 0);
            const int b = (int)lks_order_at(&order, (uint64_t)epoch, 1);

            counts[a * (n - 1) + b - (b > a)]++;
        }
        ck_assert_double_lt(fabs(chi_square_deviation(counts, n_pairs, n_draws)), 4);
    }
}
END_TEST

START_TEST(four_samples_take_all_24_orders_alike)
{
    const lks_order order = {.seed = 5, .n_samples = 4, .shuffle = true};
    int counts[64] = {0}, used[24], n_used = 0;

    for (uint64_t epoch = 0; epoch < 24000; epoch++)
        counts[lks_order_at(&order, epoch, 0) + 4 * lks_order_at(&order, epoch, 1) +
               16 * lks_order_at(&order, epoch, 2)]++;
    for (int i = 0; i < 64; i++)
        if (counts[i])
            used[n_used++] = counts[i];
    ck_assert_int_eq(n_used, 24);
    ck_assert_double_lt(fabs(chi_square_deviation(used, 24, 24000)), 4);
}
END_TEST

/* Correlation over one epoch between what lies at p and at p + lag, and between p and
 * what lies there. Random orders give 1/sqrt(n) = 0.0041. */
START_TEST(an_order_correlates_neither_with_itself_nor_with_its_positions)
{
    enum { N = 60000 };
    const lks_order order = {.seed = 0, .n_samples = N, .shuffle = true};
    static double x[N];

    for (int p = 0; p < N; p++)
        x[p] = ((double)lks_order_at(&order, 0, (uint64_t)p) + 0.5) / N - 0.5;
    for (int lag = 0; lag <= 300; lag++) {
        double sum = 0;

        for (int p = 0; p < N; p++)
            sum += x[p] * (lag ? x[(p + lag) % N] : (p + 0.5) / N - 0.5);
        ck_assert_double_lt(fabs(sum / N * 12), 5.0 / sqrt(N));
    }
}
END_TEST

LKS_SUITE("order", every_epoch_visits_every_sample_once,
          huge_sets_stay_in_range_without_repeats, a_run_of_positions_is_each_of_them,
          without_shuffle_a_position_is_its_sample, the_order_never_changes,
          seeds_and_epochs_give_orders_of_their_own,
          a_sample_is_equally_likely_at_every_position,
          neighbours_are_equally_likely_to_be_any_pair,
          four_samples_take_all_24_orders_alike,
          an_order_correlates_neither_with_itself_nor_with_its_positions)
