/* result.json in a run's directory: how the run ended, for programs and for `lockstep
 * status` later on. One object:
 *
 *     {"state": "failed", "reason": "rank 1 … was lost …", "cause": "rank_killed",
 *      "exit_status": 1, "rank": 1, "signal": 9, "host": "node2",
 *      "job": "cnn", "ranks": 4, "started_at": "2023-11-14T22:13:20Z", "ended_at": …,
 *      "seconds": 12.5, "step": 400, "loss": 0.31, "weights": null,
 *      "evaluation": {"step": 400, "split": "test", "loss": 0.33, "accuracy": 0.88}}
 *
 * What is read of it has the evaluation's classes, confusion and errors as well, where
 * the run's evaluation.json tells them of that step.
 *
 * What is not known is null. */
#ifndef LKS_DAEMON_CLI_RESULT_H
#define LKS_DAEMON_CLI_RESULT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/status.h"
#include "daemon/cli/run_end.h"
#include "proto/run_dir.h"

typedef struct lks_result_options {
    lks_run_dir *dir;
    const char *job;
    uint32_t ranks;      /* 0: not known */
    double started_at_s; /* since 1970 */
    const lks_run_facts *facts;
    const lks_run_end *end;
} lks_result_options;

/* Write it, where the directory is still there (one of a run that never began is not). */
lks_status lks_result_write(const lks_result_options *options);

/* Write one for a run whose command was killed: all that is known is what the directory
 * holds. */
lks_status lks_result_write_orphan(const char *run_dir);

/* How the run in `run_dir` ended, as such an object, the caller's to json_decref: what
 * was written, or where that is missing what the final weights tell; NULL where neither
 * is there, since then it may still run. */
json_t *lks_result_read(const char *run_dir);

/* For people: how it ended, what it came to, and where the weights are. */
void lks_result_print(FILE *out, const json_t *result, const char *run_dir);

bool lks_result_is_success(const json_t *result);

#endif
