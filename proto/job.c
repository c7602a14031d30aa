#include "proto/job.h"

#include "base/alloc.h"

static void release_split(lks_job_split *split)
{
    for (size_t i = 0; i < split->n_files; i++)
        lks_free(split->files[i]);
}

void lks_job_release(lks_job *job)
{
    lks_free(job->name);
    lks_free(job->data.root);
    release_split(&job->data.train);
    release_split(&job->data.test);
    lks_free(job->layers);
    lks_free(job->train.init);
    *job = (lks_job){0};
}
