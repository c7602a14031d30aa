#include "fake_run.h"

#include <math.h>

#include "base/alloc.h"

/* After a connection closed mpirun has a moment to see what of, before the run is ended.
 */
static void fake_settle(fake_run *run)
{
    ck_assert_uint_eq(fake_actions(run, LKS_ACTION_ABORT, NULL), 0);
    fake_wait(run, 0.2); /* one tick */
}

START_TEST(a_hello_is_welcomed_with_the_shard)
{
    fake_run run = fake_run_start(3);
    const lks_action *welcome = NULL;

    fake_join(&run, 1);
    ck_assert_uint_eq(run.n_actions, 1);
    ck_assert_uint_eq(fake_actions(&run, LKS_ACTION_WELCOME, &welcome), 1);
    ck_assert_uint_eq(welcome->peer, 7001);
    ck_assert_uint_eq(welcome->rank, 1);
    /* 8 lanes on 3 ranks: floor(8/3) … floor(16/3) */
    ck_assert_uint_eq(welcome->welcome.lanes, 8);
    ck_assert_uint_eq(welcome->welcome.first_lane, 2);
    ck_assert_uint_eq(welcome->welcome.end_lane, 5);
    ck_assert_uint_eq(welcome->welcome.heartbeat_ms, 500);
    ck_assert_int_eq(fake_rank_state(&run, 1), LKS_RANK_JOINING);
    ck_assert_int_eq(fake_rank_state(&run, 0), LKS_RANK_ABSENT);
    fake_run_end(&run);
}
END_TEST

START_TEST(the_job_runs_once_the_last_rank_has_come)
{
    fake_run run = fake_run_start(3);

    fake_join(&run, 2);
    ck_assert_int_eq(fake_job_state(&run), LKS_JOB_STARTING);
    ck_assert_str_eq(fake_reason(&run), "waiting for ranks 0 and 1 to connect");
    fake_join(&run, 0);
    ck_assert_str_eq(fake_reason(&run), "waiting for rank 1 to connect");
    fake_join(&run, 1);
    ck_assert_int_eq(fake_job_state(&run), LKS_JOB_RUNNING);
    ck_assert_str_eq(fake_reason(&run), "");
    fake_run_end(&run);
}
END_TEST

START_TEST(the_first_heartbeat_makes_a_rank_run)
{
    fake_run run = fake_run_start(1);

    fake_join(&run, 0);
    ck_assert_int_eq(fake_rank_state(&run, 0), LKS_RANK_JOINING);
    fake_beat(&run, 0, 0, LKS__PROTO__PHASE__START, 0.1);
    ck_assert_int_eq(fake_rank_state(&run, 0), LKS_RANK_RUNNING);
    fake_run_end(&run);
}
END_TEST

/* One hello that differs in one thing from what the run expects, and what is said. */
typedef struct bad_hello {
    void (*spoil)(Lks__Proto__Hello *hello);
    const char *reason;
} bad_hello;

static void other_protocol(Lks__Proto__Hello *hello)
{
    hello->protocol = 99;
}

static void other_world_size(Lks__Proto__Hello *hello)
{
    hello->world_size = 4;
}

static void rank_out_of_range(Lks__Proto__Hello *hello)
{
    hello->rank = 3;
}

static void rank_far_out_of_range(Lks__Proto__Hello *hello)
{
    hello->rank = UINT32_MAX;
}

static void rank_that_is_taken(Lks__Proto__Hello *hello)
{
    hello->rank = 0;
}

static void other_version(Lks__Proto__Hello *hello)
{
    hello->version = (char *)"1.2.4";
}

static void fewer_samples(Lks__Proto__Hello *hello)
{
    hello->n_samples = 59999;
}

static void other_dataset(Lks__Proto__Hello *hello)
{
    hello->dataset_fingerprint = 0xbeef;
}

