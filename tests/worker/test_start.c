/* Going through a table of start-up's stages: on ranks that are threads, one of which
 * fails. */
#include "support/suite.h"

#include "support/replicas.h"
#include "worker/start.h"

/* A rank's session, which notes what was done in it. */
typedef struct rank {
    lks_session session; /* first */
    char done[16];       /* a letter a stage */
    char fails;          /* in this stage */
    lks_status st;       /* thus */
} rank;

static lks_status note(lks_session *session, char stage)
{
    rank *self = (rank *)session;

    self->done[strlen(self->done)] = stage;
    return self->fails == stage ? lks_fail(self->st, "no %c", stage) : LKS_OK;
}

static lks_status do_a(lks_session *session)
{
    return note(session, 'a');
}

static lks_status do_b(lks_session *session)
{
    return note(session, 'b');
}

static lks_status do_c(lks_session *session)
{
    return note(session, 'c');
}

static lks_status do_d(lks_session *session)
{
    return note(session, 'd');
}

static const lks_start_stage stages[] = {
    {"own", .usage = LKS_START_ON_ANY, .of_rank = do_a},
    {"own too", .usage = LKS_START_ON_JOB, .of_rank = do_b},
    {"together", .agreement = LKS_TOGETHER, .of_rank = do_c},
    {"a verdict", .agreement = LKS_AGREED},
    {"agreed", .agreement = LKS_AGREED, .of_rank = do_d},
};

enum { N_STAGES = sizeof stages / sizeof *stages };

/* How rank 1 of three fails, and what all do then. */
typedef struct fault {
    char stage;
    lks_status st;
    const char *done_there, *done_elsewhere;
    int exit_code;
} fault;

static const char *start(lks_comm *comm, void *context)
{
    const fault *f = context;
    const bool is_at_fault = comm->rank == 1;
    rank self = {.session.world.ranks = comm, .fails = is_at_fault ? f->stage : '-'};
    const char *done = is_at_fault ? f->done_there : f->done_elsewhere;
    int exit_code;
    lks_status st;

    self.st = f->st;
    st = lks_start_walk(stages, N_STAGES, &self.session, NULL, &exit_code);
    if (strcmp(self.done, done) != 0)
        return "not the stages that it should have gone through";
    if (st != f->st)
        return "not the failure of rank 1";
    if (st != LKS_OK && exit_code != f->exit_code)
        return "not its exit status";
    if (st != LKS_OK && !strstr(lks_error_text(), "rank 1: no "))
        return "not its text";
    return NULL;
}

START_TEST(all_hear_of_a_failure_at_the_next_agreement_and_with_its_exit_status)
{
    fault faults[] = {
        {'-', LKS_OK, "abcd", "abcd", 0},
        {'a', LKS_IO, "ac", "abc", LKS_EXIT_USAGE},
        {'b', LKS_SHAPE, "abc", "abc", LKS_EXIT_USAGE},
        {'b', LKS_IO, "abc", "abc", LKS_EXIT_FAILED},
        {'d', LKS_INVALID, "abcd", "abcd", LKS_EXIT_FAILED},
    };

    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        run_replicas(3, start, &faults[i]);
}
END_TEST

/* ---- one rank ---- */

START_TEST(what_all_do_together_ends_the_start_where_it_fails)
{
    rank self = {.fails = 'c', .st = LKS_COMM};
    int exit_code;

    ck_fails(lks_start_walk(stages, N_STAGES, &self.session, NULL, &exit_code), LKS_COMM,
             "no c");
    ck_assert_str_eq(self.done, "abc");
    ck_assert_int_eq(exit_code, LKS_EXIT_FAILED);
}
END_TEST

START_TEST(what_is_held_at_the_end_of_a_table_is_returned)
{
    rank self = {.fails = 'a', .st = LKS_INVALID};
    int exit_code;

    ck_fails(lks_start_walk(stages, 2, &self.session, NULL, &exit_code), LKS_INVALID,
             "no a");
    ck_assert_str_eq(self.done, "a");
    ck_assert_int_eq(exit_code, LKS_EXIT_USAGE);
}
END_TEST

static lks_status run_out(lks_replica *replica)
{
    replica->st = LKS_NOMEM;
    return lks_fail(LKS_NOMEM, "no memory");
}

static lks_status explain(lks_replica *replica, lks_status st)
{
    ck_assert_int_eq(replica->st, LKS_NOMEM);
    lks_error_clear();
    return lks_fail(st, "no memory: take less");
}

START_TEST(more_is_said_of_what_a_replica_holds_before_all_hear_it)
{
    static const lks_start_stage of_a_replica[] = {
        {"memory", .of_replica = run_out},
        {"a verdict", .agreement = LKS_AGREED, .explain = explain},
    };
    lks_comm *comm;
    lks_session session = {0};
    lks_replica replica = {.session = &session};
    int exit_code;

    ck_ok(lks_comm_self_create(&comm));
    replica.comm = comm;
    ck_fails(lks_start_walk(of_a_replica, 2, &session, &replica, &exit_code), LKS_NOMEM,
             "take less");
    lks_comm_destroy(comm);
}
END_TEST

START_TEST(times_are_those_of_the_first_replica)
{
    static const lks_start_stage meet[] = {{"meet", .sign = LKS_STAGE_MEET}};
    lks_replica replicas[2];
    lks_session session = {.replicas = {.items = replicas, .n = 2}};
    int exit_code;

    replicas[0].session = replicas[1].session = &session;
    ck_ok(lks_start_walk(meet, 1, &session, &replicas[1], &exit_code));
    ck_assert(session.course.at_s[LKS_STAGE_MEET] == 0);
    ck_ok(lks_start_walk(meet, 1, &session, &replicas[0], &exit_code));
    ck_assert(session.course.at_s[LKS_STAGE_MEET] > 0);
}
END_TEST

LKS_SUITE("start", all_hear_of_a_failure_at_the_next_agreement_and_with_its_exit_status,
          what_all_do_together_ends_the_start_where_it_fails,
          what_is_held_at_the_end_of_a_table_is_returned,
          more_is_said_of_what_a_replica_holds_before_all_hear_it,
          times_are_those_of_the_first_replica)
