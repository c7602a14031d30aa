#include "support/suite.h"

#include "daemon/job_state.h"

/* Every move there is, one row a state, one letter a follower in the order of the list.
 */
static const char *const rank_rows[] = {
    /* absent  */ ".j...l",
    /* joining */ "..rsgl",
    /* running */ "...sgl",
    /* stalled */ "..r.gl",
    /* gone    */ "......",
    /* lost    */ "......",
};

static const char *const job_rows[] = {
    /* starting  */ ".rf.F.",
    /* running   */ "..f.F.",
    /* finishing */ "...sFc",
    /* succeeded */ "......",
    /* failed    */ "......",
    /* cancelled */ "......",
};

START_TEST(a_rank_moves_as_drawn_and_no_other_way)
{
    for (int from = 0; from < LKS_N_RANK_STATES; from++)
        for (int to = 0; to < LKS_N_RANK_STATES; to++)
            ck_assert_int_eq(lks_rank_may_move(from, to), rank_rows[from][to] != '.');
}
END_TEST

START_TEST(a_job_moves_as_drawn_and_no_other_way)
{
    for (int from = 0; from < LKS_N_JOB_STATES; from++)
        for (int to = 0; to < LKS_N_JOB_STATES; to++)
            ck_assert_int_eq(lks_job_may_move(from, to), job_rows[from][to] != '.');
}
END_TEST

START_TEST(only_ends_are_ends)
{
    for (int s = 0; s < LKS_N_JOB_STATES; s++)
        ck_assert_int_eq(lks_job_is_over(s), s >= LKS_JOB_SUCCEEDED);
    for (int s = 0; s < LKS_N_RANK_STATES; s++)
        ck_assert_int_eq(lks_rank_is_live(s), s != LKS_RANK_ABSENT &&
                                                  s != LKS_RANK_GONE &&
                                                  s != LKS_RANK_LOST);
}
END_TEST

START_TEST(states_have_the_names_users_read)
{
    ck_assert_str_eq(lks_rank_state_name(LKS_RANK_STALLED), "stalled");
    ck_assert_str_eq(lks_rank_state_name(LKS_RANK_LOST), "lost");
    ck_assert_str_eq(lks_job_state_name(LKS_JOB_STARTING), "starting");
    ck_assert_str_eq(lks_job_state_name(LKS_JOB_CANCELLED), "cancelled");
}
END_TEST

LKS_SUITE("job_state", a_rank_moves_as_drawn_and_no_other_way,
          a_job_moves_as_drawn_and_no_other_way, only_ends_are_ends,
          states_have_the_names_users_read)