static const bad_hello bad_hellos[] = {
    {other_protocol, "rank 1 (host b, pid 9) speaks protocol 99, the coordinator 2: "
                     "install one version of lockstep on all hosts"},
    {other_world_size,
     "rank 1 (host b, pid 9) was started as one of 4 ranks, this run has 3"},
    {rank_out_of_range,
     "rank 3 (host b, pid 9) is out of range: this run has ranks 0 to 2"},
    {rank_far_out_of_range,
     "rank 4294967295 (host b, pid 9) is out of range: this run has ranks 0 to 2"},
    {rank_that_is_taken,
     "rank 0 (host b, pid 9) came as a second rank 0 (host node, pid 100)"},
    {other_version, "rank 1 (host b, pid 9) runs lockstep 1.2.4, rank 0 (host node, pid "
                    "100) runs 1.2.3: install one version on all hosts"},
    {fewer_samples, "rank 1 (host b, pid 9) reads 59999 samples, rank 0 (host node, pid "
                    "100) 60000: every rank must read the same data"},
    {other_dataset, "rank 1 (host b, pid 9) reads a dataset with fingerprint "
                    "000000000000beef, rank 0 (host node, pid 100) 000000000000feed: "
                    "every rank must read the same data"},
};

START_TEST(a_hello_that_does_not_fit_is_refused_and_fails_the_job)
{
    for (size_t i = 0; i < sizeof bad_hellos / sizeof *bad_hellos; i++) {
        fake_run run = fake_run_start(3);
        Lks__Proto__Hello hello = fake_hello(3, 1);
        const lks_action *refusal = NULL;

        fake_join(&run, 0);
        hello.host = (char *)"b";
        hello.pid = 9;
        bad_hellos[i].spoil(&hello);
        fake_say_hello(&run, &hello);
        ck_assert_uint_eq(fake_actions(&run, LKS_ACTION_REFUSE, &refusal), 1);
        ck_assert_str_eq(refusal->reason, bad_hellos[i].reason);
        ck_assert_uint_eq(refusal->peer, 7000u + hello.rank);
        ck_aborts(&run, bad_hellos[i].reason);
        ck_assert_int_eq(fake_rank_state(&run, 1), LKS_RANK_ABSENT);
        fake_run_end(&run);
    }
}
END_TEST

START_TEST(a_hello_after_the_end_is_refused)
{
    fake_run run = fake_run_start(2);

    fake_join(&run, 0);
    fake_close(&run, 0);
    fake_join(&run, 1);
    ck_assert_uint_eq(run.n_actions, 1);
    ck_assert_uint_eq(fake_actions(&run, LKS_ACTION_REFUSE, NULL), 1);
    ck_assert_str_eq(run.actions[0].reason, "the run is over");
    fake_run_end(&run);
}
END_TEST

START_TEST(a_rank_that_closes_without_goodbye_is_lost_at_once)
{
    fake_run run = fake_run_running(4);

    fake_beat(&run, 3, 41, LKS__PROTO__PHASE__BACKWARD, 0.2);
    fake_close(&run, 3);
    ck_assert_int_eq(fake_rank_state(&run, 3), LKS_RANK_LOST);
    fake_settle(&run);
    ck_aborts(&run, "rank 3 (host node, pid 103) was lost at step 41 in backward: its "
                    "connection closed");
    fake_run_end(&run);
}
END_TEST

START_TEST(a_rank_lost_while_it_joins_is_told_so)
{
    fake_run run = fake_run_start(2);

    fake_join(&run, 1);
    fake_close(&run, 1);
    fake_settle(&run);
    ck_aborts(&run, "rank 1 (host node, pid 101) was lost while it joined: its "
                    "connection closed");
    fake_run_end(&run);
}
END_TEST

START_TEST(a_rank_that_has_reported_a_step_does_not_join_any_more)
{
    fake_run run = fake_run_start(2);

    fake_join(&run, 0);
    fake_join(&run, 1);
    fake_progress(&run, 1, 20, 0);
    ck_assert_int_eq(fake_rank_state(&run, 1), LKS_RANK_RUNNING);
    fake_close(&run, 1);
    fake_settle(&run);
    ck_aborts(&run, "rank 1 (host node, pid 101) was lost at step 20 in start: its "
                    "connection closed");
    fake_run_end(&run);
}
END_TEST

START_TEST(a_lost_ranks_step_is_the_latest_that_it_told)
{
    fake_run run = fake_run_running(2);

    fake_beat(&run, 1, 18, LKS__PROTO__PHASE__UPDATE, 0);
    fake_progress(&run, 1, 20, 0);
    fake_close(&run, 1);
    fake_settle(&run);
    ck_aborts(&run, "rank 1 (host node, pid 101) was lost at step 20 in update: its "
                    "connection closed");
    fake_run_end(&run);
}
END_TEST

