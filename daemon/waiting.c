/* Who is waiting for whom. */
#include "daemon/progress.h"

#include <stddef.h>

#include "base/figure.h"

/* Waiting for less than this is the ordinary unevenness of a busy step. */
#define NOTABLE_WAIT_S 2.0

/* At most so many are described one by one, so many runs are listed. */
enum { MAX_DESCRIBED = 3, MAX_RUNS = 8 };

/* Those who wait in reduce and those they wait for. */
typedef struct lks_meeting {
    uint64_t step; /* the latest of those who wait */
    uint32_t n_waiting, n_awaited, n_stalled;
    double longest_s;
} lks_meeting;

/* At whatever step: a rank whose part is already sent may be in the next step's reduce
 * while another is still in this one's, and both wait for the same third rank. */
static bool waits(const lks_rank *rank, const void *context)
{
    (void)context;
    return rank->state == LKS_RANK_RUNNING && rank->phase == LKS__PROTO__PHASE__REDUCE;
}

static bool is_awaited(const lks_rank *rank)
{
    return lks_rank_is_live(rank->state) && !waits(rank, NULL);
}

static lks_meeting find_meeting(const lks_rank *ranks, uint32_t n_ranks, double now_s)
{
    lks_meeting meeting = {0};

    for (uint32_t r = 0; r < n_ranks; r++) {
        double waited_s = lks_rank_phase_s(&ranks[r], now_s);

        if (is_awaited(&ranks[r]))
            meeting.n_awaited++;
        if (ranks[r].state == LKS_RANK_STALLED)
            meeting.n_stalled++;
        if (!waits(&ranks[r], NULL))
            continue;
        meeting.n_waiting++;
        if (ranks[r].step > meeting.step)
            meeting.step = ranks[r].step;
        if (waited_s > meeting.longest_s)
            meeting.longest_s = waited_s;
    }
    return meeting;
}

/* "rank 1 (stalled in backward at step 41)" */
static void add_whereabouts(const lks_rank *rank, lks_line *line)
{
    lks_line_add(line, "rank %u (%sin %s at step %llu)", rank->rank,
                 rank->state == LKS_RANK_STALLED ? "stalled " : "",
                 lks_phase_name(rank->phase), (unsigned long long)rank->step);
}

static void add_awaited(const lks_rank *ranks, uint32_t n_ranks,
                        const lks_meeting *meeting, lks_line *line)
{
    uint32_t n_shown =
        meeting->n_awaited > MAX_DESCRIBED ? MAX_DESCRIBED : meeting->n_awaited;
    uint32_t n = 0;

    for (uint32_t r = 0; r < n_ranks && n < n_shown; r++) {
        if (!is_awaited(&ranks[r]))
            continue;
        if (n++)
            lks_line_add(line, n == meeting->n_awaited ? " and " : ", ");
        add_whereabouts(&ranks[r], line);
    }
    if (meeting->n_awaited > n_shown)
        lks_line_add(line, " and %u more", meeting->n_awaited - n_shown);
}

/* The stalled ranks, when nobody is known to wait for them. */
static void add_silent(const lks_rank *ranks, uint32_t n_ranks, double now_s,
                       lks_line *line)
{
    for (uint32_t r = 0; r < n_ranks; r++) {
        if (ranks[r].state != LKS_RANK_STALLED)
            continue;
        lks_line_add(line, "%s", line->n_bytes ? "; " : "");
        add_whereabouts(&ranks[r], line);
        lks_line_add(line, " has been silent for %s",
                     lks_figure_seconds(lks_rank_heartbeat_age_s(&ranks[r], now_s)).text);
    }
}

void lks_ranks_explain_wait(const lks_rank *ranks, uint32_t n_ranks, double now_s,
                            lks_line *line)
{
    lks_meeting meeting = find_meeting(ranks, n_ranks, now_s);

    if (meeting.n_stalled > 0 && meeting.n_waiting == 0) {
        add_silent(ranks, n_ranks, now_s, line);
        return;
    }
    if (meeting.n_waiting == 0 ||
        (meeting.n_stalled == 0 && meeting.longest_s < NOTABLE_WAIT_S))
        return;
    if (meeting.n_awaited > 0) {
        lks_line_add(line, "waiting %s for ", lks_figure_seconds(meeting.longest_s).text);
        add_awaited(ranks, n_ranks, &meeting, line);
        lks_line_add(line, "; ");
    }
    lks_ranks_add_list(ranks, n_ranks, waits, NULL, line);
    lks_line_add(line, meeting.n_waiting == 1 ? " waits in reduce" : " wait in reduce");
    if (meeting.n_awaited == 0)
        lks_line_add(line, " at step %llu since %s", (unsigned long long)meeting.step,
                     lks_figure_seconds(meeting.longest_s).text);
}

/* The run of chosen ranks at or after *r; leaves *r behind it. False at the end. */
static bool next_run(const lks_rank *ranks, uint32_t n_ranks,
                     bool (*chosen)(const lks_rank *, const void *), const void *context,
                     uint32_t *r, lks_range *run)
{
    while (*r < n_ranks && !chosen(&ranks[*r], context))
        (*r)++;
    run->begin = *r;
    while (*r < n_ranks && chosen(&ranks[*r], context))
        (*r)++;
    run->end = *r;
    return run->begin < run->end;
}

void lks_ranks_add_list(const lks_rank *ranks, uint32_t n_ranks,
                        bool (*chosen)(const lks_rank *rank, const void *context),
                        const void *context, lks_line *line)
{
    lks_range runs[MAX_RUNS], run;
    size_t n_runs = 0;
    uint64_t n_chosen = 0, n_listed = 0;
    uint32_t r = 0;

    while (next_run(ranks, n_ranks, chosen, context, &r, &run)) {
        /* a run of two reads better as two ranks */
        while (run.end - run.begin == 2 && n_runs < MAX_RUNS) {
            runs[n_runs++] = (lks_range){run.begin, run.begin + 1};
            run.begin++;
            n_chosen++, n_listed++;
        }
        n_chosen += run.end - run.begin;
        if (n_runs < MAX_RUNS) {
            n_listed += run.end - run.begin;
            runs[n_runs++] = run;
        }
    }
    lks_line_add(line, n_chosen == 1 ? "rank " : "ranks ");
    for (size_t i = 0; i < n_runs; i++) {
        bool last = i + 1 == n_runs && n_listed == n_chosen;

        lks_line_add(line, "%s", i == 0 ? "" : last ? " and " : ", ");
        lks_line_add(line, "%llu", (unsigned long long)runs[i].begin);
        if (runs[i].end - runs[i].begin > 1)
            lks_line_add(line, "-%llu", (unsigned long long)runs[i].end - 1);
    }
    if (n_listed < n_chosen)
        lks_line_add(line, " and %llu more", (unsigned long long)(n_chosen - n_listed));
}
