/* The vocabularies of text data, counted in parts by whoever there is: one of most formats,
 * two of pairs. What comes of all parts does not depend on their number. */
#ifndef LKS_DATA_VOCABULARIES_H
#define LKS_DATA_VOCABULARIES_H

#include "data/dataset.h"
#include "text/token_counts.h"

/* How many vocabularies data of this format have; 0: they are no text. */
int lks_dataset_n_vocabs(const lks_dataset_source *source);

/* Count part `part` of n_parts of the files' bytes.
 *   counts  [lks_dataset_n_vocabs] made, the caller's; untouched on failure
 *   errors  as lks_dataset_open, of what this part has */
lks_status lks_dataset_count_tokens(const lks_dataset_source *source, uint64_t part,
                                    uint64_t n_parts, lks_token_counts **counts);

/* The vocabulary of all that was counted. Errors: lks_vocab_of_counts. */
lks_status lks_dataset_make_vocab(const lks_dataset_source *source,
                                  const lks_token_counts *counts, lks_vocab **out);

#endif
