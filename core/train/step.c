#include "train/step.h"

#include "base/try.h"
#include "tensor/scope.h"
#include "autograd/backward.h"

static void enter(const lks_step *s, lks_step_phase phase)
{
    s->watcher->enter(s->watched, phase);
}

/* One lane's passes: its loss into the step's losses, its gradient into the rank's lanes.
 * Fields of NULL: it has no samples. */
static lks_status forward(lks_step *s, uint64_t index, uint64_t lane,
                          const lks_fields *fields, lks_tensor **loss)
{
    lks_tensor *target = fields->tensors[s->feed.targets];
    lks_loss_count count = {0};

    enter(s, LKS_STEP_FORWARD);
    LKS_TRY(lks_lanes_begin_lane(s->lanes));
    if (target) {
        lks_model_set_position(s->model, s->seed, index, (uint32_t)lane);
        *loss = lks_loss_sum(s->loss, lks_feed_forward(&s->feed, s->model, fields),
                             target, &count);
        if (!*loss)
            return lks_error_status();
    }
    return lks_losses_set(s->losses, lane, *loss, &count);
}

static lks_status backward(lks_step *s, lks_tensor *loss)
{
    enter(s, LKS_STEP_BACKWARD);
    if (loss)
        LKS_TRY(lks_backward(loss)); /* gradients are reduced as they become ready */
    return lks_lanes_end_lane(s->lanes, !loss);
}

static lks_status next_batch(lks_step *s, const lks_batch **out)
{
    enter(s, LKS_STEP_LOAD);
    LKS_TRY(lks_loader_next(s->loader, out));
    s->watcher->add_samples(s->watched, (uint64_t)(*out)->slice.n);
    return LKS_OK;
}

static lks_status start_losses(lks_step *s)
{
    return lks_losses_start(s->losses, s->watcher->wish(s->watched));
}

/* ---- lane by lane ---- */

static lks_status run_lane(lks_step *s, uint64_t index, uint64_t lane)
{
    const lks_batch *batch;
    lks_fields fields = {0};
    lks_tensor *loss = NULL;

    LKS_TRY(next_batch(s, &batch));
    if (batch->slice.n > 0)
        LKS_TRY(lks_batch_bring(batch, s->feed.dataset, s->device, &fields));
    LKS_TRY(forward(s, index, lane, &fields, &loss));
    if (lane + 1 == s->mine.end)
        LKS_TRY(start_losses(s));
    return backward(s, loss);
}

/* Scoped: the tensors that a lane makes are gone at its end. */
static lks_status run_lanes(lks_step *s, uint64_t index)
{
    lks_status st = LKS_OK;

    if (s->mine.begin == s->mine.end)
        return start_losses(s);
    for (uint64_t lane = s->mine.begin; lane < s->mine.end && st == LKS_OK; lane++) {
        LKS_TRY(lks_scope_open());
        st = run_lane(s, index, lane);
        lks_scope_close();
    }
    return st;
}

/* ---- as a recording ---- */

typedef struct passes {
    lks_step *step;
    uint64_t index;
} passes;

static lks_status pass(const passes *p, uint64_t lane)
{
    lks_tensor *loss = NULL;
    lks_fields fields;

    LKS_TRY(lks_tape_batch(p->step->tape, lane, &fields));
    LKS_TRY(forward(p->step, p->index, lane, &fields, &loss));
    return backward(p->step, loss);
}

static lks_status run_passes(void *context)
{
    const passes *p = context;
    lks_status st = LKS_OK;

    lks_lanes_begin(p->step->lanes, p->index + 1);
    for (uint64_t lane = p->step->mine.begin; lane < p->step->mine.end && st == LKS_OK;
         lane++) {
        LKS_TRY(lks_scope_open());
        st = pass(p, lane);
        lks_scope_close();
    }
    return st;
}

static lks_status run_recorded(lks_step *s, uint64_t index, uint64_t n_samples)
{
    passes p = {s, index};
    const lks_batch *batch;

    for (uint64_t lane = s->mine.begin; lane < s->mine.end; lane++) {
        LKS_TRY(next_batch(s, &batch));
        LKS_TRY(lks_tape_load(s->tape, lane, batch));
    }
    enter(s, LKS_STEP_FORWARD); /* and backward */
    LKS_TRY(lks_tape_run(s->tape, n_samples, index, run_passes, &p));
    return start_losses(s);
}

/* ---- a step ---- */

lks_status lks_step_run(lks_step *s, uint64_t index, lks_step_result *out)
{
    const lks_step_at at = lks_step_locate(&s->plan, index);
    lks_losses_sum losses;

    if (s->carries && at.first == 0)
        lks_model_forget_carried(s->model);
    lks_lanes_begin(s->lanes, index + 1);
    if (s->tape)
        LKS_TRY(run_recorded(s, index, at.n));
    else
        LKS_TRY(run_lanes(s, index));

    enter(s, LKS_STEP_REDUCE);
    LKS_TRY(lks_lanes_wait(s->lanes));
    LKS_TRY(lks_losses_wait(s->losses, index + 1, &losses));

    enter(s, LKS_STEP_UPDATE);
    LKS_TRY(lks_model_update_buffers(s->model)); /* may cut weights down (embedding.c) */
    LKS_TRY(lks_optim_step_counted(s->optim, losses.count, &out->divisor));

    s->watcher->end_step(s->watched);
    out->loss = losses.sum / lks_loss_divisor(losses.count);
    out->count = losses.count;
    out->wish = losses.wish;
    return LKS_OK;
}
