/* A simulated cluster: thousands of ranks under virtual time, faults thrown in, and after
 * every event what must always hold. Each seed is one history; a failure names it. */
#include "fake_run.h"

#include <math.h>

#include "base/alloc.h"
#include "base/rng.h"

typedef struct cluster {
    fake_run run;
    lks_rng rng;
    uint64_t n_drawn;
    /* what the invariants compare with: the state before the event */
    lks_rank_state *ranks_before;
    lks_job_state job_before;
    size_t n_aborts;
    char abort_reason[LKS_REASON_BYTES];
} cluster;

static uint32_t draw(cluster *c, uint32_t below)
{
    return lks_rng_bits(&c->rng, c->n_drawn++) % below;
}

static cluster cluster_start(uint32_t n_ranks, uint64_t seed)
{
    cluster c = {.run = fake_run_start(n_ranks), .rng = {.seed = seed}};

    c.ranks_before = lks_calloc(n_ranks, sizeof *c.ranks_before);
    return c;
}

static void cluster_end(cluster *c)
{
    fake_run_end(&c->run);
    lks_free(c->ranks_before);
}

/* Check notes every passed assertion in a pipe, which millions are too many for: so only
 * a failed one reaches it. */
#define require(c, condition)                                                            \
    do {                                                                                 \
        if (!(condition))                                                                \
            ck_abort_msg("seed %llu: not so: %s", (unsigned long long)(c)->rng.seed,     \
                         #condition);                                                    \
    } while (0)

static void check_moves(cluster *c)
{
    uint32_t n_live = 0;

    for (uint32_t r = 0; r < c->run.n_ranks; r++) {
        lks_rank_state before = c->ranks_before[r], now = fake_rank_state(&c->run, r);

        require(c, now == before || lks_rank_may_move(before, now));
        c->ranks_before[r] = now;
        n_live += lks_rank_is_live(now);
    }
    require(c, n_live == lks_coordinator_n_live(c->run.coordinator));
}

/* Actions only concern ranks that are there, and each hello gets one answer. */
static void check_actions(cluster *c, const lks_event *event)
{
    size_t n_answers = 0;

    require(c, c->run.n_actions <= c->run.n_ranks + 2);
    for (size_t i = 0; i < c->run.n_actions; i++) {
        const lks_action *action = &c->run.actions[i];
        lks_rank_state state = fake_rank_state(&c->run, action->rank);

        require(c, action->rank < c->run.n_ranks);
        if (action->type == LKS_ACTION_WELCOME || action->type == LKS_ACTION_REFUSE) {
            require(c, action->peer == event->peer);
            n_answers++;
        }
        require(c, action->type != LKS_ACTION_CONTROL || lks_rank_is_live(state));
        require(c, action->type != LKS_ACTION_CLOSE || !lks_rank_is_live(state));
        if (action->type == LKS_ACTION_ABORT) {
            c->n_aborts++;
            snprintf(c->abort_reason, sizeof c->abort_reason, "%s", action->reason);
        }
    }
    require(c, n_answers == (event->type == LKS_EVENT_HELLO));
}

static bool all_ranks_are(const cluster *c, lks_rank_state state)
{
    for (uint32_t r = 0; r < c->run.n_ranks; r++)
        if (fake_rank_state(&c->run, r) != state)
            return false;
    return true;
}

static void check_job(cluster *c)
{
    lks_job_state before = c->job_before, now = fake_job_state(&c->run);
    const char *reason = fake_reason(&c->run);
    uint32_t n_live = lks_coordinator_n_live(c->run.coordinator);

    /* one event may both finish and settle a job */
    require(c, now == before || lks_job_may_move(before, now) ||
                   (!lks_job_is_over(before) && lks_job_is_over(now)));
    require(c, c->n_aborts <= 1);
    require(c, !strchr(reason, '\n'));
    require(c, now != LKS_JOB_FAILED || reason[0]);
    require(c, !c->n_aborts || now == LKS_JOB_FAILED);
    require(c, !c->n_aborts || strcmp(reason, c->abort_reason) == 0);
    require(c, now != LKS_JOB_RUNNING || n_live == c->run.n_ranks);
    require(c, now != LKS_JOB_SUCCEEDED || all_ranks_are(c, LKS_RANK_GONE));
    require(c, now != LKS_JOB_CANCELLED || n_live == 0);
    c->job_before = now;
}

static void cluster_send(cluster *c, lks_event event)
{
    fake_send(&c->run, event);
    check_moves(c);
    check_actions(c, &event);
    check_job(c);
}

/* Messages with anything in them. */

static double any_double(cluster *c)
{
    static const double values[] = {0, -1, 1.5, 1e300, NAN, INFINITY, -INFINITY, 1e-300};

    return values[draw(c, sizeof values / sizeof *values)];
}

static void send_hello(cluster *c, uint32_t rank, bool garbled)
{
    Lks__Proto__Hello hello = fake_hello(c->run.n_ranks, rank);

    if (garbled) {
        uint32_t *const fields[] = {&hello.protocol, &hello.rank, &hello.world_size};

        *fields[draw(c, 3)] = draw(c, 2) ? UINT32_MAX : draw(c, 8);
        hello.host = (char *)(draw(c, 2) ? "\x1b\xff" : "");
    }
    cluster_send(c, (lks_event){.type = LKS_EVENT_HELLO,
                                .peer = draw(c, UINT32_MAX),
                                .hello = &hello});
}

static void send_heartbeat(cluster *c, uint32_t rank)
{
    Lks__Proto__Heartbeat heartbeat = LKS__PROTO__HEARTBEAT__INIT;
    Lks__Proto__PhaseTimes times = LKS__PROTO__PHASE_TIMES__INIT;

    heartbeat.step = draw(c, 5);
    heartbeat.phase = (Lks__Proto__Phase)draw(c, 12);
    heartbeat.phase_s = any_double(c);
    heartbeat.samples_per_s = any_double(c);
    times.reduce = any_double(c);
    heartbeat.times = draw(c, 2) ? &times : NULL;
    cluster_send(
        c,
        (lks_event){.type = LKS_EVENT_HEARTBEAT, .rank = rank, .heartbeat = &heartbeat});
}

static void send_progress(cluster *c, uint32_t rank, bool desynced)
{
    Lks__Proto__Progress progress = LKS__PROTO__PROGRESS__INIT;

    progress.step = draw(c, 200);
    progress.samples_per_s = any_double(c);
    progress.loss = any_double(c);
    progress.replica_hash = desynced ? draw(c, 1000) : progress.step * 31;
    cluster_send(
        c, (lks_event){.type = LKS_EVENT_PROGRESS, .rank = rank, .progress = &progress});
}

static void send_goodbye(cluster *c, uint32_t rank)
{
    static const uint32_t statuses[] = {LKS_OK,        LKS_OK, LKS_OK,
                                        LKS_CANCELLED, LKS_IO, 99};
    Lks__Proto__Goodbye goodbye = LKS__PROTO__GOODBYE__INIT;

    goodbye.status = statuses[draw(c, 6)];
    goodbye.reason = (char *)(draw(c, 2) ? "two\nlines" : "");
    cluster_send(
        c, (lks_event){.type = LKS_EVENT_GOODBYE, .rank = rank, .goodbye = &goodbye});
}

static void send_tick(cluster *c)
{
    c->run.now_s += draw(c, 50) == 0 ? draw(c, 100) : LKS_TICK_S;
    cluster_send(c, (lks_event){.type = LKS_EVENT_TICK});
}

/* Anything may happen; faults are rare enough that histories become long. */
static void any_event(cluster *c)
{
    uint32_t rank = draw(c, c->run.n_ranks), dice = draw(c, 1000);
    lks_event closed = {
        .type = LKS_EVENT_CLOSED, .rank = rank, .why = "its connection closed"};

    if (fake_rank_state(&c->run, rank) == LKS_RANK_ABSENT && dice < 990)
        send_hello(c, rank, false);
    else if (dice < 1)
        send_hello(c, rank, draw(c, 2) == 0);
    else if (dice < 2)
        cluster_send(c, closed);
    else if (dice < 3)
        cluster_send(c, (lks_event){.type = LKS_EVENT_CANCEL});
    else if (dice < 4)
        send_progress(c, rank, true);
    else if (dice < 10)
        send_goodbye(c, rank);
    else if (dice < 300)
        send_tick(c);
    else if (dice < 500)
        send_progress(c, rank, false);
    else
        send_heartbeat(c, rank);
}

START_TEST(random_histories_keep_the_invariants)
{
    unsigned ended[LKS_N_JOB_STATES] = {0};

    for (uint64_t seed = 0; seed < 3000; seed++) {
        cluster c = cluster_start(1 + (uint32_t)(seed % 9), seed);

        for (int i = 0; i < 1500; i++)
            any_event(&c);
        ended[fake_job_state(&c.run)]++;
        cluster_end(&c);
    }
    /* the histories are worth something: they end in every way there is */
    ck_assert_uint_gt(ended[LKS_JOB_SUCCEEDED], 0);
    ck_assert_uint_gt(ended[LKS_JOB_FAILED], 0);
    ck_assert_uint_gt(ended[LKS_JOB_CANCELLED], 0);
}
END_TEST

START_TEST(random_histories_of_a_thousand_ranks_keep_the_invariants)
{
    for (uint64_t seed = 1000; seed < 1003; seed++) {
        cluster c = cluster_start(1000, seed);

        for (int i = 0; i < 6000; i++)
            any_event(&c);
        cluster_end(&c);
    }
}
END_TEST

/* Ranks that do as they should: a heartbeat twice a second in lock step, until `silent`
 * of them fall silent. */
static void work(cluster *c, double seconds, const bool *silent)
{
    for (double until_s = c->run.now_s + seconds; c->run.now_s < until_s;) {
        uint64_t step = (uint64_t)(c->run.now_s * 10);

        for (uint32_t r = 0; r < c->run.n_ranks; r++)
            if (!silent || !silent[r])
                fake_beat(&c->run, r, step, LKS__PROTO__PHASE__REDUCE, 0.01);
        for (int i = 0; i < 2; i++)
            send_tick(c);
    }
}

START_TEST(five_thousand_ranks_come_in_any_order_work_and_leave)
{
    enum { N = 5000 };
    cluster c = cluster_start(N, 5);
    uint32_t order[N];

    for (uint32_t i = 0; i < N; i++)
        order[i] = i;
    for (uint32_t i = N - 1; i > 0; i--) {
        uint32_t j = draw(&c, i + 1), other = order[j];

        order[j] = order[i];
        order[i] = other;
    }
    for (uint32_t i = 0; i < N; i++)
        fake_join(&c.run, order[i]);
    ck_assert_int_eq(fake_job_state(&c.run), LKS_JOB_RUNNING);
    c.job_before = LKS_JOB_RUNNING;
    for (uint32_t r = 0; r < N; r++)
        c.ranks_before[r] = LKS_RANK_JOINING;
    work(&c, 20, NULL);
    for (uint32_t r = 0; r < N; r++)
        ck_assert_int_eq(fake_rank_state(&c.run, r), LKS_RANK_RUNNING);
    for (uint32_t i = 0; i < N; i++)
        fake_goodbye(&c.run, order[i], LKS_OK, "");
    ck_assert_int_eq(fake_job_state(&c.run), LKS_JOB_SUCCEEDED);
    cluster_end(&c);
}
END_TEST

START_TEST(of_two_thousand_ranks_exactly_the_silent_ones_stall)
{
    enum { N = 2000 };
    cluster c = {.run = fake_run_running(N), .rng = {.seed = 6}};
    bool silent[N] = {false};

    c.ranks_before = lks_calloc(N, sizeof *c.ranks_before);
    c.job_before = LKS_JOB_RUNNING;
    for (uint32_t r = 0; r < N; r++)
        c.ranks_before[r] = LKS_RANK_RUNNING;
    for (int i = 0; i < 40; i++)
        silent[draw(&c, N)] = true;
    work(&c, 6, silent);
    for (uint32_t r = 0; r < N; r++)
        ck_assert_int_eq(fake_rank_state(&c.run, r) == LKS_RANK_STALLED, silent[r]);
    cluster_end(&c);
}
END_TEST

LKS_SUITE("cluster", random_histories_keep_the_invariants,
          random_histories_of_a_thousand_ranks_keep_the_invariants,
          five_thousand_ranks_come_in_any_order_work_and_leave,
          of_two_thousand_ranks_exactly_the_silent_ones_stall)
