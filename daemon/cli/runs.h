/* Run directories: making one, finding one. Paths are the caller's to lks_free. */
#ifndef LKS_DAEMON_CLI_RUNS_H
#define LKS_DAEMON_CLI_RUNS_H

#include "base/status.h"
#include "proto/run_dir.h"

/* lks_run_dir_claim, with room for the status socket's path. Errors: its, and LKS_INVALID
 * where that path would be too long; nothing is made then. */
lks_status lks_runs_create(const char *job_name, const char *wanted, lks_run_dir *out);

/* lks_run_dir_discard, unless the ranks have left something of a run. */
void lks_runs_discard(lks_run_dir *dir);

/* The run that a person means: `wanted` as a directory, or as a name in runs/; where that
 * is NULL, the newest run in runs/ whose status socket somebody listens on. */
lks_status lks_runs_find(const char *wanted, char **out);

#endif
