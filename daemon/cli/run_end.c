#include "daemon/cli/run_end.h"

#include <ctype.h>
#include <errno.h>
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

/* Only the kernel kills for want of memory, and only with this signal: which is meant
 * where none is known, for of the others a rank tells itself. */
static void add_memory(const lks_run_facts *facts, const lks_run_end *end, lks_line *line)
{
    if (end->signal_number != SIGKILL && end->signal_number != 0)
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
    if (lks_run_output_has_log(facts->output) && !facts->is_errand)
        lks_line_add(line, ": see %s", facts->output->log_path);
}

/* What an errand prints is all there is of it. Whoever reads no further (`| head`) had
 * enough. */
static bool has_lost_output(const lks_run_facts *facts)
{
    return facts->is_errand && facts->output_error && facts->output_error != EPIPE;
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

/* Which rank was ended by a signal, where, and by which, if that is known. Of a crash the
 * rank's own word counts, then mpirun's last ones; its first say no more than that. */
static bool find_death(const lks_run_facts *facts, lks_run_end *end)
{
    const lks_mpirun_news *news = &facts->output->news;
    const char *host = "";

    if (facts->crashed_rank >= 0) {
        end->rank = facts->crashed_rank;
        end->signal_number = news->caught_signal;
        host = news->caught_host;
    } else if (news->rank >= 0 && news->signal_number > 0) {
        end->rank = news->rank;
        end->signal_number = news->signal_number;
        host = news->host;
    } else if (news->killed_rank >= 0) {
        end->rank = news->killed_rank;
        host = facts->killed_rank ? facts->killed_rank->host : "";
    } else if (facts->has_no_mpirun && news->own_signal) {
        end->rank = 0;
        end->signal_number = news->own_signal;
    }
    snprintf(end->host, sizeof end->host, "%s", host);
    return end->rank >= 0;
}

static void add_death(const lks_run_facts *facts, const lks_run_end *end, lks_line *line)
{
    const lks_sign *rank = facts->killed_rank;

    lks_line_add(line, " was killed by ");
    if (end->signal_number)
        add_signal(end->signal_number, line);
    else
        lks_line_add(line, "a signal");
    if (rank && (int)rank->rank == end->rank && rank->stage < LKS_STAGE_IN)
        lks_line_add(line, " while %s", lks_stage_text(rank->stage));
    add_memory(facts, end, line);
}

/* The coordinator's words of a rank that was lost come first; unless they speak of
 * another rank than the one that died. */
static bool a_rank_was_killed(const lks_run_facts *facts, lks_run_end *end,
                              lks_line *line)
{
    const char *error = facts->output->error;

    if (!find_death(facts, end))
        return false;
    end->cause = "rank_killed";
    if (error[0] && names_rank(error, end->rank)) {
        lks_line_add(line, "%s; it", error);
        add_death(facts, end, line);
        return true;
    }
    lks_line_add(line, "rank %d", end->rank);
    if (end->host[0])
        lks_line_add(line, " on host %s", end->host);
    add_death(facts, end, line);
    add_step(facts, line);
    add_log(facts, line);
    return true;
}

/* The coordinator's line of one begins "rank 1 (host node2, pid 4711) was lost ". */
static void find_lost_rank(const lks_run_facts *facts, lks_run_end *end)
{
    const char *error = facts->output->error;

    if (strstr(error, LKS_WAS_LOST))
        (void)sscanf(error, "rank %d (host %127[^,]", &end->rank, end->host);
}

static bool a_rank_has_told(const lks_run_facts *facts, lks_run_end *end, lks_line *line)
{
    const lks_mpirun_news *news = &facts->output->news;

    if (!facts->output->error[0])
        return false;
    lks_line_add(line, "%s", facts->output->error);
    find_lost_rank(facts, end);
    end->cause = news->lost_host[0] && strcmp(news->lost_host, end->host) == 0
                     ? "host_lost"
                     : "rank_failed";
    if (end->host[0] && news->rank == end->rank && news->exit_code >= 0) {
        end->cause = "rank_exited";
        lks_line_add(line, "; it ended with exit status %d", news->exit_code);
    }
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

    end->rank = news->rank < 0 ? news->left_rank : news->rank;
    if (end->rank < 0)
        return false;
    end->cause = "rank_exited";
    lks_line_add(line, "rank %d ended with exit status %d", end->rank,
                 news->exit_code < 0 ? facts->exit_status : news->exit_code);
    if (news->first[0])
        lks_line_add(line, ": %s", news->first);
    else
        lks_line_add(line, " and without a word");
    lks_line_add(line, "%s", facts->limits);
    add_log(facts, line);
    return true;
}

static bool the_output_was_lost(const lks_run_facts *facts, lks_run_end *end,
                                lks_line *line)
{
    if (facts->exit_status != 0 || facts->signal_number != 0 || !has_lost_output(facts))
        return false;
    end->cause = "output_lost";
    lks_line_add(line, "standard output cannot be written: %s",
                 strerror(facts->output_error));
    return true;
}

/* Whatever became of them: a disk that was mounted over it, somebody who cleaned up. */
static bool the_weights_are_gone(const lks_run_facts *facts, lks_run_end *end,
                                 lks_line *line)
{
    if (facts->exit_status != 0 || facts->signal_number != 0)
        return false;
    end->cause = "weights_gone";
    lks_line_add(line,
                 "the ranks have ended well, but %s/model.safetensors is not there: has "
                 "the run directory been removed or replaced?",
                 facts->run_dir);
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

    end->cause = facts->has_no_mpirun ? "rank_exited" : "mpirun_ended";
    end->rank = facts->has_no_mpirun ? 0 : end->rank;
    lks_line_add(line, "%s ended with exit status %d",
                 facts->has_no_mpirun ? "rank 0" : "mpirun", facts->exit_status);
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
    the_watch,          a_rank_was_killed,   a_rank_has_told,
    a_host_was_lost,    rank_0_was_lost,     mpirun_has_refused,
    a_rank_has_left,    the_output_was_lost, the_weights_are_gone,
    mpirun_has_trouble, mpirun_was_killed,   mpirun_has_ended,
};

/* ---- the three states ---- */

/* Asked to end, mpirun ends with 1 even where the ranks were done; and what became of
 * them after the weights changes nothing. On other hosts the weights may be in a file
 * system that is not ours. */
static bool has_succeeded(const lks_run_facts *facts)
{
    return facts->has_weights ||
           (facts->exit_status == 0 && facts->signal_number == 0 &&
            (facts->is_errand ? !has_lost_output(facts) : !facts->is_local));
}

static bool has_a_rank_failed(const lks_run_facts *facts)
{
    const lks_mpirun_news *news = &facts->output->news;

    return facts->output->error[0] || facts->lost_rank_0 || news->killed_rank >= 0 ||
           news->rank >= 0;
}

/* Nobody here asked mpirun to end, but its silence says that somebody did: it has words
 * for every end of its own. */
static bool was_signalled_silently(const lks_run_facts *facts)
{
    const lks_mpirun_news *news = &facts->output->news;

    return !facts->is_interrupted && !facts->has_no_mpirun && facts->exit_status == 1 &&
           facts->signal_number == 0 && facts->output->has_begun && !facts->watched[0] &&
           !has_a_rank_failed(facts) && !news->own_signal && !news->is_aborting &&
           !news->first[0];
}

/* As it says itself; what mpirun may have said then is of its end. */
static bool was_the_guard_asked(const lks_run_facts *facts)
{
    return !facts->is_interrupted && facts->output->news.asked_signal &&
           !facts->watched[0] && !has_a_rank_failed(facts);
}

/* By us, through the status socket (mpirun then passes the ranks' status on), or by a
 * signal to mpirun or its guard. */
static bool was_interrupted(const lks_run_facts *facts)
{
    return facts->is_interrupted || was_the_guard_asked(facts) ||
           was_signalled_silently(facts) ||
           (facts->exit_status == LKS_EXIT_INTERRUPTED && !facts->output->error[0]);
}

static void tell_success(const lks_run_facts *facts, lks_run_end *end, lks_line *line)
{
    char result[128];

    end->state = "succeeded";
    end->exit_status = LKS_EXIT_OK;
    if (facts->is_errand) /* it has said all */
        return;
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
    if (was_the_guard_asked(facts)) {
        lks_line_add(line, " by ");
        add_signal(facts->output->news.asked_signal, line);
        lks_line_add(line, " to the guard of mpirun");
    } else if (was_signalled_silently(facts)) {
        lks_line_add(line, " by a signal to mpirun");
    }
    if (facts->is_errand)
        return;
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
