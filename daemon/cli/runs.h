/* Run directories: making one, finding one. Paths are the caller's to lks_free. */
#ifndef LKS_DAEMON_CLI_RUNS_H
#define LKS_DAEMON_CLI_RUNS_H

#include <stdbool.h>

#include "base/status.h"

#define LKS_RUNS_FOLDER "runs"

/* Make the directory of a new run with its logs/ folder: `wanted`, or where that is NULL
 * runs/<job>-<date>-<time>. *is_new tells whether it was made here (`wanted` may be there
 * already, if it holds no run). Errors: LKS_INVALID, it holds a run, is no directory, or
 * is too long for the status socket's path; LKS_IO, it cannot be made or written. */
lks_status lks_runs_create(const char *job_name, const char *wanted, char **out,
                           bool *is_new);

/* Remove a directory that lks_runs_create has made, unless it holds more than what a run
 * that never began leaves: a log and the job. */
void lks_runs_discard(const char *run_dir);

/* The run that a person means: `wanted` as a directory, or as a name in runs/; where that
 * is NULL, the newest run in runs/ whose status socket somebody listens on. */
lks_status lks_runs_find(const char *wanted, char **out);

#endif