START_TEST(the_run_is_aborted_once_and_the_first_cause_stands)
{
    fake_run run = fake_run_running(3);

    fake_close(&run, 1);
    fake_close(&run, 2);
    ck_assert_uint_eq(run.n_actions, 0);
    ck_assert_int_eq(fake_rank_state(&run, 2), LKS_RANK_LOST);
    fake_settle(&run);
    ck_assert_uint_eq(fake_actions(&run, LKS_ACTION_ABORT, NULL), 1);
    fake_wait(&run, 5);
    ck_assert_uint_eq(fake_actions(&run, LKS_ACTION_ABORT, NULL), 0);
    ck_assert(strncmp(fake_reason(&run), "rank 1 ", 7) == 0);
    fake_run_end(&run);
}
END_TEST

static void beat_for(fake_run *run, double seconds, uint32_t except)
{
    for (double until_s = run->now_s + seconds; run->now_s < until_s;) {
        for (uint32_t r = 0; r < run->n_ranks; r++)
            if (r != except)
                fake_beat(run, r, 1, LKS__PROTO__PHASE__LOAD, 0);
        fake_wait(run, LKS_TICK_S);
    }
}

START_TEST(a_silent_rank_stalls_after_two_seconds_and_comes_back_on_a_heartbeat)
{
    fake_run run = fake_run_running(2);

    beat_for(&run, 1.75, 1);
    ck_assert_int_eq(fake_rank_state(&run, 1), LKS_RANK_RUNNING);
    beat_for(&run, 0.25, 1);
    ck_assert_int_eq(fake_rank_state(&run, 1), LKS_RANK_STALLED);
    ck_assert_int_eq(fake_rank_state(&run, 0), LKS_RANK_RUNNING);
    ck_assert_int_eq(fake_job_state(&run), LKS_JOB_RUNNING);
    fake_beat(&run, 1, 1, LKS__PROTO__PHASE__LOAD, 0);
    ck_assert_int_eq(fake_rank_state(&run, 1), LKS_RANK_RUNNING);
    fake_run_end(&run);
}
END_TEST

START_TEST(progress_counts_as_a_sign_of_life)
{
    fake_run run = fake_run_running(2);

    beat_for(&run, 3, 1);
    ck_assert_int_eq(fake_rank_state(&run, 1), LKS_RANK_STALLED);
    fake_progress(&run, 1, 1, 0);
    ck_assert_int_eq(fake_rank_state(&run, 1), LKS_RANK_RUNNING);
    fake_run_end(&run);
}
END_TEST

START_TEST(a_rank_silent_for_a_minute_is_lost)
{
    fake_run run = fake_run_running(2);

    beat_for(&run, 59.75, 1);
    ck_assert_int_eq(fake_rank_state(&run, 1), LKS_RANK_STALLED);
    ck_assert_uint_eq(fake_actions(&run, LKS_ACTION_ABORT, NULL), 0);
    fake_beat(&run, 0, 1, LKS__PROTO__PHASE__LOAD, 0);
    fake_wait(&run, LKS_TICK_S);
    ck_aborts(&run, "rank 1 (host node, pid 101) was lost at step 0 in load: it has been "
                    "silent for 60 s");
    ck_assert_uint_eq(fake_actions(&run, LKS_ACTION_CLOSE, NULL), 1);
    ck_assert_int_eq(fake_rank_state(&run, 1), LKS_RANK_LOST);
    fake_run_end(&run);
}
END_TEST

START_TEST(all_ranks_silent_at_once_are_all_lost)
{
    fake_run run = fake_run_running(5);

    fake_wait(&run, 60);
    ck_assert_uint_eq(fake_actions(&run, LKS_ACTION_ABORT, NULL), 1);
    ck_assert_uint_eq(fake_actions(&run, LKS_ACTION_CLOSE, NULL), 5);
    ck_assert_uint_eq(lks_coordinator_n_live(run.coordinator), 0);
    fake_run_end(&run);
}
END_TEST

