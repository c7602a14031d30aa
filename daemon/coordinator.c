#include "daemon/coordinator.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/plain.h"
#include "base/try.h"
#include "daemon/hello_check.h"
#include "proto/sign.h"

/* Ticks come every LKS_TICK_S; where they stayed away for this long, it was ourselves
 * that slept (stopped, suspended, starved), and the ranks' silence says nothing. */
#define OWN_SILENCE_S 1.0

#define NEVER_S INFINITY

struct lks_coordinator {
    lks_coordinator_options options;
    char *job_id, *job_name;
    lks_job_state state;
    char reason[LKS_REASON_BYTES]; /* of a failure */
    bool cancelling, aborted;
    double now_s;      /* of the last event */
    double join_by_s;  /* every rank has said hello by then */
    double abort_at_s; /* a rank gave up or is lost: until then the others may leave by
                          themselves, and its launcher may see what it died of */
    lks_rank *ranks;   /* [world_size] */
    uint32_t n_in_state[LKS_N_RANK_STATES];
    lks_job_progress progress;
    lks_replica_check replicas;
    lks_action *actions; /* [world_size + MAX_EXTRA_ACTIONS] */
    size_t n_actions;
};

/* No event does more than one thing to each rank and these. */
enum { MAX_EXTRA_ACTIONS = 2 };

static void set_default(double *value, double fallback)
{
    if (*value == 0)
        *value = fallback;
}

/* Names become part of lines and JSON; made safe, none becomes longer. */
static char *safe_copy(const char *text)
{
    size_t size_bytes = strlen(text) + 1;
    char *copy = lks_malloc(size_bytes);

    if (copy)
        lks_plain_copy(copy, size_bytes, text);
    return copy;
}

lks_status lks_coordinator_create(const lks_coordinator_options *options,
                                  lks_coordinator **out)
{
    lks_coordinator *c = NULL;
    uint32_t n = options->world_size;
    lks_status st = LKS_OK;

    if (n == 0 || n > LKS_COORDINATOR_MAX_RANKS || options->lanes == 0)
        LKS_FAIL(LKS_INVALID,
                 "a run of %u ranks and %u lanes: 1 to %d ranks and at "
                 "least 1 lane are possible",
                 n, options->lanes, LKS_COORDINATOR_MAX_RANKS);
    if (!(c = lks_calloc(1, sizeof *c)) ||
        !(c->ranks = lks_calloc(n, sizeof *c->ranks)) ||
        !(c->actions = lks_calloc(n + MAX_EXTRA_ACTIONS, sizeof *c->actions)) ||
        !(c->job_id = safe_copy(options->job_id)) ||
        !(c->job_name = safe_copy(options->job_name)))
        LKS_GO(LKS_NOMEM);
    c->options = *options;
    set_default(&c->options.heartbeat_period_s, 0.5);
    set_default(&c->options.stall_s, 2);
    set_default(&c->options.rank_timeout_s, 60);
    set_default(&c->options.join_timeout_s, 25);
    set_default(&c->options.leave_s, 3);
    set_default(&c->options.settle_s, 0.2);
    c->now_s = options->now_s;
    c->join_by_s = options->now_s + c->options.join_timeout_s;
    c->abort_at_s = NEVER_S;
    c->progress.total_steps = options->total_steps;
    c->n_in_state[LKS_RANK_ABSENT] = n;
    for (uint32_t r = 0; r < n; r++) {
        c->ranks[r].rank = r;
        c->ranks[r].lanes = lks_shard_lanes(r, n, options->lanes);
    }
    *out = c;
    c = NULL;
cleanup:
    lks_coordinator_destroy(c);
    return st;
}

void lks_coordinator_destroy(lks_coordinator *c)
{
    if (!c)
        return;
    lks_free(c->job_name);
    lks_free(c->job_id);
    lks_free(c->actions);
    lks_free(c->ranks);
    lks_free(c);
}

/* Moves and actions. */

static void move_rank(lks_coordinator *c, lks_rank *rank, lks_rank_state to)
{
    if (rank->state == to)
        return;
    assert(lks_rank_may_move(rank->state, to));
    c->n_in_state[rank->state]--;
    c->n_in_state[to]++;
    rank->state = to;
}

static void move_job(lks_coordinator *c, lks_job_state to)
{
    if (c->state == to)
        return;
    assert(lks_job_may_move(c->state, to));
    c->state = to;
}

