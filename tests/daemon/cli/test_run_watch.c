#include "support/suite.h"

#include <stdbool.h>
#include <stdio.h>

#include "base/alloc.h"
#include "daemon/cli/run_watch.h"

/* A run of two ranks in virtual time, looked at every second. */
typedef struct world {
    lks_run_watch *watch;
    lks_run_sight sight;
    char text[512];
} world;

static world begin(uint32_t n_ranks)
{
    const lks_run_watch_options options = {.now_s = 100,
                                           .start_s = 20,
                                           .rank_timeout_s = 60,
                                           .warn_s = 5,
                                           .linger_s = 6,
                                           .killed_s = 2.4,
                                           .lost_s = 1.4,
                                           .end_s = 25,
                                           .n_ranks = n_ranks,
                                           .hears_signs = true};
    world w = {.sight = {.now_s = 100, .mpirun = 7, .mpirun_state = 'S'}};

    ck_ok(lks_run_watch_create(&options, &w.watch));
    return w;
}

static void end(world *w)
{
    lks_run_watch_destroy(w->watch);
}

static void hear(world *w, uint32_t rank, lks_stage stage)
{
    const lks_sign sign = {
        .rank = rank, .size = 2, .stage = stage, .pid = 40 + rank, .host = "node"};

    lks_run_watch_hear(w->watch, &sign, w->sight.now_s);
}

static lks_run_verdict look_after(world *w, double s)
{
    lks_line line = lks_line_init(w->text, sizeof w->text);

    w->sight.now_s += s;
    return lks_run_watch_look(w->watch, &w->sight, &line);
}

/* Seconds of looks until the verdict, at most `limit`; warnings are counted. */
static int seconds_until(world *w, lks_run_verdict verdict, int limit, int *n_warnings)
{
    for (int s = 1; s <= limit; s++) {
        const lks_run_verdict now = look_after(w, 1);

        if (now == LKS_RUN_WARNS && n_warnings)
            ++*n_warnings;
        if (now == verdict)
            return s;
    }
    return limit + 1;
}

#define says(part) ck_assert_msg(strstr(w.text, part) != NULL, "it says: %s", w.text)

START_TEST(an_mpirun_that_starts_nothing_is_over_in_time)
{
    world w = begin(2);

    ck_assert_int_eq(seconds_until(&w, LKS_RUN_IS_OVER, 90, NULL), 20);
    says("no rank has begun 20 s after the start");
    end(&w);
}
END_TEST

static pid_t always_41(const void *context)
{
    (void)context;
    return 41;
}

START_TEST(a_rank_that_never_begins_is_named)
{
    world w = begin(0);

    hear(&w, 0, LKS_STAGE_BEGIN);
    for (int s = 0; s < 19; s++) {
        hear(&w, 0, LKS_STAGE_MPI);
        ck_assert_int_eq(look_after(&w, 1), LKS_RUN_GOES_ON);
    }
    w.sight.find_stopped = always_41;
    hear(&w, 0, LKS_STAGE_MPI);
    ck_assert_int_eq(look_after(&w, 1), LKS_RUN_IS_OVER);
    says("rank 1 has not begun 20 s after the start; process 41 of the run is stopped");
    end(&w);
}
END_TEST

START_TEST(a_rank_that_falls_silent_at_the_start_is_named_with_what_it_did)
{
    world w = begin(2);

    hear(&w, 0, LKS_STAGE_DATA);
    hear(&w, 1, LKS_STAGE_DATA);
    for (int s = 0; s < 19; s++) {
        hear(&w, 0, LKS_STAGE_DATA);
        ck_assert_int_eq(look_after(&w, 1), LKS_RUN_GOES_ON);
    }
    hear(&w, 0, LKS_STAGE_DATA);
    ck_assert_int_eq(look_after(&w, 1), LKS_RUN_IS_OVER);
    says("rank 1 (host node, pid 41) has given no sign for 20 s while reading the data");
    end(&w);
}
END_TEST

