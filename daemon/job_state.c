#include "daemon/job_state.h"

#define TO_RANK(name) (1u << LKS_RANK_##name)
#define TO_JOB(name)  (1u << LKS_JOB_##name)

/* Bit t of entry f: t may follow f. */
static const unsigned rank_moves[LKS_N_RANK_STATES] = {
    [LKS_RANK_ABSENT] = TO_RANK(JOINING) | TO_RANK(LOST),
    [LKS_RANK_JOINING] =
        TO_RANK(RUNNING) | TO_RANK(STALLED) | TO_RANK(GONE) | TO_RANK(LOST),
    [LKS_RANK_RUNNING] = TO_RANK(STALLED) | TO_RANK(GONE) | TO_RANK(LOST),
    [LKS_RANK_STALLED] = TO_RANK(RUNNING) | TO_RANK(GONE) | TO_RANK(LOST),
};

static const unsigned job_moves[LKS_N_JOB_STATES] = {
    [LKS_JOB_STARTING] = TO_JOB(RUNNING) | TO_JOB(FINISHING) | TO_JOB(FAILED),
    [LKS_JOB_RUNNING] = TO_JOB(FINISHING) | TO_JOB(FAILED),
    [LKS_JOB_FINISHING] = TO_JOB(SUCCEEDED) | TO_JOB(FAILED) | TO_JOB(CANCELLED),
};

const char *lks_rank_state_name(lks_rank_state state)
{
    static const char *const names[] = {
#define RANK_STATE_NAME(name, text) text,
        LKS_RANK_STATE_LIST(RANK_STATE_NAME)
#undef RANK_STATE_NAME
    };
    return names[state];
}

const char *lks_job_state_name(lks_job_state state)
{
    static const char *const names[] = {
#define JOB_STATE_NAME(name, text) text,
        LKS_JOB_STATE_LIST(JOB_STATE_NAME)
#undef JOB_STATE_NAME
    };
    return names[state];
}

bool lks_rank_may_move(lks_rank_state from, lks_rank_state to)
{
    return rank_moves[from] & (1u << to);
}

bool lks_job_may_move(lks_job_state from, lks_job_state to)
{
    return job_moves[from] & (1u << to);
}

bool lks_rank_is_live(lks_rank_state state)
{
    return state == LKS_RANK_JOINING || state == LKS_RANK_RUNNING ||
           state == LKS_RANK_STALLED;
}

bool lks_job_is_over(lks_job_state state)
{
    return job_moves[state] == 0;
}
