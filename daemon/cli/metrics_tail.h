/* The newest lines of a run's metrics.jsonl. */
#ifndef LKS_DAEMON_CLI_METRICS_TAIL_H
#define LKS_DAEMON_CLI_METRICS_TAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/figure.h"

typedef struct lks_metrics_tail {
    bool has_step;
    uint64_t step;
    double loss; /* NaN for one that was not finite: a null in the file */

    bool has_evaluation;
    bool has_accuracy;
    bool has_perplexity; /* of a language model */
    bool on_validation;  /* else on test data */
    uint64_t evaluation_step;
    double evaluation_loss, accuracy, perplexity;
} lks_metrics_tail;

/* What `run_dir`'s metrics say last of training and of evaluation; nothing where the file
 * is missing. Looks at its last 64 KiB only; a line being written is skipped. */
void lks_metrics_tail_read(const char *run_dir, lks_metrics_tail *out);

/* A loss of the file for people, which does not tell what a null stands for. */
lks_figure lks_loss_as_text(double loss);

/* "validation" or "test" */
const char *lks_metrics_tail_split(const lks_metrics_tail *tail);

/* What training came to: "test accuracy 88.50 %, test loss 0.3312", of validation data
 * where there are no test data, or what of it there is; "" for nothing. A language model
 * has "test perplexity 4.9500, test loss 1.5994". */
void lks_metrics_tail_describe(const lks_metrics_tail *tail, char *out,
                               size_t size_bytes);

#endif
