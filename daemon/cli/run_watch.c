#include "daemon/cli/run_watch.h"

#include <string.h>

#include "base/alloc.h"

/* Looks come several times a second; where they stayed away for so long, it was we who
 * slept (stopped, suspended, starved). */
#define OWN_SILENCE_S 3.0

typedef struct heard {
    bool has_begun;
    double at_s;    /* the last sign */
    double since_s; /* the first one of its stage */
    lks_sign sign;
} heard;

struct lks_run_watch {
    lks_run_watch_options options;
    double looked_at_s;
    double stopped_since_s; /* mpirun; 0: it is not */
    double said_end_s;      /* 0: it has not */
    double killed_at_s;     /* since when a rank is known to be dead; 0: none is */
    double lost_at_s;       /* the same of one that is lost, or dead */
    double held_at_s;       /* last, what mpirun prints; 0: never */
    bool has_lost_rank_0;
    bool has_warned;
    heard *ranks; /* [n_ranks] */
    uint32_t n_ranks;
};

static bool make_room(lks_run_watch *watch, uint32_t n_ranks)
{
    heard *ranks;

    if (watch->ranks)
        return n_ranks == watch->n_ranks;
    ranks = n_ranks ? lks_calloc(n_ranks, sizeof *ranks) : NULL;
    if (!ranks)
        return false;
    watch->ranks = ranks;
    watch->n_ranks = n_ranks;
    return true;
}

lks_status lks_run_watch_create(const lks_run_watch_options *options, lks_run_watch **out)
{
    lks_run_watch *watch = lks_calloc(1, sizeof *watch);

    if (!watch)
        return LKS_NOMEM;
    watch->options = *options;
    watch->looked_at_s = options->now_s;
    if (options->n_ranks && !make_room(watch, options->n_ranks)) {
        lks_run_watch_destroy(watch);
        return LKS_NOMEM;
    }
    *out = watch;
    return LKS_OK;
}

void lks_run_watch_destroy(lks_run_watch *watch)
{
    if (!watch)
        return;
    lks_free(watch->ranks);
    lks_free(watch);
}

void lks_run_watch_hear(lks_run_watch *watch, const lks_sign *sign, double now_s)
{
    heard *rank;

    if (!make_room(watch, sign->size)) {
        lks_error_clear();
        return;
    }
    if (sign->stage == LKS_STAGE_LOST) {
        watch->has_lost_rank_0 = true;
        return;
    }
    rank = &watch->ranks[sign->rank];
    if (!rank->has_begun || rank->sign.stage != sign->stage)
        rank->since_s = now_s;
    rank->has_begun = true;
    rank->at_s = now_s;
    rank->sign = *sign;
    if (sign->rank == 0)
        watch->has_warned = false;
}

const lks_sign *lks_run_watch_rank(const lks_run_watch *watch, int rank)
{
    const heard *of =
        rank >= 0 && (uint32_t)rank < watch->n_ranks ? watch->ranks + rank : NULL;

    return of && of->has_begun ? &of->sign : NULL;
}

const lks_sign *lks_run_watch_lost_rank_0(const lks_run_watch *watch)
{
    return watch->has_lost_rank_0 ? lks_run_watch_rank(watch, 0) : NULL;
}

int lks_run_watch_rank_of(const lks_run_watch *watch, const char *host, pid_t pid)
{
    for (uint32_t r = 0; r < watch->n_ranks; r++) {
        const heard *rank = &watch->ranks[r];

        if (rank->has_begun && rank->sign.pid == (uint32_t)pid &&
            strcmp(rank->sign.host, host) == 0)
            return (int)r;
    }
    return -1;
}

/* ---- what can be wrong ---- */

static bool is_starting(const heard *rank)
{
    return rank->has_begun && rank->sign.stage < LKS_STAGE_IN;
}

static void add_name(const heard *rank, lks_line *line)
{
    lks_line_add(line, "rank %u (host %s, pid %u)", rank->sign.rank, rank->sign.host,
                 rank->sign.pid);
}

/* What of it can be seen from here. */
static void add_stopped(const lks_run_sight *sight, lks_line *line)
{
    const pid_t stopped = sight->find_stopped ? sight->find_stopped(sight->context) : 0;

    if (stopped)
        lks_line_add(line, "; process %d of the run is stopped", (int)stopped);
}

static bool is_training(const lks_run_watch *watch)
{
    const heard *rank_0 = watch->ranks;

    return rank_0 && rank_0->has_begun && !is_starting(rank_0);
}

/* During the start nobody has patience: nothing is lost yet. */
static double patience_s(const lks_run_watch *watch)
{
    return is_training(watch) ? watch->options.rank_timeout_s : watch->options.start_s;
}

