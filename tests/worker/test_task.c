/* Whose task a process is, from the variables that launchers leave. */
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "worker/task.h"

static const char *const known[] = {
    "OMPI_COMM_WORLD_RANK",
    "OMPI_COMM_WORLD_SIZE",
    "MV2_COMM_WORLD_RANK",
    "MV2_COMM_WORLD_SIZE",
    "PMI_RANK",
    "PMI_SIZE",
    "I_MPI_MPIRUN",
    "PALS_RANKID",
    "PALS_SIZE",
    "FLUX_TASK_RANK",
    "FLUX_JOB_SIZE",
    "JSM_NAMESPACE_RANK",
    "JSM_NAMESPACE_SIZE",
    "SLURM_STEP_ID",
    "SLURM_STEP_NUM_TASKS",
    "SLURM_PROCID",
    "SLURM_NTASKS",
    "PMIX_RANK",
};

/* The task that `variables` ("NAME=value NAME=value") make of this process. */
static lks_task find_with(const char *variables)
{
    static char copy[512];
    char *rest = copy, *one;

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        unsetenv(known[i]);
    snprintf(copy, sizeof copy, "%s", variables);
    while ((one = strtok_r(rest, " ", &rest)))
        putenv(one);
    return lks_task_find();
}

START_TEST(each_launchers_variables_tell_the_task)
{
    static const struct {
        const char *variables, *launcher;
        int rank, size;
    } cases[] = {
        {"", NULL, 0, 0},
        {"OMPI_COMM_WORLD_RANK=3 OMPI_COMM_WORLD_SIZE=4 PMIX_RANK=3", "Open MPI's mpirun",
         3, 4},
        {"OMPI_COMM_WORLD_RANK=0 OMPI_COMM_WORLD_SIZE=1", "Open MPI's mpirun", 0, 1},
        {"MV2_COMM_WORLD_RANK=1 MV2_COMM_WORLD_SIZE=2 PMI_RANK=1 PMI_SIZE=2",
         "MVAPICH's mpirun", 1, 2},
        {"PMI_RANK=1 PMI_SIZE=2", "MPICH's mpiexec", 1, 2},
        {"PMI_RANK=1 PMI_SIZE=2 I_MPI_MPIRUN=mpiexec.hydra", "Intel MPI's mpiexec", 1, 2},
        {"PMI_RANK=1 PMI_SIZE=2 SLURM_PROCID=1 SLURM_STEP_ID=0 SLURM_STEP_NUM_TASKS=2",
         "srun", 1, 2},
        {"SLURM_PROCID=1 SLURM_STEP_ID=0 SLURM_STEP_NUM_TASKS=2", "srun", 1, 2},
        {"SLURM_PROCID=1 SLURM_STEP_ID=0 SLURM_STEP_NUM_TASKS=2 PMIX_RANK=1",
         "srun --mpi=pmix", 1, 2},
        {"PMIX_RANK=5", "a PMIx launcher", 5, 0},
        {"PALS_RANKID=2 PALS_SIZE=8", "PALS", 2, 8},
        {"PALS_RANKID=2 PMI_RANK=2 PMI_SIZE=8", "PALS", 2, 8},
        {"PALS_RANKID=2", "PALS", 2, 0},
        {"FLUX_TASK_RANK=0 FLUX_JOB_SIZE=3", "flux run", 0, 3},
        {"JSM_NAMESPACE_RANK=1 JSM_NAMESPACE_SIZE=6", "jsrun", 1, 6},
        {"PMI_RANK=1", "MPICH's mpiexec", 1, 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const lks_task task = find_with(cases[i].variables);

        ck_assert_msg(task.rank == cases[i].rank && task.size == cases[i].size,
                      "%s: task %d of %d", cases[i].variables, task.rank, task.size);
        ck_assert_pstr_eq(task.launcher, cases[i].launcher);
    }
}
END_TEST

START_TEST(a_batch_script_and_a_step_of_one_task_are_nobodys_task)
{
    static const char *const alone[] = {
        "SLURM_PROCID=0 SLURM_NTASKS=8",
        "SLURM_PROCID=0 SLURM_NTASKS=8 SLURM_STEP_ID=0 SLURM_STEP_NUM_TASKS=1",
        "SLURM_NTASKS=8", "PMI_RANK=x PMI_SIZE=2", "PMI_SIZE=2"};

    for (size_t i = 0; i < sizeof alone / sizeof *alone; i++)
        ck_assert_msg(!find_with(alone[i]).launcher, "%s", alone[i]);
}
END_TEST

START_TEST(more_tasks_than_mpi_knows_of_are_refused_and_told_what_to_use)
{
    lks_task task = find_with("PMI_RANK=1 PMI_SIZE=2");

    ck_fails(lks_task_check(&task, 1), LKS_INVALID,
             "started as task 1 of 2 by MPICH's mpiexec, but MPI knows of 1: ");
    ck_fails(lks_task_check(&task, 1), LKS_INVALID, "use `lockstep run`");
    ck_ok(lks_task_check(&task, 2));
    task = find_with("SLURM_PROCID=0 SLURM_STEP_NUM_TASKS=16 PMIX_RANK=0");
    ck_fails(lks_task_check(&task, 8), LKS_INVALID, "task 0 of 16");
    ck_ok(lks_task_check(&task, 32)); /* Slurm counts one part of a step of several */
    task = find_with("PALS_RANKID=3");
    ck_fails(lks_task_check(&task, 1), LKS_INVALID, "task 3 by PALS");
    ck_ok(lks_task_check(&task, 4));
    task = find_with("");
    ck_ok(lks_task_check(&task, 1));
}
END_TEST

LKS_SUITE("task", each_launchers_variables_tell_the_task,
          a_batch_script_and_a_step_of_one_task_are_nobodys_task,
          more_tasks_than_mpi_knows_of_are_refused_and_told_what_to_use)
