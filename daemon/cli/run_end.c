#include "daemon/cli/run_end.h"

#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/figure.h"
#include "daemon/cli/cli.h"
#include "daemon/line.h"

/* Whether `text` speaks of this rank: "rank 1" is not in "rank 12". */
static bool names_rank(const char *text, int rank)
{
    char name[32];
    int n = snprintf(name, sizeof name, "rank %d", rank);

    for (; (text = strstr(text, name)) != NULL; text += n)
        if (!isdigit((unsigned char)text[n]))
            return true;
    return false;
}

static void add_signal(int number, lks_line *line)
{
    lks_line_add(line, "signal %d (%s)", number, strsignal(number));
}

/* Only the kernel kills for want of memory, and only with this signal. */
static void add_memory(const lks_run_facts *facts, const lks_run_end *end, lks_line *line)
{
    if (end->signal_number != SIGKILL)
        return;
    if (facts->memory_ran_out)
        lks_line_add(line, ", perhaps out of memory: the kernel has killed a process for "
                           "want of it meanwhile");
    else if (!facts->is_local)
        lks_line_add(line, ", perhaps out of memory (dmesg there tells)");
}

static void add_step(const lks_run_facts *facts, lks_line *line)
{
    if (facts->tail->has_step)
        lks_line_add(line, "; the last reported step is %llu",
                     (unsigned long long)facts->tail->step);
}

static void add_log(const lks_run_facts *facts, lks_line *line)
{
    if (lks_run_output_has_log(facts->output))
        lks_line_add(line, ": see %s", facts->output->log_path);
}

/* ---- what ended it: each tells its line, or gives false ---- */

static bool the_watch(const lks_run_facts *facts, lks_run_end *end, lks_line *line)
{
    if (!facts->watched[0])
        return false;
    lks_line_add(line, "%s%s", facts->watched, facts->limits);
    add_log(facts, line);
    end->cause = "no_sign_of_life";
    return true;
}

/* Which rank was ended by which signal, and where: of a crash the rank's own word counts.
 */
static bool find_death(const lks_run_facts *facts, lks_run_end *end)
{
    const lks_mpirun_news *news = &facts->output->news;
    const bool has_crashed = facts->crashed_rank >= 0;

    if (!has_crashed && (news->rank < 0 || news->signal_number == 0))
        return false;
    end->rank = has_crashed ? facts->crashed_rank : news->rank;
    end->signal_number = has_crashed ? news->caught_signal : news->signal_number;
    snprintf(end->host, sizeof end->host, "%s",
             has_crashed ? news->caught_host : news->host);
    return true;
}

/* The coordinator's words of a rank that was lost come first; unless they speak of
 * another rank than the one that died. */
static bool a_rank_was_killed(const lks_run_facts *facts, lks_run_end *end,
                              lks_line *line)
{
    const char *error = facts->output->error;
    bool is_told;

    if (!find_death(facts, end))
        return false;
    end->cause = "rank_killed";
    is_told = error[0] && names_rank(error, end->rank);
    if (is_told)
        lks_line_add(line, "%s; it was killed by ", error);
    else
        lks_line_add(line, "rank %d on host %s was killed by ", end->rank, end->host);
    add_signal(end->signal_number, line);
    add_memory(facts, end, line);
    if (is_told)
        return true;
    add_step(facts, line);
    add_log(facts, line);
    return true;
}

static bool a_rank_has_told(const lks_run_facts *facts, lks_run_end *end, lks_line *line)
{
    if (!facts->output->error[0])
        return false;
    lks_line_add(line, "%s", facts->output->error);
    end->cause = "rank_failed";
    if (facts->exit_status == LKS_EXIT_USAGE)
        end->exit_status = LKS_EXIT_USAGE;
    return true;
}

