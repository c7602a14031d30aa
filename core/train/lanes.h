/* A rank's lanes: their gradients on the way from backward to the sum over all lanes of
 * the run.
 *
 * The lanes run one after the other. Each leaves its gradient sum in a flat block; blocks
 * are added as the tree of reduce_tree.h says, so only as many exist as the tree needs
 * (one for one lane: nothing is copied). During the last lane's backward, each bucket of
 * the block is folded and its reduction started as soon as its gradients are complete.
 *
 * What forward observes for buffers stands behind the gradients and goes their way.
 *
 * A step is: begin; begin_lane, forward, backward, end_lane for each lane; wait. The sums
 * then stand in the parameter block's own gradients and observed sums. Main thread only.
 */
#ifndef LKS_TRAIN_LANES_H
#define LKS_TRAIN_LANES_H

#include "nn/param_block.h"
#include "train/comm.h"

typedef struct lks_lanes_options {
    lks_comm *comm;          /* borrowed, like the rest */
    lks_param_block *params; /* its gradients and their listener are ours until destroy */
    uint32_t n_lanes;        /* of the job */
    bool ordered;            /* reduction: ordered, else fast */
} lks_lanes_options;

typedef struct lks_lanes lks_lanes;

lks_status lks_lanes_create(const lks_lanes_options *options, lks_lanes **out);
void lks_lanes_destroy(lks_lanes *lanes);

/* step: from 1 */
void lks_lanes_begin(lks_lanes *lanes, uint64_t step);

/* Aim the gradients, and what is observed, of the next of this rank's lanes. */
lks_status lks_lanes_begin_lane(lks_lanes *lanes);

/* Its backward is over; `empty`: it had no samples and no backward. */
lks_status lks_lanes_end_lane(lks_lanes *lanes, bool empty);

/* Wait until the sum over all lanes stands in the parameter block's own. */
lks_status lks_lanes_wait(lks_lanes *lanes);

#endif
