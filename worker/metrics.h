/* metrics.jsonl: one JSON object a line, written whole or not at all, so that whoever
 * follows the file never reads half a record. Rank 0's main thread. */
#ifndef LKS_WORKER_METRICS_H
#define LKS_WORKER_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "proto/run_dir.h"

/* A reported step. */
typedef struct lks_step_metrics {
    uint64_t step;        /* completed, from 1 */
    uint64_t epoch;       /* it belonged to, from 0 */
    uint64_t samples;     /* of the run so far */
    double loss;          /* of this step, mean */
    double lr;            /* it was taken with */
    double grad_norm;     /* 2-norm of its gradient */
    double samples_per_s; /* of the run since the last report */
    double tokens_per_s;  /* the same, of a language model; 0: it is none */
    double time;          /* seconds since 1970 */
} lks_step_metrics;

typedef struct lks_evaluation_metrics {
    uint64_t step, epoch;
    const char *split; /* "validation" "test" */
    double loss;
    bool has_accuracy;
    double accuracy; /* 0 to 1 */
    bool has_tokens; /* of a language model: */
    uint64_t n_tokens;
    double perplexity;
    bool has_errors;
    double absolute_error, r2; /* NaN: it has none */
    uint64_t samples;
    double time;
} lks_evaluation_metrics;

typedef struct lks_metrics lks_metrics;

/* Make the file. LKS_INVALID: it is there already; LKS_IO: it cannot be written. */
lks_status lks_metrics_create(lks_run_dir *dir, lks_metrics **out);
void lks_metrics_destroy(lks_metrics *metrics);

/* Append a line. Numbers read back as the same doubles; one that is not finite is null.
 * LKS_IO (a full disk …): the file ends with the line before. */
lks_status lks_metrics_step(lks_metrics *metrics, const lks_step_metrics *values);
lks_status lks_metrics_evaluation(lks_metrics *metrics,
                                  const lks_evaluation_metrics *values);

#endif