static bool rank_0_was_lost(const lks_run_facts *facts, lks_run_end *end, lks_line *line)
{
    const lks_sign *rank_0 = facts->lost_rank_0;

    if (!rank_0)
        return false;
    end->rank = 0;
    end->cause = "rank_killed";
    snprintf(end->host, sizeof end->host, "%s", rank_0->host);
    lks_line_add(line, "rank 0 (host %s, pid %u) was lost: its connections closed",
                 rank_0->host, rank_0->pid);
    add_step(facts, line);
    add_log(facts, line);
    return true;
}

static bool a_host_was_lost(const lks_run_facts *facts, lks_run_end *end, lks_line *line)
{
    const char *host = facts->output->news.lost_host;

    if (!host[0])
        return false;
    snprintf(end->host, sizeof end->host, "%s", host);
    end->cause = "host_lost";
    lks_line_add(line, "the connection to host %s was lost", host);
    add_step(facts, line);
    add_log(facts, line);
    return true;
}

static bool mpirun_has_refused(const lks_run_facts *facts, lks_run_end *end,
                               lks_line *line)
{
    const lks_mpirun_news *news = &facts->output->news;

    if (!news->refusal[0])
        return false;
    end->cause = "mpirun_refused";
    lks_line_add(line, "mpirun could not start the ranks: %s", news->refusal);
    if (news->is_foreign)
        lks_line_add(line, "; it is not Open MPI's: install that (Debian and Ubuntu: apt "
                           "install openmpi-bin), or set LOCKSTEP_MPIRUN to its path");
    lks_line_add(line, "%s", facts->limits);
    add_log(facts, line);
    return true;
}

/* Of itself, before any rank trained; what it died of when it was ended is no matter. */
static bool mpirun_has_trouble(const lks_run_facts *facts, lks_run_end *end,
                               lks_line *line)
{
    const char *trouble = facts->output->news.trouble;

    if (!trouble[0] || facts->tail->has_step)
        return false;
    end->cause = "mpirun_refused";
    lks_line_add(line, "mpirun could not start the ranks: %s%s", trouble, facts->limits);
    add_log(facts, line);
    return true;
}

static bool a_rank_has_left(const lks_run_facts *facts, lks_run_end *end, lks_line *line)
{
    const lks_mpirun_news *news = &facts->output->news;

    if (news->rank < 0)
        return false;
    end->rank = news->rank;
    end->cause = "rank_exited";
    lks_line_add(line, "rank %d ended with exit status %d and without a word", news->rank,
                 news->exit_code);
    lks_line_add(line, "%s", facts->limits);
    add_log(facts, line);
    return true;
}

static bool mpirun_was_killed(const lks_run_facts *facts, lks_run_end *end,
                              lks_line *line)
{
    const int own = facts->output->news.own_signal;

    end->signal_number = own ? own : facts->signal_number;
    if (!end->signal_number)
        return false;
    end->cause = own ? "mpirun_killed" : "guard_killed";
    lks_line_add(line, "%s was killed by ", own ? "mpirun" : "the guard of mpirun");
    add_signal(end->signal_number, line);
    add_step(facts, line);
    return true;
}

static bool mpirun_has_ended(const lks_run_facts *facts, lks_run_end *end, lks_line *line)
{
    const lks_mpirun_news *news = &facts->output->news;

    end->cause = "mpirun_ended";
    lks_line_add(line, "mpirun ended with exit status %d", facts->exit_status);
    if (facts->exit_status > 128 && facts->exit_status < 128 + NSIG) {
        lks_line_add(line, ", as after a rank's end by ");
        add_signal(facts->exit_status - 128, line);
    }
    if (news->trouble[0] || news->first[0])
        lks_line_add(line, ": %s", news->trouble[0] ? news->trouble : news->first);
    else
        lks_line_add(line, " and without a word");
    lks_line_add(line, "%s", facts->limits);
    add_log(facts, line);
    return true;
}