START_TEST(what_the_coordinator_slept_is_no_silence_of_the_ranks)
{
    fake_run run = fake_run_running(2);

    fake_wait(&run, 1);
    run.now_s += 3600; /* stopped and continued */
    fake_wait(&run, 0.5);
    ck_assert_int_eq(fake_rank_state(&run, 0), LKS_RANK_RUNNING);
    ck_assert_int_eq(fake_job_state(&run), LKS_JOB_RUNNING);
    fake_wait(&run, 2);
    ck_assert_int_eq(fake_rank_state(&run, 0), LKS_RANK_STALLED);
    fake_run_end(&run);
}
END_TEST

START_TEST(a_clock_that_goes_back_is_ignored)
{
    fake_run run = fake_run_running(1);

    fake_wait(&run, 1);
    run.now_s -= 500;
    fake_beat(&run, 0, 3, LKS__PROTO__PHASE__REDUCE, 0);
    run.now_s += 500.5;
    fake_send(&run, (lks_event){.type = LKS_EVENT_TICK});
    ck_assert_int_eq(fake_rank_state(&run, 0), LKS_RANK_RUNNING);
    fake_run_end(&run);
}
END_TEST

START_TEST(ranks_that_never_come_fail_the_job)
{
    fake_run run = fake_run_start(4);

    fake_join(&run, 2);
    for (int i = 0; i < 24; i++) {
        fake_beat(&run, 2, 0, LKS__PROTO__PHASE__START, i);
        fake_wait(&run, 1);
        ck_assert_int_eq(fake_job_state(&run), LKS_JOB_STARTING);
    }
    fake_wait(&run, 1);
    ck_aborts(&run, "ranks 0, 1 and 3 did not connect within 25 s");
    fake_run_end(&run);
}
END_TEST

START_TEST(replicas_that_differ_fail_the_job)
{
    fake_run run = fake_run_running(3);

    fake_progress(&run, 0, 50, 0xaaaa);
    fake_progress(&run, 2, 50, 0xaaaa);
    ck_assert_uint_eq(run.n_actions, 0);
    fake_progress(&run, 2, 100, 0xcccc); /* one is ahead: no matter */
    fake_progress(&run, 1, 50, 0xbbbb);
    ck_aborts(&run, "the replicas differ at step 50: rank 0 (host node, pid 100) has "
                    "parameter hash 000000000000aaaa, rank 1 (host node, pid 101) has "
                    "000000000000bbbb");
    fake_run_end(&run);
}
END_TEST

START_TEST(a_hash_that_was_not_computed_is_not_compared)
{
    fake_run run = fake_run_running(2);

    fake_progress(&run, 0, 50, 0xaaaa);
    fake_progress(&run, 1, 50, 0);
    ck_assert_int_eq(fake_job_state(&run), LKS_JOB_RUNNING);
    fake_run_end(&run);
}
END_TEST

START_TEST(a_desync_is_seen_with_many_reports_in_between)
{
    fake_run run = fake_run_running(2);

    for (uint64_t step = 1; step <= 1000; step++)
        fake_progress(&run, 0, step, step);
    fake_progress(&run, 1, 900, 900); /* too late to be compared */
    fake_progress(&run, 1, 999, 999);
    ck_assert_int_eq(fake_job_state(&run), LKS_JOB_RUNNING);
    fake_progress(&run, 1, 1000, 1);
    ck_assert_int_eq(fake_job_state(&run), LKS_JOB_FAILED);
    fake_run_end(&run);
}
END_TEST

START_TEST(a_job_succeeds_when_every_rank_has_said_goodbye)
{
    fake_run run = fake_run_running(3);

    fake_goodbye(&run, 1, LKS_OK, "");
    ck_assert_uint_eq(fake_actions(&run, LKS_ACTION_CLOSE, NULL), 1);
    ck_assert_int_eq(fake_job_state(&run), LKS_JOB_FINISHING);
    ck_assert_int_eq(fake_rank_state(&run, 1), LKS_RANK_GONE);
    fake_goodbye(&run, 0, LKS_OK, "");
    ck_assert_uint_eq(lks_coordinator_n_live(run.coordinator), 1);
    fake_goodbye(&run, 2, LKS_OK, "");
    ck_assert_int_eq(fake_job_state(&run), LKS_JOB_SUCCEEDED);
    ck_assert_uint_eq(lks_coordinator_n_live(run.coordinator), 0);
    fake_close(&run, 2); /* no news */
    ck_assert_int_eq(fake_job_state(&run), LKS_JOB_SUCCEEDED);
    ck_assert_uint_eq(run.n_actions, 0);
    fake_run_end(&run);
}
END_TEST

