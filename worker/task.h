/* Which task of a launcher this process is: read from the variables that mpirun, srun and
 * others leave, before MPI is up. */
#ifndef LKS_WORKER_TASK_H
#define LKS_WORKER_TASK_H

#include <stdbool.h>

#include "base/status.h"

typedef struct lks_task {
    const char *launcher; /* what to call it; NULL: nobody started us as one of several */
    int rank;             /* 0 without a launcher */
    int size;             /* 0: the launcher does not tell */
    bool is_open_mpis;    /* the launcher is one that Open MPI knows for certain */
    bool is_unknown;      /* it is one that Open MPI cannot know */
} lks_task;

lks_task lks_task_find(void);

/* LKS_INVALID, saying what to use instead: the launcher started more tasks than the
 * `mpi_size` of which MPI knows, so that each would train alone. */
lks_status lks_task_check(const lks_task *task, int mpi_size);

#endif
