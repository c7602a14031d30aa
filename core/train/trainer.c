#include "train/trainer.h"

#include "base/alloc.h"
#include "base/try.h"

struct lks_trainer {
    lks_step step;
    uint64_t n_steps;
    uint32_t n_lanes;
};

/* The loader's plan: lane after lane of this replica, step after step. */
static bool batch_at(const void *trainer, uint64_t item, lks_batch_slice *out)
{
    const lks_trainer *self = trainer;
    const lks_range mine = self->step.mine;
    const uint64_t n_mine = mine.end - mine.begin;
    lks_step_at at;
    lks_range samples;

    if (n_mine == 0 || item / n_mine >= self->n_steps)
        return false;
    at = lks_step_locate(&self->step.plan, item / n_mine);
    samples =
        lks_lane_samples((uint32_t)(mine.begin + item % n_mine), self->n_lanes, at.n);
    *out = (lks_batch_slice){.epoch = at.epoch,
                             .first = at.first + samples.begin,
                             .n = (int64_t)(samples.end - samples.begin)};
    return true;
}

static lks_status make_lanes(lks_trainer *self, const lks_trainer_options *options)
{
    const lks_lanes_options lanes = {
        .comm = options->comm,
        .params = lks_model_params(options->model),
        .n_lanes = options->n_lanes,
        .ordered = options->ordered,
    };

    lks_model_defer_buffers(options->model, true); /* the lanes' sums come first */
    LKS_TRY(lks_lanes_create(&lanes, &self->step.lanes));
    return lks_losses_create(options->comm, options->n_lanes, options->device,
                             options->loss->advice, &self->step.losses);
}

static lks_status make_loader(lks_trainer *self, const lks_trainer_options *options)
{
    const lks_step_plan *steps = &options->steps;
    const bool are_streams = lks_dataset_n_streams(options->feed.dataset) > 0;
    const uint64_t n_step = /* of the largest step */
        steps->batch_size < steps->n_samples ? steps->batch_size : steps->n_samples;
    const lks_loader_options loader = {
        .dataset = options->feed.dataset,
        .order = {.seed = options->seed,
                  .n_samples = steps->n_samples,
                  .shuffle = options->shuffle && !are_streams,
                  .batch_size = steps->batch_size,
                  .n_batches = are_streams ? 0 : options->bucket},
        .plan = batch_at,
        .plan_context = self,
        .max_batch = (int64_t)((n_step + options->n_lanes - 1) / options->n_lanes),
        .n_ahead = options->n_ahead > 0 ? options->n_ahead : LKS_LOADER_AHEAD,
        .n_workers = options->n_workers,
        .draws = true,
    };

    return lks_loader_create(&loader, &self->step.loader);
}

static lks_status set_streams(lks_trainer *self, const lks_trainer_options *options)
{
    const uint64_t n = lks_dataset_n_streams(options->feed.dataset);

    if (n > 0 && options->steps.batch_size != n)
        return lks_fail(
            LKS_INVALID,
            "the data are %llu streams, of which a batch has a window each: a "
            "batch of %llu does not go with them",
            (unsigned long long)n, (unsigned long long)options->steps.batch_size);
    self->step.carries = n > 0;
    lks_model_set_carrying(options->model, n > 0);
    return LKS_OK;
}

/* Between the lanes of several replicas gradients travel, which are not recorded. */
static lks_status make_tape(lks_trainer *self, const lks_trainer_options *options)
{
    if (options->comm->size > 1)
        return LKS_OK;
    return lks_tape_create(options->device, options->feed.dataset, self->step.mine,
                           &self->step.tape);
}

lks_status lks_trainer_create(const lks_trainer_options *options, lks_trainer **out)
{
    lks_trainer *self = lks_calloc(1, sizeof *self);
    lks_status st;

    if (!self)
        return LKS_NOMEM;
    self->n_steps = options->n_steps;
    self->n_lanes = options->n_lanes;
    self->step = (lks_step){
        .model = options->model,
        .loss = options->loss,
        .optim = options->optim,
        .feed = options->feed,
        .watcher = options->watcher,
        .watched = options->watched,
        .plan = options->steps,
        .mine = lks_shard_lanes((uint32_t)options->comm->rank,
                                (uint32_t)options->comm->size, options->n_lanes),
        .seed = options->seed,
        .device = options->device,
    };
    LKS_GO(set_streams(self, options));
    LKS_GO(make_lanes(self, options));
    LKS_GO(make_loader(self, options));
    LKS_GO(make_tape(self, options));
    *out = self;
    self = NULL;
cleanup:
    lks_trainer_destroy(self);
    return st;
}

void lks_trainer_destroy(lks_trainer *self)
{
    if (!self)
        return;
    lks_tape_destroy(self->step.tape);
    lks_loader_destroy(self->step.loader);
    lks_losses_destroy(self->step.losses);
    lks_lanes_destroy(self->step.lanes);
    lks_free(self);
}

lks_status lks_trainer_step(lks_trainer *self, uint64_t index, lks_step_result *out)
{
    return lks_step_run(&self->step, index, out);
}

lks_range lks_trainer_lanes(const lks_trainer *self)
{
    return self->step.mine;
}

bool lks_trainer_records(const lks_trainer *self)
{
    return self->step.tape != NULL;
}
