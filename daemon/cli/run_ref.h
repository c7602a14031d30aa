/* The run that `status` and `watch` are asked about, and what can be said of one whose
 * coordinator does not answer. */
#ifndef LKS_DAEMON_CLI_RUN_REF_H
#define LKS_DAEMON_CLI_RUN_REF_H

#include "daemon/cli/args.h"
#include "daemon/cli/status_client.h"

typedef struct lks_run_ref {
    char *run_dir;     /* NULL when only a socket was named */
    char *socket_path; /* of its status */
} lks_run_ref;

/* From --socket or the first positional argument, or the newest live run. */
lks_status lks_run_ref_find(const lks_args *args, lks_run_ref *out);

/* The run's report. On failure the error says what is known all the same: whether the
 * run has ended and with what, or that rank 0 is stopped, and where it got to. LKS_STATE:
 * the run is not running. */
lks_status lks_run_ref_fetch(const lks_run_ref *ref, lks_status_report *out);

/* How the run ended, of one whose fetch gave `st`; the caller's to json_decref. NULL
 * where that is not known; then the standing error says why the fetch failed. */
json_t *lks_run_ref_result(const lks_run_ref *ref, lks_status st);

void lks_run_ref_release(lks_run_ref *ref);

#endif