static lks_run_verdict mpirun_is_stopped(lks_run_watch *watch, const lks_run_sight *sight,
                                         lks_line *why)
{
    const double for_s = sight->now_s - watch->stopped_since_s;

    if (watch->stopped_since_s == 0 || for_s < watch->options.warn_s)
        return LKS_RUN_GOES_ON;
    lks_line_add(why, "mpirun (process %d) has been stopped for %.0f s",
                 (int)sight->mpirun, for_s);
    return for_s >= patience_s(watch) ? LKS_RUN_IS_OVER : LKS_RUN_WARNS;
}

/* Its own words say why. */
static lks_run_verdict mpirun_lingers(lks_run_watch *watch, const lks_run_sight *sight,
                                      lks_line *why)
{
    (void)why;
    return watch->said_end_s > 0 &&
                   sight->now_s - watch->said_end_s >= watch->options.linger_s
               ? LKS_RUN_IS_OVER
               : LKS_RUN_GOES_ON;
}

/* Of a death mpirun's words are to come, unless Open MPI takes too long for them; of a
 * host that does not answer they may take minutes. */
static lks_run_verdict a_rank_is_lost(lks_run_watch *watch, const lks_run_sight *sight,
                                      lks_line *why)
{
    const lks_run_watch_options *options = &watch->options;
    const double over_at_s = watch->killed_at_s > 0
                                 ? watch->killed_at_s + options->killed_s
                                 : watch->lost_at_s + options->lost_s;

    (void)why;
    return watch->lost_at_s > 0 && sight->now_s >= over_at_s ? LKS_RUN_IS_OVER
                                                             : LKS_RUN_GOES_ON;
}

static lks_run_verdict none_has_begun(lks_run_watch *watch, const lks_run_sight *sight,
                                      lks_line *why)
{
    const double since_s = sight->now_s - watch->options.now_s;

    for (uint32_t r = 0; r < watch->n_ranks; r++)
        if (watch->ranks[r].has_begun)
            return LKS_RUN_GOES_ON;
    if (since_s < watch->options.start_s)
        return LKS_RUN_GOES_ON;
    lks_line_add(why, "no rank has begun %.0f s after the start", since_s);
    add_stopped(sight, why);
    return LKS_RUN_IS_OVER;
}

static lks_run_verdict one_has_not_begun(lks_run_watch *watch, const lks_run_sight *sight,
                                         lks_line *why)
{
    const double since_s = sight->now_s - watch->options.now_s;
    uint32_t r = 0;

    while (r < watch->n_ranks && watch->ranks[r].has_begun)
        r++;
    if (since_s < watch->options.start_s || r == watch->n_ranks)
        return LKS_RUN_GOES_ON;
    lks_line_add(why, "rank %u has not begun %.0f s after the start", r, since_s);
    add_stopped(sight, why);
    return LKS_RUN_IS_OVER;
}

static lks_run_verdict one_is_silent_at_the_start(lks_run_watch *watch,
                                                  const lks_run_sight *sight,
                                                  lks_line *why)
{
    for (uint32_t r = 0; r < watch->n_ranks; r++) {
        const heard *rank = &watch->ranks[r];
        const double for_s = sight->now_s - rank->at_s;

        if (!is_starting(rank) || for_s < watch->options.start_s)
            continue;
        add_name(rank, why);
        lks_line_add(why, " has given no sign for %.0f s while %s", for_s,
                     lks_stage_text(rank->sign.stage));
        add_stopped(sight, why);
        return LKS_RUN_IS_OVER;
    }
    return LKS_RUN_GOES_ON;
}

/* All are there, and do not find each other. */
static lks_run_verdict mpi_does_not_come_up(lks_run_watch *watch,
                                            const lks_run_sight *sight, lks_line *why)
{
    const heard *last = NULL;

    for (uint32_t r = 0; r < watch->n_ranks; r++) {
        const heard *rank = &watch->ranks[r];

        if (rank->has_begun && rank->sign.stage == LKS_STAGE_MPI &&
            (!last || rank->since_s > last->since_s))
            last = rank;
    }
    if (!last || sight->now_s - last->since_s < watch->options.start_s)
        return LKS_RUN_GOES_ON;
    add_name(last, why);
    lks_line_add(why,
                 " has been %s for %.0f s: do the hosts reach each other? (-- --mca "
                 "btl_tcp_if_include names the network)",
                 lks_stage_text(LKS_STAGE_MPI), sight->now_s - last->since_s);
    return LKS_RUN_IS_OVER;
}