/* The first that is so is told. */
static bool (*const reasons[])(const lks_run_facts *facts, lks_run_end *end,
                               lks_line *line) = {
    the_watch,         a_rank_was_killed,  a_rank_has_told, a_host_was_lost,
    rank_0_was_lost,   mpirun_has_refused, a_rank_has_left, mpirun_has_trouble,
    mpirun_was_killed, mpirun_has_ended,
};

/* ---- the three states ---- */

/* Asked to end, mpirun ends with 1 even where the ranks were done; and what became of
 * them after the weights changes nothing. On other hosts the weights may be in a file
 * system that is not ours. */
static bool has_succeeded(const lks_run_facts *facts)
{
    return facts->has_weights ||
           (facts->exit_status == 0 && facts->signal_number == 0 && !facts->is_local);
}

/* Nobody here asked mpirun to end, but its silence says that somebody did: it has words
 * for every end of its own. */
static bool was_signalled_silently(const lks_run_facts *facts)
{
    return !facts->is_interrupted && facts->exit_status == 1 &&
           facts->signal_number == 0 && !facts->watched[0] && !facts->output->error[0] &&
           facts->output->has_begun && !facts->output->news.own_signal &&
           !facts->lost_rank_0 && !facts->output->news.first[0];
}

/* By us, through the status socket (mpirun then passes the ranks' status on), or by a
 * signal to mpirun. */
static bool was_interrupted(const lks_run_facts *facts)
{
    return facts->is_interrupted || was_signalled_silently(facts) ||
           (facts->exit_status == LKS_EXIT_INTERRUPTED && !facts->output->error[0]);
}

static void tell_success(const lks_run_facts *facts, lks_run_end *end, lks_line *line)
{
    char result[128];

    end->state = "succeeded";
    end->exit_status = LKS_EXIT_OK;
    lks_metrics_tail_describe(facts->tail, result, sizeof result);
    lks_line_add(line, "finished in %s%s%s; weights in %s/model.safetensors%s",
                 lks_figure_seconds(facts->seconds).text, result[0] ? ": " : "", result,
                 facts->run_dir, facts->has_weights ? "" : " on the host of rank 0");
}

static void tell_interruption(const lks_run_facts *facts, lks_run_end *end,
                              lks_line *line)
{
    end->state = "interrupted";
    end->cause = facts->is_interrupted ? "signal" : "asked_to_end";
    end->exit_status = LKS_EXIT_INTERRUPTED;
    lks_line_add(line, "interrupted");
    if (was_signalled_silently(facts))
        lks_line_add(line, " by a signal to mpirun");
    if (facts->tail->has_step)
        lks_line_add(line, "; its last reported step is %llu, what it wrote is in %s",
                     (unsigned long long)facts->tail->step, facts->run_dir);
    else
        lks_line_add(line, " before the first reported step%s%s",
                     lks_run_output_has_log(facts->output) ? "; see " : "",
                     lks_run_output_has_log(facts->output) ? facts->output->log_path
                                                           : "");
}

static void tell_failure(const lks_run_facts *facts, lks_run_end *end, lks_line *line)
{
    size_t i = 0;

    end->state = "failed";
    end->exit_status = LKS_EXIT_FAILED;
    while (!reasons[i](facts, end, line)) /* the last one is always so */
        i++;
}

void lks_run_end_judge(const lks_run_facts *facts, lks_run_end *out)
{
    lks_line line;

    *out = (lks_run_end){.cause = "", .rank = -1};
    line = lks_line_init(out->line, sizeof out->line);
    if (has_succeeded(facts))
        tell_success(facts, out, &line);
    else if (was_interrupted(facts))
        tell_interruption(facts, out, &line);
    else
        tell_failure(facts, out, &line);
}

bool lks_run_end_says_all(const lks_run_facts *facts)
{
    if (facts->is_interrupted)
        return !lks_run_output_has_log(facts->output);
    return facts->output->error[0] != 0;
}
