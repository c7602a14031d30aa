#include "worker/splits.h"

#include <inttypes.h>

#include "base/text.h"
#include "base/try.h"
#include "data/running.h"
#include "data/split.h"
#include "data/transform.h"

static const lks_dataset *keep(lks_splits *self, lks_dataset *dataset)
{
    if (dataset)
        self->owned[self->n_owned++] = dataset;
    return dataset;
}

/* How many samples data.validation asks for. */
static uint64_t n_validation(const lks_job *job, uint64_t n_samples)
{
    const double asked = job->data.validation;

    return (uint64_t)(asked < 1 ? asked * (double)n_samples : asked);
}

/* The end of running text, samples of anything else. */
static lks_status hold_out(lks_splits *self, const lks_job *job)
{
    const uint64_t n_tokens = lks_running_n_tokens(self->train);
    const uint64_t n = n_tokens > 0 ? n_tokens : lks_dataset_n_samples(self->train);
    const uint64_t n_held_out = n_validation(job, n);
    lks_dataset *rest = NULL, *held_out = NULL;

    if (n_held_out < 1 || n_held_out >= n)
        return lks_fail(LKS_INVALID,
                        "data.validation: %g of %" PRIu64 " %s are %" PRIu64
                        ": at least one must be held out, and one left to train on",
                        job->data.validation, n, n_tokens > 0 ? "tokens" : "samples",
                        n_held_out);
    if (n_tokens > 0)
        LKS_TRY(lks_running_split(self->train, n_held_out, &rest, &held_out));
    else
        LKS_TRY(lks_dataset_split(self->train, job->seed, n_held_out, &rest, &held_out));
    self->train = keep(self, rest);
    self->validation = keep(self, held_out);
    return LKS_OK;
}

/* *split shown by the scale of the training data; NULL stays. */
static lks_status show_scaled(lks_splits *self, const lks_dataset **split)
{
    lks_dataset *shown = NULL;

    if (!*split)
        return LKS_OK;
    LKS_TRY(lks_dataset_standardise(*split, self->scale, &shown));
    *split = keep(self, shown);
    return LKS_OK;
}

/* *split as its inputs come out of the job's transforms; NULL stays. */
static lks_status show_transformed(lks_splits *self, const lks_job *job,
                                   const lks_dataset **split)
{
    lks_transform_spec specs[LKS_JOB_MAX_TRANSFORMS] = {{0}};
    lks_dataset *shown = NULL;

    if (!*split || job->data.n_transforms == 0)
        return LKS_OK;
    for (size_t i = 0; i < job->data.n_transforms; i++) {
        const lks_job_item *item = &job->data.transforms[i];

        specs[i].type = item->type;
        specs[i].options = (lks_options){item->options, item->n_options};
    }
    LKS_TRY(lks_dataset_transform(*split, specs, job->data.n_transforms, &shown));
    *split = keep(self, shown);
    return LKS_OK;
}

static lks_status scale_all(lks_splits *self, const lks_input_scale *known)
{
    if (!known)
        LKS_TRY(lks_input_scale_create(self->train, &self->measured));
    self->scale = known ? known : self->measured;
    LKS_TRY(show_scaled(self, &self->train));
    LKS_TRY(show_scaled(self, &self->validation));
    return show_scaled(self, &self->test);
}

lks_status lks_splits_init(lks_splits *self, const lks_job *job, lks_dataset *train,
                           lks_dataset *test, const lks_input_scale *known)
{
    *self = (lks_splits){0};
    self->train = self->opened = keep(self, train);
    self->test = keep(self, test);
    if (job->data.validation > 0 && train)
        LKS_TRY(hold_out(self, job));
    if (job->data.standardise && (train || known))
        LKS_TRY(scale_all(self, known));
    LKS_TRY(show_transformed(self, job, &self->train));
    LKS_TRY(show_transformed(self, job, &self->validation));
    return show_transformed(self, job, &self->test);
}

void lks_splits_text(const lks_splits *self, char *out, size_t size)
{
    const struct {
        const char *name;
        const lks_dataset *split;
    } splits[] = {{"training", self->train},
                  {"validation", self->validation},
                  {"test", self->test}};

    out[0] = '\0';
    for (size_t i = 0; i < sizeof splits / sizeof *splits; i++)
        if (splits[i].split) {
            const uint64_t n_tokens = lks_running_n_tokens(splits[i].split);
            const uint64_t n =
                n_tokens > 0 ? n_tokens : lks_dataset_n_samples(splits[i].split);

            lks_append(out, size, "%s%" PRIu64 " %s %s%s", out[0] ? ", " : "", n,
                       splits[i].name, n_tokens > 0 ? "token" : "sample",
                       n == 1 ? "" : "s");
        }
}

void lks_splits_release(lks_splits *self)
{
    while (self->n_owned > 0)
        lks_dataset_destroy(self->owned[--self->n_owned]);
    lks_input_scale_destroy(self->measured);
    *self = (lks_splits){0};
}