START_TEST(a_rank_lost_while_others_have_left_fails_the_job)
{
    fake_run run = fake_run_running(2);

    fake_goodbye(&run, 0, LKS_OK, "");
    fake_close(&run, 1);
    ck_assert_int_eq(fake_job_state(&run), LKS_JOB_FAILED);
    fake_settle(&run);
    ck_assert_uint_eq(fake_actions(&run, LKS_ACTION_ABORT, NULL), 1);
    fake_run_end(&run);
}
END_TEST

#define GAVE_UP                                                                          \
    "rank 1 (host node, pid 101) gave up at step 7: the loss at step 8 is not finite"

START_TEST(when_all_ranks_give_up_together_the_run_ends_by_itself)
{
    fake_run run = fake_run_running(2);

    fake_beat(&run, 1, 7, LKS__PROTO__PHASE__REDUCE, 0);
    fake_goodbye(&run, 1, LKS_NUMERIC, "the loss at step 8 is not finite");
    ck_assert_int_eq(fake_job_state(&run), LKS_JOB_FAILED);
    ck_assert_str_eq(fake_reason(&run), GAVE_UP);
    ck_assert_uint_eq(fake_actions(&run, LKS_ACTION_ABORT, NULL), 0);
    fake_goodbye(&run, 0, LKS_NUMERIC, "the loss at step 8 is not finite");
    fake_wait(&run, 10);
    ck_assert_uint_eq(fake_actions(&run, LKS_ACTION_ABORT, NULL), 0);
    ck_assert_str_eq(fake_reason(&run), GAVE_UP);
    fake_run_end(&run);
}
END_TEST

START_TEST(when_one_rank_gives_up_alone_the_run_is_aborted_soon)
{
    fake_run run = fake_run_running(2);

    fake_beat(&run, 1, 7, LKS__PROTO__PHASE__REDUCE, 0);
    fake_goodbye(&run, 1, LKS_NUMERIC, "the loss at step 8 is not finite");
    fake_wait(&run, 2.75);
    ck_assert_uint_eq(fake_actions(&run, LKS_ACTION_ABORT, NULL), 0);
    fake_wait(&run, 0.25);
    ck_aborts(&run, GAVE_UP);
    fake_run_end(&run);
}
END_TEST

START_TEST(a_goodbye_without_a_reason_is_told_by_its_status)
{
    fake_run run = fake_run_running(1);

    fake_goodbye(&run, 0, LKS_IO, "");
    ck_assert_str_eq(fake_reason(&run), "rank 0 (host node, pid 100) gave up at step 0: "
                                        "input/output error");
    fake_run_end(&run);
}
END_TEST

START_TEST(an_unknown_goodbye_status_is_a_failure_too)
{
    fake_run run = fake_run_running(1);

    fake_goodbye(&run, 0, 4000000000u, NULL);
    ck_assert_int_eq(fake_job_state(&run), LKS_JOB_FAILED);
    ck_assert_ptr_nonnull(strstr(fake_reason(&run), "unknown status"));
    fake_run_end(&run);
}
END_TEST

START_TEST(a_cancel_reaches_every_live_rank_once)
{
    fake_run run = fake_run_running(3);
    const lks_action *control = NULL;

    fake_cancel(&run);
    ck_assert_uint_eq(fake_actions(&run, LKS_ACTION_CONTROL, &control), 3);
    ck_assert_int_eq(control->command, LKS__PROTO__CONTROL__COMMAND__CANCEL);
    ck_assert_int_eq(fake_job_state(&run), LKS_JOB_FINISHING);
    ck_assert_str_eq(fake_reason(&run), "a cancel is under way");
    fake_cancel(&run);
    ck_assert_uint_eq(run.n_actions, 0);
    for (uint32_t r = 0; r < 3; r++)
        fake_goodbye(&run, r, LKS_CANCELLED, "");
    ck_assert_int_eq(fake_job_state(&run), LKS_JOB_CANCELLED);
    fake_run_end(&run);
}
END_TEST

