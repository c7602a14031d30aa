#include "worker/step.h"

#include "base/try.h"
#include "tensor/scope.h"
#include "autograd/backward.h"
#include "worker/batch.h"

/* One lane: its loss into the step's losses, its gradient into the rank's lanes. Scoped:
 * the tensors made here are gone at its end. */
static lks_status run_lane(lks_step *s, uint64_t index, uint64_t lane)
{
    const lks_batch *batch;
    lks_tensor *loss = NULL;

    lks_pulse_enter(s->pulse, LKS__PROTO__PHASE__LOAD);
    LKS_TRY(lks_loader_next(s->loader, &batch));

    lks_pulse_enter(s->pulse, LKS__PROTO__PHASE__FORWARD);
    if (batch->slice.n > 0) {
        lks_model_set_position(s->model, s->seed, index, (uint32_t)lane);
        lks_tensor *output =
            lks_model_forward(s->model, lks_batch_inputs(batch, s->dataset, s->device));
        loss = s->loss->sum(output, lks_batch_targets(batch, s->dataset, s->device));
        if (!loss)
            return lks_error_status();
    }
    lks_pulse_add_samples(s->pulse, (uint64_t)batch->slice.n);
    LKS_TRY(lks_losses_set(s->losses, lane, loss));
    if (lane + 1 == s->mine.end)
        LKS_TRY(lks_losses_start(s->losses, (lks_wish)atomic_load(&s->pulse->wish)));

    lks_pulse_enter(s->pulse, LKS__PROTO__PHASE__BACKWARD);
    LKS_TRY(lks_lanes_begin_lane(s->lanes));
    if (loss)
        LKS_TRY(lks_backward(loss)); /* gradients are reduced as they become ready */
    return lks_lanes_end_lane(s->lanes, !loss);
}

static lks_status run_lanes(lks_step *s, uint64_t index)
{
    lks_status st = LKS_OK;

    if (s->mine.begin == s->mine.end)
        return lks_losses_start(s->losses, (lks_wish)atomic_load(&s->pulse->wish));
    for (uint64_t lane = s->mine.begin; lane < s->mine.end && st == LKS_OK; lane++) {
        LKS_TRY(lks_scope_open());
        st = run_lane(s, index, lane);
        lks_scope_close();
    }
    return st;
}

lks_status lks_step_run(lks_step *s, uint64_t index, lks_step_result *out)
{
    const lks_step_at at = lks_step_locate(&s->plan, index);
    const lks_shape output = lks_model_output_shape(s->model);
    const double count = (double)at.n * (double)s->loss->count(&output);
    double loss;

    lks_lanes_begin(s->lanes);
    LKS_TRY(run_lanes(s, index));

    lks_pulse_enter(s->pulse, LKS__PROTO__PHASE__REDUCE);
    LKS_TRY(lks_lanes_wait(s->lanes));
    LKS_TRY(lks_losses_wait(s->losses, index + 1, &loss, &out->wish));

    lks_pulse_enter(s->pulse, LKS__PROTO__PHASE__UPDATE);
    LKS_TRY(lks_optim_step_scaled(s->optim, 1 / count));

    lks_pulse_end_step(s->pulse);
    out->loss = loss / count;
    out->count = count;
    return LKS_OK;
}

bool lks_lane_plan_at(const void *lane_plan, uint64_t item, lks_batch_slice *out)
{
    const lks_lane_plan *plan = lane_plan;
    const uint64_t n_mine = plan->mine.end - plan->mine.begin;
    lks_step_at at;
    lks_range samples;

    if (n_mine == 0 || item / n_mine >= plan->n_steps)
        return false;
    at = lks_step_locate(&plan->steps, item / n_mine);
    samples = lks_lane_samples((uint32_t)(plan->mine.begin + item % n_mine),
                               plan->n_lanes, at.n);
    *out = (lks_batch_slice){.epoch = at.epoch,
                             .first = at.first + samples.begin,
                             .n = (int64_t)(samples.end - samples.begin)};
    return true;
}