static lks_action *add_action(lks_coordinator *c, lks_action_type type)
{
    lks_action *action = &c->actions[c->n_actions++];

    assert(c->n_actions <= c->options.world_size + MAX_EXTRA_ACTIONS);
    *action = (lks_action){.type = type};
    return action;
}

static void add_control(lks_coordinator *c, uint32_t rank,
                        Lks__Proto__Control__Command command)
{
    lks_action *action = add_action(c, LKS_ACTION_CONTROL);

    action->rank = rank;
    action->command = command;
}

static void abort_run(lks_coordinator *c)
{
    if (c->aborted)
        return;
    c->aborted = true;
    add_action(c, LKS_ACTION_ABORT)->reason = c->reason;
}

/* The first cause of a failure is the one that is told. */
static void fail_job(lks_coordinator *c, const char *reason)
{
    if (lks_job_is_over(c->state))
        return;
    lks_plain_copy(c->reason, sizeof c->reason, reason);
    move_job(c, LKS_JOB_FAILED);
}

static void lose_rank(lks_coordinator *c, lks_rank *rank, const char *why)
{
    char buffer[LKS_REASON_BYTES];
    lks_line line = lks_line_init(buffer, sizeof buffer);

    lks_rank_add_name(rank, &line);
    if (rank->state == LKS_RANK_JOINING)
        lks_line_add(&line, LKS_WAS_LOST "while it joined: %s", why);
    else
        lks_line_add(&line, LKS_WAS_LOST "at step %llu in %s: %s",
                     (unsigned long long)rank->step, lks_phase_name(rank->phase), why);
    move_rank(c, rank, LKS_RANK_LOST);
    fail_job(c, buffer);
}

static void abort_by(lks_coordinator *c, double at_s)
{
    if (at_s < c->abort_at_s)
        c->abort_at_s = at_s;
}

uint32_t lks_coordinator_n_live(const lks_coordinator *c)
{
    return c->n_in_state[LKS_RANK_JOINING] + c->n_in_state[LKS_RANK_RUNNING] +
           c->n_in_state[LKS_RANK_STALLED];
}

/* Whether a finishing job has finished. A cancelled one does not wait for ranks that
 * never came. */
static void settle_job(lks_coordinator *c)
{
    if (c->state != LKS_JOB_FINISHING || lks_coordinator_n_live(c) > 0)
        return;
    if (c->cancelling)
        move_job(c, LKS_JOB_CANCELLED);
    else if (c->n_in_state[LKS_RANK_ABSENT] == 0)
        move_job(c, LKS_JOB_SUCCEEDED);
}

/* Events. */

static void refuse(lks_coordinator *c, uint64_t peer, const char *reason)
{
    lks_action *action = add_action(c, LKS_ACTION_REFUSE);

    action->peer = peer;
    action->reason = reason;
}

static void welcome(lks_coordinator *c, uint64_t peer, const lks_rank *rank)
{
    lks_action *action = add_action(c, LKS_ACTION_WELCOME);

    action->peer = peer;
    action->rank = rank->rank;
    action->welcome.lanes = c->options.lanes;
    action->welcome.first_lane = (uint32_t)rank->lanes.begin;
    action->welcome.end_lane = (uint32_t)rank->lanes.end;
    action->welcome.heartbeat_ms = (uint32_t)(c->options.heartbeat_period_s * 1e3);
}

static void on_hello(lks_coordinator *c, const lks_event *event)
{
    char buffer[LKS_REASON_BYTES];
    lks_line line = lks_line_init(buffer, sizeof buffer);
    lks_rank *rank;

    if (lks_job_is_over(c->state)) {
        refuse(c, event->peer, "the run is over");
        return;
    }
    if (!lks_hello_check(event->hello, c->ranks, c->options.world_size, &line)) {
        fail_job(c, buffer);
        refuse(c, event->peer, c->reason);
        abort_run(c);
        return;
    }
    rank = &c->ranks[event->hello->rank];
    lks_rank_take_hello(rank, event->hello, c->now_s);
    move_rank(c, rank, LKS_RANK_JOINING);
    welcome(c, event->peer, rank);
    if (c->cancelling)
        add_control(c, rank->rank, LKS__PROTO__CONTROL__COMMAND__CANCEL);
    if (c->state == LKS_JOB_STARTING && c->n_in_state[LKS_RANK_ABSENT] == 0)
        move_job(c, LKS_JOB_RUNNING);
}

