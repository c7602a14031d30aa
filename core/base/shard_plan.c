#include "base/shard_plan.h"

#include <assert.h>

/* floor(i * n / parts) for i <= parts, without forming i * n. */
static uint64_t cut(uint32_t i, uint32_t parts, uint64_t n)
{
    return n / parts * i + n % parts * i / parts;
}

lks_range lks_shard_lanes(uint32_t rank, uint32_t n_ranks, uint32_t n_lanes)
{
    assert(rank < n_ranks);
    return (lks_range){cut(rank, n_ranks, n_lanes), cut(rank + 1, n_ranks, n_lanes)};
}

lks_range lks_lane_samples(uint32_t lane, uint32_t n_lanes, uint64_t n_samples)
{
    assert(lane < n_lanes);
    return (lks_range){cut(lane, n_lanes, n_samples), cut(lane + 1, n_lanes, n_samples)};
}

uint64_t lks_steps_per_epoch(const lks_step_plan *plan)
{
    uint64_t whole = plan->n_samples / plan->batch_size;

    if (plan->drop_last)
        return whole;
    return whole == 0 || plan->n_samples % plan->batch_size ? whole + 1 : whole;
}

lks_step_at lks_step_locate(const lks_step_plan *plan, uint64_t step)
{
    uint64_t per_epoch = lks_steps_per_epoch(plan);
    lks_step_at at = {0};
    uint64_t left;

    if (per_epoch == 0)
        return at;
    at.epoch = step / per_epoch;
    at.first = step % per_epoch * plan->batch_size;
    left = plan->n_samples - at.first;
    at.n = left < plan->batch_size ? left : plan->batch_size;
    return at;
}

uint64_t lks_step_smallest(const lks_step_plan *plan, uint64_t n_steps)
{
    const uint64_t per_epoch = lks_steps_per_epoch(plan);

    return lks_step_locate(plan, n_steps < per_epoch ? 0 : per_epoch - 1).n;
}
