/* Which lanes are whose, and which samples are a lane's: DESIGN, "same bits at any world
 * size". Pure arithmetic, the same on coordinator and workers. */
#ifndef LKS_BASE_SHARD_PLAN_H
#define LKS_BASE_SHARD_PLAN_H

#include <stdbool.h>
#include <stdint.h>

typedef struct lks_range {
    uint64_t begin, end; /* [begin, end) */
} lks_range;

/* Lanes of rank r of n_ranks: floor(r*K/R) … floor((r+1)*K/R). Empty where there are more
 * ranks than lanes. */
lks_range lks_shard_lanes(uint32_t rank, uint32_t n_ranks, uint32_t n_lanes);

/* Positions of lane l within a batch of n samples: floor(l*n/K) … floor((l+1)*n/K). */
lks_range lks_lane_samples(uint32_t lane, uint32_t n_lanes, uint64_t n_samples);

/* The steps of a run: how a dataset is cut into global batches. */
typedef struct lks_step_plan {
    uint64_t n_samples;  /* of the dataset */
    uint64_t batch_size; /* global */
    bool drop_last;      /* no short last batch */
} lks_step_plan;

typedef struct lks_step_at {
    uint64_t epoch;
    uint64_t first; /* position within the epoch */
    uint64_t n;     /* samples of this step */
} lks_step_at;

/* At least 1, except with drop_last and fewer samples than a batch: 0. */
uint64_t lks_steps_per_epoch(const lks_step_plan *plan);
/* Samples of the smallest of a run's first n_steps: the short batch that an epoch may end
 * with, if it comes to that. */
uint64_t lks_step_smallest(const lks_step_plan *plan, uint64_t n_steps);
lks_step_at lks_step_locate(const lks_step_plan *plan, uint64_t step); /* step from 0 */

#endif
