/* What an evaluation counts class by class: of each class's samples, how many the model
 * took for which. Counts are whole numbers, so their sum over ranks is the same in any
 * order. */
#ifndef LKS_TRAIN_TALLY_H
#define LKS_TRAIN_TALLY_H

#include "tensor/tensor.h"
#include "train/comm.h"

/* Of more classes than these no confusion matrix is kept, which would have 8 MiB. */
enum { LKS_TALLY_MAX_CONFUSED = 1024 };

typedef struct lks_tally {
    int64_t n_classes;
    int64_t *samples;   /* [n_classes] whose target this class is */
    int64_t *correct;   /* [n_classes] of these, whose largest output is that class's */
    int64_t *confusion; /* [n_classes][n_classes] from row `target` taken for a column;
                           NULL where there are more than LKS_TALLY_MAX_CONFUSED */
    /* [n_classes] its own, of names that are the data's; NULL: numbers are all they have.
     * What is shown of an evaluation and of a prediction has names where these stand. */
    const char **class_names;
} lks_tally;

/* All of it 0. */
lks_status lks_tally_create(int64_t n_classes, lks_tally **out);
void lks_tally_destroy(lks_tally *tally); /* NULL is fine */

/* Count a batch, waiting for its device.
 *   output  (N, n_classes); of equal largest values the first counts
 *   target  (N) i64; those that are `ignore_index` count for nothing
 *   errors  LKS_SHAPE: other shapes; LKS_FORMAT: a target that is no class */
lks_status lks_tally_add(lks_tally *tally, lks_tensor *output, lks_tensor *target,
                         int64_t ignore_index);

/* Add up all ranks' tallies, on each of them. Called by all ranks; LKS_COMM. */
lks_status lks_tally_share(lks_tally *tally, lks_comm *comm);

int64_t lks_tally_n_samples(const lks_tally *tally);
int64_t lks_tally_n_correct(const lks_tally *tally);

/* Of a class, 0 to 1; NaN where it has no samples. */
double lks_tally_accuracy(const lks_tally *tally, int64_t class_index);

#endif