START_TEST(data_may_take_as_long_as_they_take)
{
    world w = begin(2);

    for (int s = 0; s < 600; s++) {
        hear(&w, 0, LKS_STAGE_DATA);
        hear(&w, 1, LKS_STAGE_DATA);
        ck_assert_int_eq(look_after(&w, 1), LKS_RUN_GOES_ON);
    }
    end(&w);
}
END_TEST

START_TEST(ranks_that_do_not_find_each_other_are_told_of)
{
    world w = begin(2);
    lks_run_verdict verdict = LKS_RUN_GOES_ON;
    int s = 0;

    for (; s < 90 && verdict == LKS_RUN_GOES_ON; s++) {
        hear(&w, 0, LKS_STAGE_MPI);
        hear(&w, 1, s < 10 ? LKS_STAGE_BEGIN : LKS_STAGE_MPI);
        verdict = look_after(&w, 1);
    }
    ck_assert_int_eq(s, 30); /* 20 since the last of them came */
    says("rank 1 (host node, pid 41) has been joining MPI for 20 s");
    end(&w);
}
END_TEST

START_TEST(a_silent_rank_0_is_warned_of_once_and_ended_by_its_timeout)
{
    world w = begin(2);
    int n_warnings = 0;

    hear(&w, 0, LKS_STAGE_IN);
    hear(&w, 1, LKS_STAGE_IN);
    ck_assert_int_eq(seconds_until(&w, LKS_RUN_WARNS, 90, NULL), 5);
    says("rank 0 (host node, pid 40) has given no sign for 5 s");
    ck_assert_int_eq(seconds_until(&w, LKS_RUN_IS_OVER, 90, &n_warnings), 55);
    ck_assert_int_eq(n_warnings, 0);
    says("no sign for 60 s");
    end(&w);
}
END_TEST

START_TEST(a_rank_0_that_comes_back_is_forgiven_and_warned_of_anew)
{
    world w = begin(2);

    hear(&w, 0, LKS_STAGE_IN);
    hear(&w, 1, LKS_STAGE_IN);
    ck_assert_int_eq(seconds_until(&w, LKS_RUN_WARNS, 90, NULL), 5);
    hear(&w, 0, LKS_STAGE_IN);
    ck_assert_int_eq(seconds_until(&w, LKS_RUN_WARNS, 90, NULL), 5);
    end(&w);
}
END_TEST

START_TEST(an_mpirun_whose_words_nobody_takes_has_its_time_afterwards)
{
    world w = begin(2);

    hear(&w, 1, LKS_STAGE_END);
    hear(&w, 0, LKS_STAGE_END);
    w.sight.is_held = true; /* a pager on its first page */
    ck_assert_int_eq(seconds_until(&w, LKS_RUN_IS_OVER, 600, NULL), 601);
    w.sight.is_held = false;
    ck_assert_int_eq(seconds_until(&w, LKS_RUN_IS_OVER, 90, NULL), 25);
    end(&w);
}
END_TEST

START_TEST(an_mpirun_that_does_not_end_with_its_ranks_is_told)
{
    world w = begin(2);
    int n_warnings = 0;

    hear(&w, 1, LKS_STAGE_END);
    hear(&w, 0, LKS_STAGE_END);
    ck_assert_int_eq(seconds_until(&w, LKS_RUN_IS_OVER, 90, &n_warnings), 25);
    ck_assert_int_eq(n_warnings, 0);
    says("rank 0 is done, but mpirun has not ended 25 s later");
    end(&w);
}
END_TEST

START_TEST(ranks_above_0_are_not_missed_once_they_are_in)
{
    world w = begin(2);

    hear(&w, 1, LKS_STAGE_IN);
    for (int s = 0; s < 300; s++) {
        hear(&w, 0, LKS_STAGE_IN);
        ck_assert_int_eq(look_after(&w, 1), LKS_RUN_GOES_ON);
    }
    end(&w);
}
END_TEST

