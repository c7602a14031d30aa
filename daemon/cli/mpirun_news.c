#include "daemon/cli/mpirun_news.h"

#include <stdio.h>
#include <string.h>

static bool has_prefix(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

void lks_mpirun_news_init(lks_mpirun_news *news)
{
    *news = (lks_mpirun_news){
        .rank = -1, .exit_code = -1, .killed_rank = -1, .left_rank = -1};
}

/* ---- lines that are the whole news ---- */

static void copy(char *out, size_t size_bytes, const char *text)
{
    snprintf(out, size_bytes, "%s", text);
}

/* "mpirun noticed that process rank 3 with PID 0 on node vm exited on signal 9 (Killed)."
 */
static bool read_death(lks_mpirun_news *news, const char *line)
{
    char host[sizeof news->host];
    int rank, number;

    if (sscanf(line,
               "%*[^ ] noticed that process rank %d with PID %*d on node %127s exited on "
               "signal %d",
               &rank, host, &number) != 3)
        return false;
    news->rank = rank;
    news->signal_number = number;
    copy(news->host, sizeof news->host, host);
    return true;
}

/* "  Process name: [[15996,1],2]" and, below it, "  Exit code:    3" */
static bool read_exit(lks_mpirun_news *news, const char *line)
{
    int number;

    if (sscanf(line, " Process name: [[%*d,%*d],%d]", &number) == 1) {
        news->rank = news->rank < 0 ? number : news->rank;
        return true;
    }
    if (sscanf(line, " Exit code: %d", &number) != 1)
        return false;
    news->exit_code = news->exit_code < 0 ? number : news->exit_code;
    return true;
}

/* "  Remote daemon: [[6420,0],1] on node node2", of one that it has lost */
static bool read_lost_host(lks_mpirun_news *news, const char *line)
{
    char host[sizeof news->lost_host];

    if (sscanf(line, " Remote daemon: [[%*d,%*d],%*d] on node %127s", host) != 1)
        return false;
    if (!news->lost_host[0])
        copy(news->lost_host, sizeof news->lost_host, host);
    return true;
}

/* Its reasons for not starting the ranks, as they begin. */
static bool read_refusal(lks_mpirun_news *news, const char *line)
{
    static const char *const known[] = {
        "There are not enough slots available",
        "mpirun was unable to",
        "Open RTE was unable to open the hostfile",
        "mpirun: Error:",
        "ORTE was unable to reliably start",
        "An ORTE daemon has unexpectedly failed after launch",
        "No network interfaces were found",
        "All nodes which are allocated for this job are already filled",
        "A call to mkdir was unable to create the desired directory",
        "ssh: ",
        "bash: ",
        "Host key verification failed",
    };
    bool is_known =
        strstr(line, ": Permission denied (") != NULL; /* ssh's, after a name */
    size_t n;

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        is_known = is_known || has_prefix(line, known[i]);
    if (is_known && !news->refusal[0]) {
        copy(news->refusal, sizeof news->refusal, line);
        n = strlen(news->refusal);
        if (news->refusal[n - 1] == '.') /* the line goes on */
            news->refusal[n - 1] = '\0';
    }
    return is_known;
}

/* "  Error:     No space left on device", "Error name: …": below a refusal that ends in
 * ":" */
static bool read_detail(lks_mpirun_news *news, const char *line)
{
    const size_t n = strlen(news->refusal);
    char detail[128];

    if (n == 0 || news->refusal[n - 1] != ':' ||
        (sscanf(line, " Error: %127[^\n]", detail) != 1 &&
         sscanf(line, " Error name: %127[^\n(]", detail) != 1))
        return false;
    snprintf(news->refusal + n, sizeof news->refusal - n, " %s", detail);
    return true;
}

/* "[vm:19048] [[9878,0],0] ORTE_ERROR_LOG: Out of resource in file …" */
static bool read_trouble(lks_mpirun_news *news, const char *line)
{
    const char *text = strstr(line, "ORTE_ERROR_LOG: ");
    const char *end;

    if (!text)
        return false;
    text += strlen("ORTE_ERROR_LOG: ");
    end = strstr(text, " in file ");
    if (!news->trouble[0])
        snprintf(news->trouble, sizeof news->trouble, "%.*s",
                 end ? (int)(end - text) : (int)strlen(text), text);
    return true;
}

/* "[vm:09477] Signal: Segmentation fault (11)", of Open MPI in the process itself; mpirun
 * may see no more than that it had to be killed then. The first one is the cause. */
static bool read_caught(lks_mpirun_news *news, const char *line)
{
    char host[sizeof news->caught_host];
    int pid, number;

    if (sscanf(line, "[%127[^:]:%d] Signal: %*[^(](%d)", host, &pid, &number) != 3)
        return false;
    if (!news->caught_signal) {
        news->caught_signal = number;
        news->caught_pid = pid;
        copy(news->caught_host, sizeof news->caught_host, host);
    }
    return true;
}

/* MPICH's and its like: "[mpiexec@host] match_arg (args.c:166): unrecognized argument …"
 */
static bool read_foreign(lks_mpirun_news *news, const char *line)
{
    if (!has_prefix(line, "[mpiexec@") && !has_prefix(line, "[proxy:") &&
        !has_prefix(line, "Unrecognized argument"))
        return false;
    news->is_foreign = true;
    if (!news->refusal[0])
        copy(news->refusal, sizeof news->refusal, line);
    return true;
}

/* "Primary job  terminated normally, but 1 process returned", as soon as one has failed
 */
static bool read_abort(lks_mpirun_news *news, const char *line)
{
    if (!has_prefix(line, "Primary job "))
        return false;
    news->is_aborting = true;
    return true;
}

/* What says nothing of the run's end: lines of a frame, those around what is read
 * elsewhere, what mpirun was asked to report, and libevent and more within mpirun that
 * stumbles over its own descriptors while it ends: "[warn] Epoll MOD(1) on fd 26 failed.
 * …", "[vm:9] Read -1, expected 8, errno = 3" */
static bool is_chatter(const char *line)
{
    static const char *const known[] = {
        "[warn] ",
        "Primary job ",
        "a non-zero exit code. Per user-direction",
        "mpirun detected that one or more processes",
        "the job to be terminated. The first process",
        "  Process name: ",
        "  Exit code: ",
    };
    static const char *const behind_the_process[] = {
        "] MCW rank ", "] Read -1, expected ", " state:base:", " mca: base: "};

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (has_prefix(line, known[i]))
            return true;
    for (size_t i = 0; i < sizeof behind_the_process / sizeof *behind_the_process; i++)
        if (line[0] == '[' && strstr(line, behind_the_process[i]))
            return true;
    return !line[strspn(line, " \t-")];
}

void lks_mpirun_news_read(lks_mpirun_news *news, const char *line)
{
    static bool (*const readers[])(lks_mpirun_news *, const char *) = {
        read_death,   read_exit,    read_lost_host, read_refusal, read_detail,
        read_trouble, read_foreign, read_caught,    read_abort,
    };

    if (!news->first[0] && !is_chatter(line))
        copy(news->first, sizeof news->first, line);
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++)
        if (readers[i](news, line))
            return;
}

