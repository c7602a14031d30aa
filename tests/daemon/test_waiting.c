/* What is said about who waits for whom. */
#include "fake_run.h"

#define REDUCE   LKS__PROTO__PHASE__REDUCE
#define BACKWARD LKS__PROTO__PHASE__BACKWARD

START_TEST(a_stopped_rank_is_named_with_its_step_and_phase_and_who_waits)
{
    fake_run run = fake_run_running(4);

    fake_beat(&run, 1, 41, BACKWARD, 0.1);
    for (int i = 0; i < 9; i++) {
        for (uint32_t r = 0; r < 4; r++)
            if (r != 1)
                fake_beat(&run, r, 41, REDUCE, i * 0.5);
        fake_wait(&run, 0.5);
    }
    ck_assert_str_eq(fake_reason(&run),
                     "waiting 4.5 s for rank 1 (stalled in backward at step 41); ranks "
                     "0, 2 and 3 wait in reduce");
    fake_run_end(&run);
}
END_TEST

START_TEST(a_rank_that_was_last_heard_in_an_earlier_step_is_awaited)
{
    fake_run run = fake_run_running(2);

    fake_beat(&run, 1, 38, REDUCE, 0); /* it went on and was stopped later */
    fake_wait(&run, 2);
    fake_beat(&run, 0, 41, REDUCE, 1.5);
    ck_assert_str_eq(fake_reason(&run),
                     "waiting 1.5 s for rank 1 (stalled in reduce at step 38); rank 0 "
                     "waits in reduce");
    fake_run_end(&run);
}
END_TEST

START_TEST(ranks_that_wait_one_step_apart_both_wait_for_the_third)
{
    fake_run run = fake_run_running(3);

    fake_beat(&run, 1, 38, REDUCE, 0);
    fake_wait(&run, 2);
    fake_beat(&run, 0, 42, REDUCE, 1.5); /* its part of step 41 was sent in time */
    fake_beat(&run, 2, 41, REDUCE, 1.5);
    ck_assert_str_eq(fake_reason(&run),
                     "waiting 1.5 s for rank 1 (stalled in reduce at step 38); ranks 0 "
                     "and 2 wait in reduce");
    fake_run_end(&run);
}
END_TEST

START_TEST(a_slow_rank_is_named_only_when_the_wait_is_long)
{
    fake_run run = fake_run_running(2);

    fake_beat(&run, 0, 5, REDUCE, 1.9);
    fake_beat(&run, 1, 5, BACKWARD, 1.9);
    ck_assert_str_eq(fake_reason(&run), "");
    fake_beat(&run, 0, 5, REDUCE, 2.5);
    fake_beat(&run, 1, 5, BACKWARD, 2.5);
    ck_assert_str_eq(
        fake_reason(&run),
        "waiting 2.5 s for rank 1 (in backward at step 5); rank 0 waits in reduce");
    fake_beat(&run, 0, 5, REDUCE, 7800);
    fake_beat(&run, 1, 5, BACKWARD, 7800);
    ck_assert_str_eq(
        fake_reason(&run),
        "waiting 2 h 10 min for rank 1 (in backward at step 5); rank 0 waits in reduce");
    fake_run_end(&run);
}
END_TEST

START_TEST(a_rank_that_saves_is_named)
{
    fake_run run = fake_run_running(2);

    fake_beat(&run, 0, 5, LKS__PROTO__PHASE__SAVE, 6);
    fake_beat(&run, 1, 5, REDUCE, 6);
    ck_assert_str_eq(fake_reason(&run), "waiting 6.0 s for rank 0 (in save at step 5); "
                                        "rank 1 waits in reduce");
    fake_run_end(&run);
}
END_TEST

START_TEST(a_collective_that_hangs_without_a_culprit_is_told)
{
    fake_run run = fake_run_running(3);

    for (uint32_t r = 0; r < 3; r++)
        fake_beat(&run, r, 9, REDUCE, 12);
    ck_assert_str_eq(fake_reason(&run),
                     "ranks 0-2 wait in reduce at step 9 since 12.0 s");
    fake_run_end(&run);
}
END_TEST

START_TEST(a_stalled_rank_nobody_waits_for_is_named)
{
    fake_run run = fake_run_running(2);

    fake_beat(&run, 1, 60, LKS__PROTO__PHASE__EVALUATE, 0);
    fake_wait(&run, 3);
    fake_beat(&run, 0, 60, LKS__PROTO__PHASE__EVALUATE, 3);
    ck_assert_str_eq(fake_reason(&run), "rank 1 (stalled in evaluate at step 60) has "
                                        "been silent for 3.0 s");
    fake_run_end(&run);
}
END_TEST

START_TEST(many_awaited_ranks_are_counted)
{
    fake_run run = fake_run_running(1000);

    for (uint32_t r = 0; r < 1000; r++)
        fake_beat(&run, r, 7, r % 100 == 0 ? REDUCE : BACKWARD, 3);
    ck_assert_str_eq(fake_reason(&run),
                     "waiting 3.0 s for rank 1 (in backward at step 7), rank 2 (in "
                     "backward at step 7), rank 3 (in backward at step 7) and 987 more; "
                     "ranks 0, 100, 200, 300, 400, 500, 600, 700 and 2 more wait in "
                     "reduce");
    fake_run_end(&run);
}
END_TEST

static bool is_marked(const lks_rank *rank, const void *context)
{
    return strchr(context, (int)('a' + rank->rank)) != NULL;
}

START_TEST(ranks_are_listed_in_runs)
{
    static const struct {
        const char *marked, *text;
    } cases[] = {
        {"c", "rank 2"},
        {"ab", "ranks 0 and 1"},
        {"abc", "ranks 0-2"},
        {"abcd", "ranks 0-3"},
        {"abceghi", "ranks 0-2, 4 and 6-8"},
        {"abdefhi", "ranks 0, 1, 3-5, 7 and 8"},
        {"acegikmoq", "ranks 0, 2, 4, 6, 8, 10, 12, 14 and 1 more"},
        {"acegikmopq", "ranks 0, 2, 4, 6, 8, 10, 12 and 14-16"},
        {"acegikmop", "ranks 0, 2, 4, 6, 8, 10, 12, 14 and 1 more"},
        {"acegikmqr", "ranks 0, 2, 4, 6, 8, 10, 12, 16 and 1 more"},
    };
    fake_run run = fake_run_start(26);

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[128];
        lks_line line = lks_line_init(text, sizeof text);

        lks_ranks_add_list(lks_coordinator_ranks(run.coordinator), 26, is_marked,
                           cases[i].marked, &line);
        ck_assert_str_eq(text, cases[i].text);
    }
    fake_run_end(&run);
}
END_TEST

LKS_SUITE("waiting", a_stopped_rank_is_named_with_its_step_and_phase_and_who_waits,
          a_rank_that_was_last_heard_in_an_earlier_step_is_awaited,
          ranks_that_wait_one_step_apart_both_wait_for_the_third,
          a_slow_rank_is_named_only_when_the_wait_is_long, a_rank_that_saves_is_named,
          a_collective_that_hangs_without_a_culprit_is_told,
          a_stalled_rank_nobody_waits_for_is_named, many_awaited_ranks_are_counted,
          ranks_are_listed_in_runs)
