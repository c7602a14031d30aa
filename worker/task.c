#include "worker/task.h"

#include <limits.h>
#include <stddef.h>
#include <stdlib.h>

enum launcher_kind {
    SPEAKS_PMI, /* whether Open MPI understands it depends on how it was built */
    IS_OPEN_MPIS,
    IS_UNKNOWN,
};

/* First match first: a launcher that was started by another one's task stands before it.
 * A batch script is no task, so Slurm counts with the size of a step only. */
static const struct launcher {
    const char *name, *rank, *size; /* size NULL: it does not tell */
    const char *also;               /* set as well, or NULL */
    enum launcher_kind kind;
} launchers[] = {
    {"Open MPI's mpirun", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", NULL,
     IS_OPEN_MPIS},
    {"MVAPICH's mpirun", "MV2_COMM_WORLD_RANK", "MV2_COMM_WORLD_SIZE", NULL, SPEAKS_PMI},
    {"Intel MPI's mpiexec", "PMI_RANK", "PMI_SIZE", "I_MPI_MPIRUN", SPEAKS_PMI},
    {"PALS", "PALS_RANKID", "PALS_SIZE", NULL, SPEAKS_PMI},
    {"PALS", "PALS_RANKID", "PMI_SIZE", NULL, SPEAKS_PMI},
    {"flux run", "FLUX_TASK_RANK", "FLUX_JOB_SIZE", NULL, SPEAKS_PMI},
    {"jsrun", "JSM_NAMESPACE_RANK", "JSM_NAMESPACE_SIZE", NULL, SPEAKS_PMI},
    {"srun", "PMI_RANK", "PMI_SIZE", "SLURM_STEP_ID", SPEAKS_PMI},
    {"MPICH's mpiexec", "PMI_RANK", "PMI_SIZE", NULL, SPEAKS_PMI},
    {"srun --mpi=pmix", "PMIX_RANK", "SLURM_STEP_NUM_TASKS", NULL, IS_OPEN_MPIS},
    {"a PMIx launcher", "PMIX_RANK", NULL, NULL, IS_OPEN_MPIS},
    {"srun", "SLURM_PROCID", "SLURM_STEP_NUM_TASKS", NULL, IS_UNKNOWN},
    {"PALS", "PALS_RANKID", NULL, NULL, SPEAKS_PMI},
    {"MPICH's mpiexec", "PMI_RANK", NULL, NULL, SPEAKS_PMI},
};

/* A whole number from 0, or -1. */
static int number_of(const char *variable)
{
    const char *text = getenv(variable);
    char *end = NULL;
    long number = text ? strtol(text, &end, 10) : -1;

    return end != text && number >= 0 && number <= INT_MAX ? (int)number : -1;
}

static bool matches(const struct launcher *l)
{
    return number_of(l->rank) >= 0 && (!l->size || number_of(l->size) > 0) &&
           (!l->also || getenv(l->also));
}

lks_task lks_task_find(void)
{
    for (size_t i = 0; i < sizeof launchers / sizeof *launchers; i++) {
        const struct launcher *l = &launchers[i];
        const int size = l->size ? number_of(l->size) : 0;

        if (matches(l) && !(size == 1 && l->kind == IS_UNKNOWN))
            return (lks_task){.launcher = l->name,
                              .rank = number_of(l->rank),
                              .size = size,
                              .is_open_mpis = l->kind == IS_OPEN_MPIS,
                              .is_unknown = l->kind == IS_UNKNOWN};
    }
    return (lks_task){.launcher = NULL};
}

lks_status lks_task_check(const lks_task *task, int mpi_size)
{
    static const char advice[] =
        "use `lockstep run`, Open MPI's mpirun or srun --mpi=pmix";

    if (!task->launcher || (task->size <= mpi_size && task->rank < mpi_size))
        return LKS_OK;
    if (task->size == 0)
        return lks_fail(LKS_INVALID,
                        "started as task %d by %s, but MPI knows of %d: this Open MPI "
                        "does not understand that launcher; %s",
                        task->rank, task->launcher, mpi_size, advice);
    return lks_fail(LKS_INVALID,
                    "started as task %d of %d by %s, but MPI knows of %d: this Open MPI "
                    "does not understand that launcher; %s",
                    task->rank, task->size, task->launcher, mpi_size, advice);
}
