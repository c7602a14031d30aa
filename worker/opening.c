#include "worker/opening.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/thread.h"

static void *open_split(void *opening)
{
    lks_opening *self = opening;
    const double start = lks_clock_s();

    self->st = lks_dataset_from_job(self->job, self->split, &self->dataset);
    if (self->st != LKS_OK)
        snprintf(self->text, sizeof self->text, "%s", lks_error_text());
    self->seconds = lks_clock_s() - start;
    return NULL;
}

void lks_opening_start(lks_opening *self, const lks_job *job, const lks_job_split *split)
{
    *self = (lks_opening){.job = job, .split = split, .st = LKS_OK};
    if (split->n_files == 0)
        return;
    self->is_running = lks_thread_try(&self->thread, open_split, self) == 0;
    if (!self->is_running)
        open_split(self);
}

static void join(lks_opening *self)
{
    if (self->is_running)
        pthread_join(self->thread, NULL);
    self->is_running = false;
}

lks_status lks_opening_wait(lks_opening *self, lks_dataset **out)
{
    join(self);
    if (self->st != LKS_OK)
        return lks_fail(self->st, "%s", self->text);
    *out = self->dataset;
    self->dataset = NULL;
    return LKS_OK;
}

void lks_opening_cancel(lks_opening *self)
{
    join(self);
    lks_dataset_destroy(self->dataset);
    self->dataset = NULL;
}