START_TEST(a_rank_that_comes_after_a_cancel_is_told_of_it)
{
    fake_run run = fake_run_start(2);

    fake_join(&run, 0);
    fake_cancel(&run);
    fake_join(&run, 1);
    ck_assert_uint_eq(fake_actions(&run, LKS_ACTION_WELCOME, NULL), 1);
    ck_assert_uint_eq(fake_actions(&run, LKS_ACTION_CONTROL, NULL), 1);
    fake_run_end(&run);
}
END_TEST

START_TEST(a_cancel_before_any_rank_came_ends_the_job)
{
    fake_run run = fake_run_start(2);

    fake_cancel(&run);
    ck_assert_int_eq(fake_job_state(&run), LKS_JOB_CANCELLED);
    fake_join(&run, 0);
    ck_assert_uint_eq(fake_actions(&run, LKS_ACTION_REFUSE, NULL), 1);
    fake_run_end(&run);
}
END_TEST

START_TEST(ranks_that_cancel_by_themselves_cancel_the_job)
{
    fake_run run = fake_run_running(2);

    fake_goodbye(&run, 0, LKS_CANCELLED, "");
    fake_goodbye(&run, 1, LKS_CANCELLED, "");
    ck_assert_int_eq(fake_job_state(&run), LKS_JOB_CANCELLED);
    fake_run_end(&run);
}
END_TEST

START_TEST(rank_0_tells_the_progress_and_heartbeats_keep_its_step_fresh)
{
    fake_run run = fake_run_running(2);
    lks_job_record job;

    fake_progress(&run, 1, 20, 0); /* no outcome of the run */
    ck_assert(!lks_coordinator_job(run.coordinator).progress.has_report);
    fake_progress(&run, 0, 10, 0);
    fake_beat(&run, 1, 12, LKS__PROTO__PHASE__LOAD, 0);
    job = lks_coordinator_job(run.coordinator);
    ck_assert(job.progress.has_report);
    ck_assert_uint_eq(job.step, 12);
    ck_assert_uint_eq(job.progress.samples, 640);
    ck_assert_double_eq(job.progress.loss, 0.5);
    ck_assert_double_eq(job.progress.samples_per_s, 640);
    /* 88 steps of 64 samples at 640 samples/s */
    ck_assert_double_eq_tol(lks_job_progress_eta_s(&job.progress, job.step), 8.8, 1e-9);
    ck_assert_double_eq(lks_job_progress_eta_s(&job.progress, 100), 0);
    ck_assert_double_eq(lks_job_progress_eta_s(&job.progress, 101), 0);
    fake_run_end(&run);
}
END_TEST

START_TEST(what_a_peer_sends_is_made_safe)
{
    fake_run run = fake_run_start(1);
    Lks__Proto__Hello hello = fake_hello(1, 0);
    Lks__Proto__Heartbeat heartbeat = LKS__PROTO__HEARTBEAT__INIT;
    const lks_rank *rank = lks_coordinator_ranks(run.coordinator);
    char long_name[400];

    memset(long_name, 'x', sizeof long_name);
    long_name[sizeof long_name - 1] = '\0';
    hello.host = long_name;
    hello.device = (char *)"\x1b[31m\xff\n";
    fake_say_hello(&run, &hello);
    ck_assert_uint_eq(strlen(rank->host), sizeof rank->host - 1);
    ck_assert_str_eq(rank->device, "?[31m??");

    heartbeat.phase = (Lks__Proto__Phase)77;
    heartbeat.phase_s = -3;
    heartbeat.samples_per_s = NAN;
    fake_send(&run, (lks_event){.type = LKS_EVENT_HEARTBEAT, .heartbeat = &heartbeat});
    ck_assert_str_eq(lks_phase_name(rank->phase), "unknown");
    ck_assert_double_eq(lks_rank_phase_s(rank, run.now_s), 0);
    ck_assert_double_eq(rank->samples_per_s, 0);
    fake_run_end(&run);
}
END_TEST

