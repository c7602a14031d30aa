/* A coordinator under virtual time, and ranks that are only messages. */
#ifndef LKS_TESTS_DAEMON_FAKE_RUN_H
#define LKS_TESTS_DAEMON_FAKE_RUN_H

#include <stdio.h>

#include "support/suite.h"

#include "daemon/coordinator.h"
#include "proto/frame.h"

typedef struct fake_run {
    lks_coordinator *coordinator;
    uint32_t n_ranks;
    double now_s;
    const lks_action *actions; /* of the last event */
    size_t n_actions;
} fake_run;

static inline fake_run fake_run_start(uint32_t n_ranks)
{
    fake_run run = {.n_ranks = n_ranks, .now_s = 1000};
    const lks_coordinator_options options = {
        .job_id = "mnist-7",
        .job_name = "mnist",
        .world_size = n_ranks,
        .lanes = 8,
        .total_steps = 100,
        .now_s = run.now_s,
        .started_at_s = 1700000000,
    };

    ck_ok(lks_coordinator_create(&options, &run.coordinator));
    return run;
}

static inline void fake_run_end(fake_run *run)
{
    lks_coordinator_destroy(run->coordinator);
}

static inline void fake_send(fake_run *run, lks_event event)
{
    event.now_s = run->now_s;
    run->n_actions = lks_coordinator_handle(run->coordinator, &event, &run->actions);
}

static inline Lks__Proto__Hello fake_hello(uint32_t n_ranks, uint32_t rank)
{
    Lks__Proto__Hello hello = LKS__PROTO__HELLO__INIT;

    hello.protocol = LKS_PROTOCOL_VERSION;
    hello.version = (char *)"1.2.3";
    hello.rank = rank;
    hello.world_size = n_ranks;
    hello.host = (char *)"node";
    hello.pid = 100 + rank;
    hello.device = (char *)"cpu:0";
    hello.dataset_fingerprint = 0xfeed;
    hello.n_samples = 60000;
    return hello;
}

static inline void fake_say_hello(fake_run *run, const Lks__Proto__Hello *hello)
{
    fake_send(run, (lks_event){.type = LKS_EVENT_HELLO,
                               .peer = 7000u + hello->rank,
                               .hello = hello});
}

static inline void fake_join(fake_run *run, uint32_t rank)
{
    const Lks__Proto__Hello hello = fake_hello(run->n_ranks, rank);

    fake_say_hello(run, &hello);
}

static inline void fake_beat(fake_run *run, uint32_t rank, uint64_t step,
                             Lks__Proto__Phase phase, double phase_s)
{
    Lks__Proto__Heartbeat heartbeat = LKS__PROTO__HEARTBEAT__INIT;

    heartbeat.step = step;
    heartbeat.phase = phase;
    heartbeat.phase_s = phase_s;
    fake_send(
        run,
        (lks_event){.type = LKS_EVENT_HEARTBEAT, .rank = rank, .heartbeat = &heartbeat});
}

static inline void fake_progress(fake_run *run, uint32_t rank, uint64_t step,
                                 uint64_t hash)
{
    Lks__Proto__Progress progress = LKS__PROTO__PROGRESS__INIT;

    progress.step = step;
    progress.total_steps = 100;
    progress.samples = step * 64;
    progress.samples_per_s = 640;
    progress.loss = 0.5;
    progress.lr = 0.01;
    progress.replica_hash = hash;
    fake_send(run, (lks_event){
                       .type = LKS_EVENT_PROGRESS, .rank = rank, .progress = &progress});
}

static inline void fake_goodbye(fake_run *run, uint32_t rank, uint32_t status,
                                const char *reason)
{
    Lks__Proto__Goodbye goodbye = LKS__PROTO__GOODBYE__INIT;

    goodbye.status = status;
    goodbye.reason = (char *)reason;
    fake_send(run,
              (lks_event){.type = LKS_EVENT_GOODBYE, .rank = rank, .goodbye = &goodbye});
}

static inline void fake_close(fake_run *run, uint32_t rank)
{
    fake_send(run, (lks_event){.type = LKS_EVENT_CLOSED,
                               .rank = rank,
                               .why = "its connection closed"});
}

static inline void fake_cancel(fake_run *run)
{
    fake_send(run, (lks_event){.type = LKS_EVENT_CANCEL});
}

/* Let time go on in ticks, the actions of the last tick standing afterwards. */
static inline void fake_wait(fake_run *run, double seconds)
{
    for (double until_s = run->now_s + seconds; run->now_s < until_s;) {
        run->now_s += LKS_TICK_S;
        fake_send(run, (lks_event){.type = LKS_EVENT_TICK});
    }
}

/* All ranks joined and at work. */
static inline fake_run fake_run_running(uint32_t n_ranks)
{
    fake_run run = fake_run_start(n_ranks);

    for (uint32_t r = 0; r < n_ranks; r++)
        fake_join(&run, r);
    for (uint32_t r = 0; r < n_ranks; r++)
        fake_beat(&run, r, 0, LKS__PROTO__PHASE__LOAD, 0);
    return run;
}

static inline lks_job_state fake_job_state(const fake_run *run)
{
    return lks_coordinator_job(run->coordinator).state;
}

static inline lks_rank_state fake_rank_state(const fake_run *run, uint32_t rank)
{
    return lks_coordinator_ranks(run->coordinator)[rank].state;
}

/* Borrowed until the next call. */
static inline const char *fake_reason(const fake_run *run)
{
    static char text[LKS_REASON_BYTES];
    lks_line line = lks_line_init(text, sizeof text);

    lks_coordinator_explain(run->coordinator, run->now_s, &line);
    return text;
}

/* How many actions of this kind the last event brought; the first one in *out, which may
 * be NULL. */
static inline size_t fake_actions(const fake_run *run, lks_action_type type,
                                  const lks_action **out)
{
    size_t n = 0;

    for (size_t i = run->n_actions; i-- > 0;)
        if (run->actions[i].type == type) {
            n++;
            if (out)
                *out = &run->actions[i];
        }
    return n;
}

/* The last event ended the run, for this reason. */
#define ck_aborts(run, text)                                                             \
    do {                                                                                 \
        const lks_action *ck_abort_ = NULL;                                              \
        ck_assert_uint_eq(fake_actions(run, LKS_ACTION_ABORT, &ck_abort_), 1);           \
        ck_assert_str_eq(ck_abort_->reason, text);                                       \
        ck_assert_int_eq(fake_job_state(run), LKS_JOB_FAILED);                           \
        ck_assert_str_eq(fake_reason(run), text);                                        \
    } while (0)

#endif