static void on_heartbeat(lks_coordinator *c, const lks_event *event)
{
    lks_rank *rank = &c->ranks[event->rank];

    lks_rank_take_heartbeat(rank, event->heartbeat, c->now_s);
    move_rank(c, rank, LKS_RANK_RUNNING);
}

static void fail_desync(lks_coordinator *c, const lks_rank *rank, uint64_t step,
                        uint64_t hash, const struct lks_replica_entry *other)
{
    char buffer[LKS_REASON_BYTES];
    lks_line line = lks_line_init(buffer, sizeof buffer);

    lks_line_add(&line, "the replicas differ at step %llu: ", (unsigned long long)step);
    lks_rank_add_name(&c->ranks[other->rank], &line);
    lks_line_add(&line, " has parameter hash %016llx, ", (unsigned long long)other->hash);
    lks_rank_add_name(rank, &line);
    lks_line_add(&line, " has %016llx", (unsigned long long)hash);
    fail_job(c, buffer);
    abort_run(c);
}

static void on_progress(lks_coordinator *c, const lks_event *event)
{
    const Lks__Proto__Progress *progress = event->progress;
    lks_rank *rank = &c->ranks[event->rank];
    const struct lks_replica_entry *other = lks_replica_check_take(
        &c->replicas, rank->rank, progress->step, progress->replica_hash);

    rank->heard_at_s = c->now_s;
    if (progress->step > rank->step)
        rank->step = progress->step;
    move_rank(c, rank, LKS_RANK_RUNNING);
    if (rank->rank == 0)
        lks_job_progress_take(&c->progress, progress);
    if (other)
        fail_desync(c, rank, progress->step, progress->replica_hash, other);
}

/* A rank that gave up takes the run with it. The others often have seen the same (a loss
 * that is not finite) and leave by themselves, which is the cleaner end: so they get a
 * little time. */
static void on_rank_gave_up(lks_coordinator *c, const lks_rank *rank,
                            const Lks__Proto__Goodbye *goodbye)
{
    char buffer[LKS_REASON_BYTES];
    lks_line line = lks_line_init(buffer, sizeof buffer);

    if (lks_job_is_over(c->state))
        return;
    lks_rank_add_name(rank, &line);
    lks_line_add(&line, " gave up at step %llu: %s", (unsigned long long)rank->step,
                 goodbye->reason && goodbye->reason[0]
                     ? goodbye->reason
                     : lks_status_text((lks_status)goodbye->status));
    fail_job(c, buffer);
    abort_by(c, c->now_s + c->options.leave_s);
}

static void on_goodbye(lks_coordinator *c, const lks_event *event)
{
    lks_rank *rank = &c->ranks[event->rank];

    rank->heard_at_s = c->now_s;
    move_rank(c, rank, LKS_RANK_GONE);
    add_action(c, LKS_ACTION_CLOSE)->rank = rank->rank;
    if (event->goodbye->status == LKS_CANCELLED)
        c->cancelling = true;
    else if (event->goodbye->status != LKS_OK)
        on_rank_gave_up(c, rank, event->goodbye);
    if (!lks_job_is_over(c->state))
        move_job(c, LKS_JOB_FINISHING);
    settle_job(c);
}

static void on_closed(lks_coordinator *c, const lks_event *event)
{
    lose_rank(c, &c->ranks[event->rank], event->why);
    abort_by(c, c->now_s + c->options.settle_s);
}

static void on_cancel(lks_coordinator *c, const lks_event *event)
{
    (void)event;
    if (lks_job_is_over(c->state) || c->cancelling)
        return;
    c->cancelling = true;
    for (uint32_t r = 0; r < c->options.world_size; r++)
        if (lks_rank_is_live(c->ranks[r].state))
            add_control(c, r, LKS__PROTO__CONTROL__COMMAND__CANCEL);
    move_job(c, LKS_JOB_FINISHING);
    settle_job(c);
}

static void check_silence(lks_coordinator *c, lks_rank *rank)
{
    double silent_s = c->now_s - rank->heard_at_s;
    char why[64];

    if (silent_s >= c->options.rank_timeout_s) {
        lks_line line = lks_line_init(why, sizeof why);
        lks_line_add(&line, "it has been silent for %.0f s", silent_s);
        lose_rank(c, rank, why);
        abort_run(c);
        add_action(c, LKS_ACTION_CLOSE)->rank = rank->rank;
    } else if (silent_s >= c->options.stall_s) {
        move_rank(c, rank, LKS_RANK_STALLED);
    }
}

