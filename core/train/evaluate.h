/* Evaluation of a split by all ranks. The split is cut into chunks that the job's data
 * alone decide, each rank takes a run of them, and what they yield is added in tree
 * order: so the result has the same bits on any number of ranks.
 *
 * Of data that are streams (data/dataset.h) a rank takes some streams and runs them from
 * their first window to the last, carrying the model's state, which training does not
 * see. */
#ifndef LKS_TRAIN_EVALUATE_H
#define LKS_TRAIN_EVALUATE_H

#include "nn/loss.h"
#include "nn/model.h"
#include "train/batch.h"
#include "train/comm.h"
#include "train/tally.h"

enum {
    LKS_EVALUATE_CHUNK = 256,  /* samples */
    LKS_EVALUATE_TEXTS = 32,   /* of targets that are tokens: each has scores of many */
    LKS_EVALUATE_STREAMS = 16, /* of a chunk, which is one window of each */
};

/* The same on every rank. */
typedef struct lks_evaluation {
    uint64_t n_samples;
    double loss;       /* mean over what the loss counts of the split */
    lks_tally *tally;  /* of a classifier, class by class; else NULL */
    bool has_accuracy; /* there is one */
    double accuracy;   /* 0 to 1, of the targets that are not ignored */
    /* Of classes along a sample (lks_feed_has_tokens), as a language model's: */
    bool has_tokens;
    uint64_t n_tokens; /* that are not ignored */
    double perplexity; /* exp(loss) */
    /* Of translations, where the caller has made them: from 0 to 100. */
    bool has_bleu;
    double bleu;
    /* Of a loss that compares with the target itself (lks_compares_values): */
    bool has_errors;
    double absolute_error; /* its mean over all values */
    /* The coefficient of determination, of targets of one value a sample; NaN of others,
     * and where all targets are equal.
     * source: Draper & Smith 1998, Applied Regression Analysis, section 1.6 */
    double r2;
} lks_evaluation;

/* The model is put into evaluation for the call and trains again after it. Nothing is
 * recorded for backward. Called by all ranks. *out is released by the caller. */
lks_status lks_evaluate(lks_model *model, const lks_loss *loss, const lks_feed *feed,
                        lks_device device, lks_comm *comm, lks_evaluation *out);
void lks_evaluation_release(lks_evaluation *evaluation); /* all zero is fine */

/* Whether what the model gives is a guess at the target, in its unit: so for mse_loss. */
bool lks_compares_values(const lks_loss *loss);

#endif
