/* Started reductions of ranges of the gradient block over all ranks.
 *
 * ordered   Each rank brings the sums of its maximal whole subtrees of lanes. A range is
 *           cut into one slice a rank; the owner of a slice receives everyone's partial
 *           sums of it, finishes the tree, and an all-gather spreads the slices:
 *
 *               rank 0  a0 | a1      0 owns the left slice:  a0 + b0 ---> both
 *               rank 1  b0 | b1      1 owns the right slice: a1 + b1 ---> both
 *
 *           So the bits depend on the lanes alone: not on the ranks, not on the cuts.
 *           Between replicas of one process nothing is sent: the owner adds up its slice
 *           where the partial sums stand, in the others' memory. Between GPUs all of it
 *           is queued at once, beside what the thread queues next (lks_comm_ops.aside).
 *           cost: R ranks, p partial sums a rank (1 where R and the lanes are powers of
 *           two, at most 2 log2(lanes)), n floats: two rounds of messages,
 *           (p + 1) (R-1)/R * n * 4 bytes sent a rank, and scratch for what the other
 *           ranks send of one slice.
 * fast      The library's all-reduce, in place: 2 (R-1)/R * n * 4 bytes, whatever bits.
 *
 * One thread, the one that owns the communicator. Every rank starts the same ranges in
 * the same order. */
#ifndef LKS_TRAIN_REDUCE_H
#define LKS_TRAIN_REDUCE_H

#include "train/comm.h"

typedef struct lks_reducer_options {
    lks_comm *comm;   /* borrowed */
    uint32_t n_lanes; /* of the job, at least 1 */
    bool ordered;
} lks_reducer_options;

typedef struct lks_reducer lks_reducer;

lks_status lks_reducer_create(const lks_reducer_options *options, lks_reducer **out);
/* Nothing may be under way; NULL is fine. */
void lks_reducer_destroy(lks_reducer *reducer);

/* The partial sums that this rank brings: 0 without lanes; 1 if not ordered. */
size_t lks_reducer_n_partials(const lks_reducer *reducer);

/* Start the reduction of one range, behind what is queued on its device; what is queued
 * after the wait comes behind it.
 *   partials  [n_partials] views [n] f32, from the left of the tree, on the device of
 *             `home`; used as scratch until the wait
 *   home      [n] where the sum over all lanes lands; partials[0] if there is one, and
 *             zero if there is none and the reduction is fast */
lks_status lks_reducer_start(lks_reducer *reducer, const lks_view *partials,
                             const lks_view *home);

/* Take the started ones as far as they go without waiting: called now and then in
 * backward. */
lks_status lks_reducer_progress(lks_reducer *reducer);

/* Wait for all that was started. */
lks_status lks_reducer_wait(lks_reducer *reducer);

#endif