START_TEST(a_stopped_mpirun_is_the_cause_not_the_silence_of_rank_0)
{
    world w = begin(2);
    int n_warnings = 0;

    hear(&w, 0, LKS_STAGE_IN);
    hear(&w, 1, LKS_STAGE_IN);
    look_after(&w, 1);
    w.sight.mpirun_state = 'T';
    ck_assert_int_eq(seconds_until(&w, LKS_RUN_IS_OVER, 90, &n_warnings), 61);
    says("mpirun (process 7) has been stopped for 60 s");
    ck_assert_int_eq(n_warnings, 1);
    end(&w);
}
END_TEST

START_TEST(an_mpirun_stopped_at_the_start_is_over_soon)
{
    world w = begin(2);

    w.sight.mpirun_state = 'T';
    ck_assert_int_eq(seconds_until(&w, LKS_RUN_IS_OVER, 90, NULL), 21);
    says("mpirun (process 7) has been stopped");
    end(&w);
}
END_TEST

START_TEST(an_mpirun_that_has_said_the_end_may_not_linger)
{
    world w = begin(2);

    w.sight.mpirun_has_said_end = true;
    ck_assert_int_eq(seconds_until(&w, LKS_RUN_IS_OVER, 90, NULL), 7);
    ck_assert_str_eq(w.text, "");
    end(&w);
}
END_TEST

START_TEST(a_lost_rank_leaves_mpirun_a_moment)
{
    world w = begin(2);

    w.sight.a_rank_is_lost = true;
    ck_assert_int_eq(seconds_until(&w, LKS_RUN_IS_OVER, 90, NULL), 3);
    ck_assert_str_eq(w.text, "");
    end(&w);
    w = begin(2); /* mpirun knows of its death, and will tell more */
    w.sight.a_rank_is_lost = true;
    ck_assert_int_eq(look_after(&w, 1), LKS_RUN_GOES_ON);
    w.sight.a_rank_was_killed = true;
    ck_assert_int_eq(seconds_until(&w, LKS_RUN_IS_OVER, 90, NULL), 4);
    end(&w);
}
END_TEST

START_TEST(a_rank_that_has_lost_rank_0_tells_of_it)
{
    world w = begin(2);

    ck_assert_ptr_null(lks_run_watch_lost_rank_0(w.watch));
    ck_assert_ptr_null(lks_run_watch_rank(w.watch, 0));
    hear(&w, 0, LKS_STAGE_IN);
    hear(&w, 1, LKS_STAGE_IN);
    hear(&w, 1, LKS_STAGE_LOST);
    ck_assert_uint_eq(lks_run_watch_lost_rank_0(w.watch)->pid, 40);
    ck_assert_int_eq(seconds_until(&w, LKS_RUN_IS_OVER, 90, NULL), 4);
    ck_assert_str_eq(w.text, "");
    end(&w);
}
END_TEST

START_TEST(a_rank_0_that_is_gone_from_this_host_leaves_mpirun_a_moment)
{
    world w = begin(2);

    hear(&w, 0, LKS_STAGE_IN);
    hear(&w, 1, LKS_STAGE_IN);
    w.sight.rank_0_is_gone = true;
    ck_assert_int_eq(seconds_until(&w, LKS_RUN_IS_OVER, 90, NULL), 4);
    ck_assert_uint_eq(lks_run_watch_lost_rank_0(w.watch)->pid, 40);
    end(&w);
}
END_TEST

START_TEST(trouble_of_mpirun_is_the_end_only_before_the_ranks_train)
{
    world w = begin(2);

    w.sight.mpirun_has_trouble = true;
    ck_assert_int_eq(seconds_until(&w, LKS_RUN_IS_OVER, 90, NULL), 7);
    end(&w);
    w = begin(2);
    hear(&w, 0, LKS_STAGE_IN);
    hear(&w, 1, LKS_STAGE_IN);
    w.sight.mpirun_has_trouble = true;
    for (int s = 0; s < 60; s++) {
        hear(&w, 0, LKS_STAGE_IN);
        ck_assert_int_eq(look_after(&w, 1), LKS_RUN_GOES_ON);
    }
    end(&w);
}
END_TEST