bool lks_mpirun_news_is_end(const lks_mpirun_news *news)
{
    return news->rank >= 0 || news->lost_host[0] || news->refusal[0];
}

/* "[vm:2419] [[25997,0],0] ACTIVATE PROC [[25997,1],1] STATE ABORTED BY SIGNAL AT …" */
bool lks_mpirun_news_read_state(lks_mpirun_news *news, const char *line)
{
    const char *state = strstr(line, "] ACTIVATE ");
    char text[32];
    int rank;

    if (line[0] != '[' || !state)
        return false;
    news->tells_states = true;
    if (sscanf(state, "] ACTIVATE PROC [[%*d,1],%d] STATE %31[^/]", &rank, text) != 2)
        return true;
    if (has_prefix(text, "ABORTED BY SIGNAL ") && news->killed_rank < 0)
        news->killed_rank = rank;
    if (has_prefix(text, "EXITED WITH NON-ZERO STATUS ") && news->left_rank < 0)
        news->left_rank = rank;
    return true;
}

bool lks_mpirun_news_read_guard(lks_mpirun_news *news, const char *line)
{
    return sscanf(line, LKS_MPIRUN_KILLED "%d", &news->own_signal) == 1 ||
           sscanf(line, LKS_GUARD_ASKED "%d", &news->asked_signal) == 1;
}
