/* The coordinator of one run: a pure state machine. Events go in, actions come out; it
 * does no I/O, has no clock and, once created, needs no memory, so handling an event
 * cannot fail. The code around it turns sockets and timers into events and actions into
 * writes.
 *
 * One thread at a time. What accessors and actions point to is borrowed and holds until
 * the next event. */
#ifndef LKS_DAEMON_COORDINATOR_H
#define LKS_DAEMON_COORDINATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "daemon/job_state.h"
#include "daemon/progress.h"
#include "lockstep.pb-c.h"

enum {
    LKS_COORDINATOR_MAX_RANKS = 1 << 20,
    LKS_REASON_BYTES = 512,
};

typedef struct lks_coordinator lks_coordinator;

/* Durations in seconds; 0 stands for the default. Strings are copied. */
typedef struct lks_coordinator_options {
    const char *job_id;
    const char *job_name;
    uint32_t world_size;
    uint32_t lanes;
    uint64_t total_steps;
    double now_s;              /* monotonic, as in events */
    double started_at_s;       /* wall time, since 1970 */
    double heartbeat_period_s; /* asked of workers: 0.5 */
    double stall_s;            /* silent for this long is `stalled`: 2 */
    double rank_timeout_s;     /* silent for this long is `lost`: 60 */
    double join_timeout_s;     /* every rank has said hello by then: 25 */
    double leave_s;  /* after one rank gave up, the others may say goodbye too: 3 */
    double settle_s; /* after a connection closed, mpirun may see of what: 0.2 */
} lks_coordinator_options;

/* LKS_INVALID: no ranks, no lanes or too many ranks. */
lks_status lks_coordinator_create(const lks_coordinator_options *options,
                                  lks_coordinator **out);
void lks_coordinator_destroy(lks_coordinator *coordinator);

/* A connection is a `peer`, a number of the caller's choice, until its hello is welcomed;
 * from then on it is its `rank`. Frames of ranks that have left are ignored. */
typedef enum lks_event_type {
    LKS_EVENT_HELLO,     /* peer, hello: that it is its rank's is known already */
    LKS_EVENT_HEARTBEAT, /* rank, heartbeat */
    LKS_EVENT_PROGRESS,  /* rank, progress */
    LKS_EVENT_GOODBYE,   /* rank, goodbye */
    LKS_EVENT_CLOSED,    /* rank, why: its connection is no more */
    LKS_EVENT_TICK,      /* time went on; due at least every LKS_TICK_S */
    LKS_EVENT_CANCEL,    /* a user wants the run to end after the current step */
    LKS_N_EVENT_TYPES
} lks_event_type;

#define LKS_TICK_S 0.25

typedef struct lks_event {
    lks_event_type type;
    double now_s;
    uint64_t peer;
    uint32_t rank; /* below the world size */
    union {
        const Lks__Proto__Hello *hello;
        const Lks__Proto__Heartbeat *heartbeat;
        const Lks__Proto__Progress *progress;
        const Lks__Proto__Goodbye *goodbye;
        const char *why; /* "its connection closed" */
    };
} lks_event;

typedef enum lks_action_type {
    LKS_ACTION_WELCOME, /* peer is now `rank`: send `welcome` */
    LKS_ACTION_REFUSE,  /* peer: close its connection; reason */
    LKS_ACTION_CONTROL, /* rank: send `command` */
    LKS_ACTION_CLOSE,   /* rank: close its connection, no LKS_EVENT_CLOSED expected */
    LKS_ACTION_ABORT,   /* the run cannot go on: end it hard; reason. At most once. */
    LKS_N_ACTION_TYPES
} lks_action_type;

typedef struct lks_action {
    lks_action_type type;
    uint64_t peer;
    uint32_t rank;
    union {
        struct {
            uint32_t lanes, first_lane, end_lane, heartbeat_ms;
        } welcome;
        Lks__Proto__Control__Command command;
        const char *reason; /* one line */
    };
} lks_action;

/* The one function: what `event` changes, and what is to be done about it, in order.
 * Returns how many actions stand in *actions. */
size_t lks_coordinator_handle(lks_coordinator *coordinator, const lks_event *event,
                              const lks_action **actions);

/* What is known of the job. */
typedef struct lks_job_record {
    const char *id, *name;
    lks_job_state state;
    uint32_t world_size, lanes;
    double started_at_s;       /* wall time */
    lks_job_progress progress; /* rank 0's last report */
    uint64_t step;             /* completed; heartbeats keep it fresh between reports */
} lks_job_record;

lks_job_record lks_coordinator_job(const lks_coordinator *coordinator);

/* [world_size] */
const lks_rank *lks_coordinator_ranks(const lks_coordinator *coordinator);

/* Ranks that have said hello and neither left nor got lost. */
uint32_t lks_coordinator_n_live(const lks_coordinator *coordinator);

/* Why the job is in its state: the cause of a failure, or who is waited for just now.
 * Adds nothing when all is well. */
void lks_coordinator_explain(const lks_coordinator *coordinator, double now_s,
                             lks_line *line);

#endif
