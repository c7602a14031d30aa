/* What an evaluation found, for programs and for people: evaluation.json of a run, and
 * what `lockstep evaluate` prints. */
#ifndef LKS_WORKER_EVALUATION_H
#define LKS_WORKER_EVALUATION_H

#include "base/text.h"
#include "train/evaluate.h"

/* What was evaluated. */
typedef struct lks_evaluated {
    const char *run;   /* its name, or NULL where the file's place says it */
    const char *split; /* "test" */
    bool has_step;     /* of a run under way */
    uint64_t step, epoch;
} lks_evaluated;

/* One JSON object, a line for each member, class and row of the confusion matrix. Numbers
 * read back as the same doubles. */
void lks_evaluation_put_json(lks_text *out, const lks_evaluated *what,
                             const lks_evaluation *evaluation);

/* "loss 1.6, perplexity 4.95, accuracy 52.10 %": what there is of it. */
void lks_evaluation_put_line(lks_text *out, const lks_evaluation *evaluation);

/* The classes as a table, or the errors of values: lines, "" where there is neither. */
void lks_evaluation_put_table(lks_text *out, const lks_evaluation *evaluation);

#endif
