/* The vocabularies of text that is trained on, which ranks make together: each counts its
 * part of the files, all hear of all. The worker's own. */
#ifndef LKS_WORKER_VOCABULARIES_H
#define LKS_WORKER_VOCABULARIES_H

#include "data/dataset.h"
#include "train/comm.h"

/* Bytes of lks_token_counts_save. */
typedef struct lks_saved_counts {
    void *bytes;
    size_t n_bytes;
} lks_saved_counts;

/* All zero: nothing is counted yet. */
typedef struct lks_vocabularies {
    lks_saved_counts own[LKS_DATASET_MAX_VOCABS]; /* of this rank's part */
    lks_saved_counts
        all[LKS_DATASET_MAX_VOCABS]; /* of everyone's, one behind the other */
    lks_vocab *made[LKS_DATASET_MAX_VOCABS];
} lks_vocabularies;

/* Count part `comm->rank` of `comm->size`. Errors: lks_dataset_count_tokens. */
lks_status lks_vocabularies_count(lks_vocabularies *self,
                                  const lks_dataset_source *source, const lks_comm *comm);

/* What all have counted to all. By all ranks; LKS_COMM. */
lks_status lks_vocabularies_share(lks_vocabularies *self,
                                  const lks_dataset_source *source, lks_comm *comm);

/* The vocabularies of that, which the source then brings; nothing, where nobody has
 * counted. Errors: lks_vocab_of_counts. */
lks_status lks_vocabularies_make(lks_vocabularies *self, lks_dataset_source *source);

/* One that is all zero is fine. */
void lks_vocabularies_release(lks_vocabularies *self);

#endif