START_TEST(our_own_sleep_and_deafness_count_as_nobodys_silence)
{
    world w = begin(2);

    hear(&w, 0, LKS_STAGE_IN);
    hear(&w, 1, LKS_STAGE_IN);
    look_after(&w, 1);
    ck_assert_int_eq(look_after(&w, 3600), LKS_RUN_GOES_ON);
    w.sight.is_deaf = true;
    ck_assert_int_eq(seconds_until(&w, LKS_RUN_WARNS, 300, NULL), 301);
    w.sight.is_deaf = false;
    ck_assert_int_le(seconds_until(&w, LKS_RUN_WARNS, 300, NULL), 5);
    end(&w);
}
END_TEST

START_TEST(without_signs_only_mpirun_is_judged)
{
    const lks_run_watch_options options = {.now_s = 100,
                                           .start_s = 20,
                                           .rank_timeout_s = 60,
                                           .warn_s = 5,
                                           .linger_s = 6,
                                           .end_s = 25};
    world w = {.sight = {.now_s = 100, .mpirun = 7, .mpirun_state = 'S'}};

    ck_ok(lks_run_watch_create(&options, &w.watch));
    ck_assert_int_eq(seconds_until(&w, LKS_RUN_IS_OVER, 300, NULL), 301);
    w.sight.mpirun_state = 'T';
    ck_assert_int_lt(seconds_until(&w, LKS_RUN_IS_OVER, 300, NULL), 70);
    end(&w);
}
END_TEST

START_TEST(a_rank_is_found_by_its_process)
{
    world w = begin(2);

    hear(&w, 1, LKS_STAGE_IN);
    ck_assert_int_eq(lks_run_watch_rank_of(w.watch, "node", 41), 1);
    ck_assert_int_eq(lks_run_watch_rank_of(w.watch, "node", 40), -1);
    ck_assert_int_eq(lks_run_watch_rank_of(w.watch, "other", 41), -1);
    end(&w);
}
END_TEST

START_TEST(signs_of_another_world_size_are_ignored)
{
    world w = begin(3);

    hear(&w, 0, LKS_STAGE_IN); /* of 2 */
    ck_assert_int_eq(seconds_until(&w, LKS_RUN_IS_OVER, 90, NULL), 20);
    says("no rank has begun");
    end(&w);
}
END_TEST

LKS_SUITE("run_watch", an_mpirun_that_starts_nothing_is_over_in_time,
          a_rank_that_never_begins_is_named,
          a_rank_that_falls_silent_at_the_start_is_named_with_what_it_did,
          data_may_take_as_long_as_they_take,
          ranks_that_do_not_find_each_other_are_told_of,
          a_silent_rank_0_is_warned_of_once_and_ended_by_its_timeout,
          a_rank_0_that_comes_back_is_forgiven_and_warned_of_anew,
          an_mpirun_that_does_not_end_with_its_ranks_is_told,
          an_mpirun_whose_words_nobody_takes_has_its_time_afterwards,
          ranks_above_0_are_not_missed_once_they_are_in,
          a_stopped_mpirun_is_the_cause_not_the_silence_of_rank_0,
          an_mpirun_stopped_at_the_start_is_over_soon,
          an_mpirun_that_has_said_the_end_may_not_linger,
          a_lost_rank_leaves_mpirun_a_moment, a_rank_that_has_lost_rank_0_tells_of_it,
          a_rank_0_that_is_gone_from_this_host_leaves_mpirun_a_moment,
          trouble_of_mpirun_is_the_end_only_before_the_ranks_train,
          our_own_sleep_and_deafness_count_as_nobodys_silence,
          without_signs_only_mpirun_is_judged, a_rank_is_found_by_its_process,
          signs_of_another_world_size_are_ignored)
