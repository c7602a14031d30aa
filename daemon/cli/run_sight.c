#include "daemon/cli/run_sight.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/process.h"
#include "daemon/uv/session.h"
#include "proto/run_dir.h"

static pid_t find_stopped(const void *context)
{
    const lks_run_eyes *eyes = context;

    return lks_session_stopped(eyes->guard);
}

/* Rank 0, to end: by mpirun, whose words are to come. */
static bool was_asked(const lks_run_eyes *eyes)
{
    return lks_run_dir_has(eyes->session, "asked");
}

static bool is_alive(pid_t pid)
{
    lks_process process;

    return lks_process_read(pid, &process) && !lks_process_is_dead(&process);
}

/* mpirun may not see it, stopped perhaps; where mpirun went first, that is why. Before it
 * trains rank 0 does not mark that it was asked to end; on another host, or behind
 * another /proc, it is never seen. */
static bool is_rank_0_gone(lks_run_eyes *eyes)
{
    const lks_sign *rank_0 = lks_run_watch_rank(eyes->watch, 0);
    char host[sizeof rank_0->host] = "";

    if (!rank_0 || rank_0->stage != LKS_STAGE_IN ||
        gethostname(host, sizeof host - 1) != 0 || strcmp(host, rank_0->host) != 0)
        return false;
    if (is_alive((pid_t)rank_0->pid)) {
        eyes->sees_rank_0 = true;
        return false;
    }
    return eyes->sees_rank_0 && is_alive(eyes->mpirun) && !was_asked(eyes);
}

/* mpirun says so, or the rank itself has told of its crash, in the midst of which it may
 * hang for ever. An mpirun that does not tell of states says so later. */
static bool was_a_rank_killed(const lks_run_eyes *eyes, bool is_lost)
{
    const lks_mpirun_news *news = &eyes->output->news;

    return news->killed_rank >= 0 || news->caught_signal ||
           (is_lost && !news->tells_states);
}

lks_run_sight lks_run_see(lks_run_eyes *eyes, bool is_held, bool is_deaf)
{
    const bool is_lost =
        strstr(eyes->output->error, LKS_WAS_LOST) || eyes->output->news.lost_host[0];

    if (!eyes->mpirun && !eyes->has_no_mpirun)
        eyes->mpirun = lks_session_child(eyes->guard);
    return (lks_run_sight){
        .now_s = lks_clock_s(),
        .is_deaf = is_deaf,
        .is_held = is_held,
        .mpirun_has_said_end = lks_mpirun_news_is_end(&eyes->output->news),
        .rank_0_is_gone = is_rank_0_gone(eyes),
        .a_rank_was_killed = was_a_rank_killed(eyes, is_lost),
        .a_rank_is_lost = is_lost,
        .mpirun_has_trouble = eyes->output->news.trouble[0] != '\0',
        .mpirun = eyes->mpirun,
        .mpirun_state = eyes->mpirun ? lks_process_state(eyes->mpirun) : '\0',
        .find_stopped = find_stopped,
        .context = eyes,
    };
}
