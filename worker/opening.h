/* A dataset that is opened by a thread while the rank does other things. */
#ifndef LKS_WORKER_OPENING_H
#define LKS_WORKER_OPENING_H

#include <pthread.h>

#include "worker/model_from_job.h"

typedef struct lks_opening {
    pthread_t thread;
    bool is_running;
    const lks_job *job; /* borrowed, not changed until the wait */
    const lks_job_split *split;
    lks_dataset *dataset;
    lks_status st;
    char text[1000]; /* of its failure */
    double seconds;  /* it took */
} lks_opening;

/* Start; with no thread to be had it is opened at once. A split without files gives no
 * dataset. */
void lks_opening_start(lks_opening *opening, const lks_job *job,
                       const lks_job_split *split);

/* Wait for it. *out is the caller's, NULL if the split has no files. A failure is this
 * thread's standing one. Once for each start. */
lks_status lks_opening_wait(lks_opening *opening, lks_dataset **out);

/* Wait for it and drop what it gave, if nobody did yet. One that is all zero is fine. */
void lks_opening_cancel(lks_opening *opening);

#endif