static bool is_absent(const lks_rank *rank, const void *context)
{
    (void)context;
    return rank->state == LKS_RANK_ABSENT;
}

static void fail_to_join(lks_coordinator *c)
{
    char buffer[LKS_REASON_BYTES];
    lks_line line = lks_line_init(buffer, sizeof buffer);

    lks_ranks_add_list(c->ranks, c->options.world_size, is_absent, NULL, &line);
    lks_line_add(&line, " did not connect within %.0f s", c->options.join_timeout_s);
    for (uint32_t r = 0; r < c->options.world_size; r++)
        if (is_absent(&c->ranks[r], NULL))
            move_rank(c, &c->ranks[r], LKS_RANK_LOST);
    fail_job(c, buffer);
    abort_run(c);
}

static void on_tick(lks_coordinator *c, const lks_event *event)
{
    (void)event;
    for (uint32_t r = 0; r < c->options.world_size; r++)
        if (lks_rank_is_live(c->ranks[r].state))
            check_silence(c, &c->ranks[r]);
    if (c->now_s >= c->join_by_s && c->n_in_state[LKS_RANK_ABSENT] > 0 &&
        !lks_job_is_over(c->state))
        fail_to_join(c);
    if (c->now_s >= c->abort_at_s && c->n_in_state[LKS_RANK_GONE] < c->options.world_size)
        abort_run(c);
}

static const struct {
    void (*handle)(lks_coordinator *c, const lks_event *event);
    bool of_live_rank; /* ignored when the rank is not (any more) connected */
} reactions[LKS_N_EVENT_TYPES] = {
    [LKS_EVENT_HELLO] = {on_hello, false},
    [LKS_EVENT_HEARTBEAT] = {on_heartbeat, true},
    [LKS_EVENT_PROGRESS] = {on_progress, true},
    [LKS_EVENT_GOODBYE] = {on_goodbye, true},
    [LKS_EVENT_CLOSED] = {on_closed, true},
    [LKS_EVENT_TICK] = {on_tick, false},
    [LKS_EVENT_CANCEL] = {on_cancel, false},
};

/* Let time go on; our own silence counts as nobody's. */
static void advance(lks_coordinator *c, double now_s)
{
    double gap_s = now_s - c->now_s;

    if (gap_s > OWN_SILENCE_S) {
        for (uint32_t r = 0; r < c->options.world_size; r++)
            c->ranks[r].heard_at_s += gap_s;
        c->join_by_s += gap_s;
        c->abort_at_s += gap_s;
    }
    if (gap_s > 0)
        c->now_s = now_s;
}

size_t lks_coordinator_handle(lks_coordinator *c, const lks_event *event,
                              const lks_action **actions)
{
    c->n_actions = 0;
    advance(c, event->now_s);
    if (!reactions[event->type].of_live_rank ||
        (event->rank < c->options.world_size &&
         lks_rank_is_live(c->ranks[event->rank].state)))
        reactions[event->type].handle(c, event);
    *actions = c->actions;
    return c->n_actions;
}

/* What is known. */

lks_job_record lks_coordinator_job(const lks_coordinator *c)
{
    lks_job_record job = {
        .id = c->job_id,
        .name = c->job_name,
        .state = c->state,
        .world_size = c->options.world_size,
        .lanes = c->options.lanes,
        .started_at_s = c->options.started_at_s,
        .progress = c->progress,
        .step = c->progress.step,
    };

    for (uint32_t r = 0; r < c->options.world_size; r++)
        if (c->ranks[r].step > job.step)
            job.step = c->ranks[r].step;
    return job;
}

const lks_rank *lks_coordinator_ranks(const lks_coordinator *c)
{
    return c->ranks;
}

void lks_coordinator_explain(const lks_coordinator *c, double now_s, lks_line *line)
{
    if (c->state == LKS_JOB_FAILED) {
        lks_line_add(line, "%s", c->reason);
        return;
    }
    if (lks_job_is_over(c->state))
        return;
    if (c->cancelling)
        lks_line_add(line, "a cancel is under way");
    else if (c->state == LKS_JOB_STARTING) {
        lks_line_add(line, "waiting for ");
        lks_ranks_add_list(c->ranks, c->options.world_size, is_absent, NULL, line);
        lks_line_add(line, " to connect");
    } else {
        lks_ranks_explain_wait(c->ranks, c->options.world_size, now_s, line);
    }
}