START_TEST(events_of_a_rank_that_left_or_is_none_are_ignored)
{
    fake_run run = fake_run_running(2);

    fake_goodbye(&run, 0, LKS_OK, "");
    fake_beat(&run, 0, 99, LKS__PROTO__PHASE__REDUCE, 0);
    fake_progress(&run, 0, 99, 1);
    fake_goodbye(&run, 0, LKS_IO, "again");
    fake_close(&run, 2); /* of two ranks */
    ck_assert_uint_eq(run.n_actions, 0);
    ck_assert_int_eq(fake_job_state(&run), LKS_JOB_FINISHING);
    ck_assert_uint_eq(lks_coordinator_ranks(run.coordinator)[0].step, 0);
    fake_run_end(&run);
}
END_TEST

START_TEST(a_run_without_ranks_or_lanes_is_refused)
{
    lks_coordinator_options options = {.job_id = "a", .job_name = "a", .lanes = 1};
    lks_coordinator *coordinator = NULL;

    ck_fails(lks_coordinator_create(&options, &coordinator), LKS_INVALID, "0 ranks");
    options.world_size = LKS_COORDINATOR_MAX_RANKS + 1;
    ck_fails(lks_coordinator_create(&options, &coordinator), LKS_INVALID, "1048577");
    options.world_size = 1;
    options.lanes = 0;
    ck_fails(lks_coordinator_create(&options, &coordinator), LKS_INVALID, "0 lanes");
    ck_assert_ptr_null(coordinator);
}
END_TEST

START_TEST(creating_survives_every_failed_allocation)
{
    const lks_coordinator_options options = {
        .job_id = "a", .job_name = "b", .world_size = 3, .lanes = 3};
    lks_coordinator *coordinator = NULL;
    long n = 0;

    for (;; n++) {
        lks_error_clear();
        lks_alloc_fail_after(n);
        if (lks_coordinator_create(&options, &coordinator) == LKS_OK)
            break;
        ck_assert_int_eq(lks_error_status(), LKS_NOMEM);
        ck_assert_ptr_null(coordinator);
    }
    lks_alloc_fail_after(-1);
    ck_assert_int_eq(n, 5);
    lks_coordinator_destroy(coordinator);
}
END_TEST

LKS_SUITE(
    "coordinator", a_hello_is_welcomed_with_the_shard,
    the_job_runs_once_the_last_rank_has_come, the_first_heartbeat_makes_a_rank_run,
    a_hello_that_does_not_fit_is_refused_and_fails_the_job,
    a_hello_after_the_end_is_refused, a_rank_that_closes_without_goodbye_is_lost_at_once,
    a_rank_lost_while_it_joins_is_told_so,
    a_rank_that_has_reported_a_step_does_not_join_any_more,
    a_lost_ranks_step_is_the_latest_that_it_told,
    the_run_is_aborted_once_and_the_first_cause_stands,
    a_silent_rank_stalls_after_two_seconds_and_comes_back_on_a_heartbeat,
    progress_counts_as_a_sign_of_life, a_rank_silent_for_a_minute_is_lost,
    all_ranks_silent_at_once_are_all_lost,
    what_the_coordinator_slept_is_no_silence_of_the_ranks,
    a_clock_that_goes_back_is_ignored, ranks_that_never_come_fail_the_job,
    replicas_that_differ_fail_the_job, a_hash_that_was_not_computed_is_not_compared,
    a_desync_is_seen_with_many_reports_in_between,
    a_job_succeeds_when_every_rank_has_said_goodbye,
    a_rank_lost_while_others_have_left_fails_the_job,
    when_all_ranks_give_up_together_the_run_ends_by_itself,
    when_one_rank_gives_up_alone_the_run_is_aborted_soon,
    a_goodbye_without_a_reason_is_told_by_its_status,
    an_unknown_goodbye_status_is_a_failure_too, a_cancel_reaches_every_live_rank_once,
    a_rank_that_comes_after_a_cancel_is_told_of_it,
    a_cancel_before_any_rank_came_ends_the_job,
    ranks_that_cancel_by_themselves_cancel_the_job,
    rank_0_tells_the_progress_and_heartbeats_keep_its_step_fresh,
    what_a_peer_sends_is_made_safe, events_of_a_rank_that_left_or_is_none_are_ignored,
    a_run_without_ranks_or_lanes_is_refused, creating_survives_every_failed_allocation)
