/* Running text as a dataset of streams, and its end held out. */
#ifndef LKS_DATA_RUNNING_H
#define LKS_DATA_RUNNING_H

#include "data/dataset.h"

/* How many tokens a dataset of running text has (format text); 0: it is something else. */
uint64_t lks_running_n_tokens(const lks_dataset *dataset);

/* Hold out the last n_held_out of its tokens, to watch a training with. Both parts are
 * streams by themselves: the rest as many as before, what is held out fewer if it is short.
 *   dataset  of running text, whole; borrowed, outlives both
 *   rest, held_out  the caller's
 *   errors   LKS_INVALID: too little is left, or fewer than two tokens are held out */
lks_status lks_running_split(const lks_dataset *dataset, uint64_t n_held_out,
                             lks_dataset **rest, lks_dataset **held_out);

#endif
