/* The newest lines of a run's metrics.jsonl. */
#ifndef LKS_DAEMON_CLI_METRICS_TAIL_H
#define LKS_DAEMON_CLI_METRICS_TAIL_H

#include <stdbool.h>
#include <stdint.h>

typedef struct lks_metrics_tail {
    bool has_step;
    uint64_t step;
    double loss;

    bool has_evaluation;
    bool has_accuracy;
    uint64_t evaluation_step;
    double evaluation_loss, accuracy;
} lks_metrics_tail;

/* What `run_dir`'s metrics say last of training and of evaluation; nothing where the file
 * is missing. Looks at its last 64 KiB only; a line being written is skipped. */
void lks_metrics_tail_read(const char *run_dir, lks_metrics_tail *out);

#endif