/* All is done. What keeps mpirun may be a stopped daemon of its own on another host. */
static lks_run_verdict mpirun_does_not_end(lks_run_watch *watch,
                                           const lks_run_sight *sight, lks_line *why)
{
    const heard *rank = watch->ranks;
    double since_s;

    if (!is_training(watch) || rank->sign.stage != LKS_STAGE_END)
        return LKS_RUN_GOES_ON;
    since_s = rank->since_s > watch->held_at_s ? rank->since_s : watch->held_at_s;
    if (sight->now_s - since_s < watch->options.end_s)
        return LKS_RUN_GOES_ON;
    lks_line_add(why, "rank 0 is done, but mpirun has not ended %.0f s later",
                 sight->now_s - since_s);
    add_stopped(sight, why);
    return LKS_RUN_IS_OVER;
}

static lks_run_verdict rank_0_is_silent(lks_run_watch *watch, const lks_run_sight *sight,
                                        lks_line *why)
{
    const heard *rank = watch->ranks;
    const double for_s = rank ? sight->now_s - rank->at_s : 0;

    if (!is_training(watch) || rank->sign.stage == LKS_STAGE_END ||
        for_s < watch->options.warn_s)
        return LKS_RUN_GOES_ON;
    add_name(rank, why);
    lks_line_add(why, " has given no sign for %.0f s", for_s);
    add_stopped(sight, why);
    return for_s >= watch->options.rank_timeout_s ? LKS_RUN_IS_OVER : LKS_RUN_WARNS;
}

/* The first that has something to say is told: causes stand before what follows from
 * them. A stopped mpirun brings no signs. */
static const struct {
    lks_run_verdict (*judge)(lks_run_watch *watch, const lks_run_sight *sight,
                             lks_line *why);
    bool needs_signs;
} rules[] = {
    {mpirun_is_stopped, false},   {a_rank_is_lost, false},
    {mpirun_lingers, false},      {none_has_begun, true},
    {one_has_not_begun, true},    {one_is_silent_at_the_start, true},
    {mpi_does_not_come_up, true}, {mpirun_does_not_end, true},
    {rank_0_is_silent, true},
};

/* ---- time ---- */

/* Nobody could be heard for `gap_s`. */
static void forgive(lks_run_watch *watch, double gap_s)
{
    watch->options.now_s += gap_s;
    for (uint32_t r = 0; r < watch->n_ranks; r++) {
        watch->ranks[r].at_s += gap_s;
        watch->ranks[r].since_s += gap_s;
    }
}

static void note(lks_run_watch *watch, const lks_run_sight *sight)
{
    const double gap_s = sight->now_s - watch->looked_at_s;
    const bool is_stopped = sight->mpirun_state == 'T' || sight->mpirun_state == 't';

    if (sight->is_deaf || is_stopped || gap_s > OWN_SILENCE_S)
        forgive(watch, gap_s);
    if (!is_stopped)
        watch->stopped_since_s = 0;
    else if (watch->stopped_since_s == 0 || gap_s > OWN_SILENCE_S)
        watch->stopped_since_s = sight->now_s;
    if (sight->is_held)
        watch->held_at_s = sight->now_s;
    watch->has_lost_rank_0 = watch->has_lost_rank_0 || sight->rank_0_is_gone;
    if (watch->killed_at_s == 0 && (sight->a_rank_was_killed || watch->has_lost_rank_0))
        watch->killed_at_s = sight->now_s;
    if (watch->lost_at_s == 0 && (sight->a_rank_is_lost || watch->killed_at_s > 0))
        watch->lost_at_s = sight->now_s;
    if (watch->said_end_s == 0 && (sight->mpirun_has_said_end ||
                                   (sight->mpirun_has_trouble && !is_training(watch))))
        watch->said_end_s = sight->now_s;
    watch->looked_at_s = sight->now_s;
}

lks_run_verdict lks_run_watch_look(lks_run_watch *watch, const lks_run_sight *sight,
                                   lks_line *why)
{
    bool hears;

    note(watch, sight);
    hears = watch->options.hears_signs && watch->stopped_since_s == 0;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        lks_run_verdict verdict = LKS_RUN_GOES_ON;

        if (hears || !rules[i].needs_signs)
            verdict = rules[i].judge(watch, sight, why);
        if (verdict == LKS_RUN_WARNS && watch->has_warned)
            verdict = LKS_RUN_GOES_ON;
        watch->has_warned = watch->has_warned || verdict == LKS_RUN_WARNS;
        if (verdict != LKS_RUN_GOES_ON)
            return verdict;
        *why = lks_line_init(why->text, why->size_bytes);
    }
    return LKS_RUN_GOES_ON;
}
