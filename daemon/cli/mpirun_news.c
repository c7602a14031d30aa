#include "daemon/cli/mpirun_news.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool has_prefix(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

void lks_mpirun_news_init(lks_mpirun_news *news)
{
    *news = (lks_mpirun_news){.rank = -1, .exit_code = -1};
}

/* Its reasons for not starting the ranks, as they begin. */
static bool is_refusal(const char *line)
{
    static const char *const known[] = {
        "There are not enough slots available",
        "mpirun was unable to",
        "Open RTE was unable to open the hostfile",
        "mpirun: Error:",
        "ORTE was unable to reliably start",
        "All nodes which are allocated for this job are already filled",
        "ssh: ",
    };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (has_prefix(line, known[i]))
            return true;
    return false;
}

void lks_mpirun_news_read(lks_mpirun_news *news, const char *line)
{
    int rank, number;
    char host[sizeof news->host] = "";

    if (sscanf(line,
               "%*[^ ] noticed that process rank %d with PID %*d on node %127s exited on "
               "signal %d",
               &rank, host, &number) == 3) {
        news->rank = rank;
        news->signal_number = number;
        snprintf(news->host, sizeof news->host, "%s", host);
    } else if (news->rank < 0 &&
               sscanf(line, " Process name: [[%*d,%*d],%d]", &rank) == 1) {
        news->rank = rank;
    } else if (news->exit_code < 0 && sscanf(line, " Exit code: %d", &number) == 1) {
        news->exit_code = number;
    } else if (!news->refusal[0] && is_refusal(line)) {
        snprintf(news->refusal, sizeof news->refusal, "%s", line);
    }
}
