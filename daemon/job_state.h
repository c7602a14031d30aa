/* The states of a job and of its ranks, and which may follow which. */
#ifndef LKS_DAEMON_JOB_STATE_H
#define LKS_DAEMON_JOB_STATE_H

#include <stdbool.h>

/*     absent --> joining --> running <--> stalled
 *        |          |           |            |
 *        +----------+-----------+------------+--> gone or lost
 */
#define LKS_RANK_STATE_LIST(X)                                                           \
    X(ABSENT, "absent")   /* never heard of */                                           \
    X(JOINING, "joining") /* said hello, no heartbeat yet */                             \
    X(RUNNING, "running")                                                                \
    X(STALLED, "stalled") /* connected but silent */                                     \
    X(GONE, "gone")       /* said goodbye */                                             \
    X(LOST, "lost")       /* closed without goodbye, or silent for too long */

typedef enum lks_rank_state {
#define LKS_RANK_STATE_ENUM(name, text) LKS_RANK_##name,
    LKS_RANK_STATE_LIST(LKS_RANK_STATE_ENUM)
#undef LKS_RANK_STATE_ENUM
        LKS_N_RANK_STATES
} lks_rank_state;

/*     starting --> running --> finishing --> succeeded
 *        |            |            |
 *        +------------+------------+-------> failed or cancelled
 */
#define LKS_JOB_STATE_LIST(X)                                                            \
    X(STARTING, "starting")   /* ranks are still to come */                              \
    X(RUNNING, "running")     /* all have come */                                        \
    X(FINISHING, "finishing") /* the first has left, or a cancel is under way */         \
    X(SUCCEEDED, "succeeded")                                                            \
    X(FAILED, "failed")                                                                  \
    X(CANCELLED, "cancelled")

typedef enum lks_job_state {
#define LKS_JOB_STATE_ENUM(name, text) LKS_JOB_##name,
    LKS_JOB_STATE_LIST(LKS_JOB_STATE_ENUM)
#undef LKS_JOB_STATE_ENUM
        LKS_N_JOB_STATES
} lks_job_state;

/* The word that users read; static storage. */
const char *lks_rank_state_name(lks_rank_state state);
const char *lks_job_state_name(lks_job_state state);

/* Whether `to` may directly follow `from`. No state follows itself. */
bool lks_rank_may_move(lks_rank_state from, lks_rank_state to);
bool lks_job_may_move(lks_job_state from, lks_job_state to);

/* Connected, as far as we know: joining, running or stalled. */
bool lks_rank_is_live(lks_rank_state state);

/* Nothing follows it. */
bool lks_job_is_over(lks_job_state state);

#endif
