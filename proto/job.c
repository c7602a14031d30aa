#include "proto/job.h"

#include "base/alloc.h"

static void release_split(lks_job_split *split)
{
    for (size_t i = 0; i < split->n_files; i++)
        lks_free(split->files[i]);
    for (size_t i = 0; i < LKS_JOB_MAX_ARRAYS; i++)
        lks_free(split->arrays[i]);
}

static void release_texts(char **texts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        lks_free(texts[i]);
    lks_free(texts);
}

static void release_item(lks_job_item *item)
{
    for (size_t i = 0; i < item->n_options; i++)
        lks_free((void *)item->options[i].list);
    release_texts(item->from, item->n_from);
    lks_free(item->weight_of);
    for (size_t i = 0; i < item->n_groups; i++)
        release_texts(item->groups[i].params, item->groups[i].n_params);
    lks_free(item->groups);
    for (size_t i = 0; i < item->n_inits; i++)
        release_item(&item->inits[i]);
    lks_free(item->inits);
    lks_free(item->name);
}

void lks_job_release(lks_job *job)
{
    lks_free(job->name);
    lks_free(job->data.root);
    release_texts(job->data.inputs.names, job->data.inputs.n);
    release_texts(job->data.target.names, job->data.target.n);
    release_split(&job->data.train);
    release_split(&job->data.test);
    for (size_t i = 0; i < job->data.n_transforms; i++)
        release_item(&job->data.transforms[i]);
    for (size_t i = 0; i < job->n_layers; i++)
        release_item(&job->layers[i]);
    lks_free(job->layers);
    release_item(&job->loss);
    release_item(&job->optimizer);
    for (size_t i = 0; i < job->n_schedules; i++)
        release_item(&job->schedules[i]);
    lks_free(job->schedules);
    lks_free(job->train.init);
    *job = (lks_job){0};
}
