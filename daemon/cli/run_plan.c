#define _GNU_SOURCE /* environ, O_PATH */
#include "daemon/cli/run_plan.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cores.h"
#include "base/log.h"
#include "base/terminal.h"
#include "base/try.h"
#include "daemon/cli/ask_worker.h"
#include "daemon/cli/mpirun.h"
#include "daemon/cli/programs.h"
#include "daemon/cli/runs.h"
#include "daemon/uv/unix_listen.h"
#include "proto/job_yaml.h"

/* Of shared memory, for each rank: Open MPI's segment has 4 MiB and a little. */
static const double rank_memory_bytes = 5 << 20;

/* ---- ranks ---- */

static uint64_t min3(uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t least = a < b ? a : b;

    return least < c ? least : c;
}

/* Only jobs that leave the number of ranks open and may train on GPUs ask for it. */
static uint32_t count_gpus(const lks_job *job)
{
    const bool may =
        strcmp(job->train.device, "auto") == 0 || strcmp(job->train.device, "cuda") == 0;

    return may ? lks_ask_n_gpus() : 0;
}

static uint32_t carried_by_cores(const lks_job *job)
{
    const uint32_t threads =
        job->train.threads_per_rank ? job->train.threads_per_rank : 1;
    const uint32_t hardware_threads = lks_cores_usable();

    if (strcmp(job->train.device, "cuda") ==
        0) /* and there is none: a rank will say so */
        return 1;
    return hardware_threads > threads ? hardware_threads / threads : 1;
}

/* As many ranks as the hardware carries, but none without a sample in each step. */
static uint32_t default_ranks(const lks_job *job, uint32_t n_gpus)
{
    const uint32_t carried = n_gpus ? n_gpus : carried_by_cores(job);
    const uint32_t lanes = job->train.lanes ? job->train.lanes : carried;

    return (uint32_t)min3(carried, lanes, job->train.batch_size);
}

static bool names_devices(const lks_args *args, const lks_job *job)
{
    return args->devices || job->train.replicas != 1;
}

uint32_t lks_run_plan_ranks(const lks_args *args, const lks_job *job)
{
    if (args->ranks)
        return args->ranks;
    return names_devices(args, job) ? 1 : default_ranks(job, count_gpus(job));
}

/* Lanes are by default as many as the ranks, and each needs a sample. */
static lks_status check_ranks(const lks_run_plan *plan)
{
    const lks_job *job = &plan->job;

    if (job->train.lanes == LKS_JOB_AUTO && plan->ranks > job->train.batch_size)
        return lks_fail(
            LKS_INVALID,
            "--ranks %u: train.batch_size is %llu, and with train.lanes: auto "
            "every rank needs at least one sample of it",
            plan->ranks, (unsigned long long)job->train.batch_size);
    return LKS_OK;
}

/* What several ranks are for on one host, replicas do as well. A person's arguments for
 * mpirun want one. */
static lks_status choose_ranks(lks_run_plan *plan)
{
    const lks_args *args = plan->args;
    const bool is_open =
        args->ranks == 0 && !plan->errand && !names_devices(args, &plan->job);
    uint32_t n_gpus;

    plan->is_local = !args->host && !args->hostfile;
    n_gpus = plan->is_local && is_open ? count_gpus(&plan->job) : 0;
    plan->ranks = args->ranks;
    if (plan->ranks == 0 && plan->is_local)
        plan->ranks = is_open ? default_ranks(&plan->job, n_gpus) : 1;
    plan->is_alone = plan->is_local && plan->ranks == 1 && args->rest.n_items == 0 &&
                     (n_gpus > 0 || plan->errand || names_devices(args, &plan->job));
    return plan->errand ? LKS_OK : check_ranks(plan);
}

/* ---- places ---- */

const char *lks_temp_folder(void)
{
    static const char *const variables[] = {"TMPDIR", "TEMP", "TMP"};

    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        const char *folder = getenv(variables[i]);

        if (folder && *folder)
            return folder;
    }
    return "/tmp";
}

/* A run that nobody watches any more. Its ranks may still be on their way out, and serve
 * its socket; the name of that is short, whatever the directory's is. */
static void tidy_run(const char *run_dir)
{
    const int fd = open(run_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    char socket[64];

    if (fd < 0)
        return;
    snprintf(socket, sizeof socket, "/proc/self/fd/%d/" LKS_RUN_SOCKET, fd);
    lks_unix_remove_dead(socket);
    lks_run_dir_remove_abandoned(run_dir);
    close(fd);
}

static void name_run(const lks_run_plan *plan)
{
    char *run_dir = realpath(plan->dir.path, NULL);

    if (run_dir)
        lks_private_folder_name_run(&plan->session, run_dir);
    free(run_dir);
}

/* What a power cut, or kill -9 of all there was, has left goes first. */
static lks_status make_folders(lks_run_plan *plan)
{
    const char *temp = lks_temp_folder();
    char name[LKS_PRIVATE_NAME_BYTES];

    lks_private_folders_sweep(temp, tidy_run);
    lks_private_folders_sweep(LKS_MEMORY_BASE, NULL);
    LKS_TRY(lks_private_name(name));
    LKS_TRY(lks_private_folder_open(temp, name, &plan->session));
    name_run(plan);
    if (lks_private_folder_open(LKS_MEMORY_BASE, name, &plan->memory) != LKS_OK)
        lks_error_clear(); /* no shared memory here: MPI knows other ways */
    return LKS_OK;
}

static bool has_shared_memory(const lks_run_plan *plan)
{
    struct statvfs space;

    return plan->memory.path && statvfs(plan->memory.path, &space) == 0 &&
           (double)space.f_bavail * (double)space.f_frsize >
               rank_memory_bytes * plan->ranks;
}

static lks_status claim_directory(lks_run_plan *plan)
{
    LKS_TRY(lks_runs_create(plan->job.name, plan->args->run_dir, &plan->dir));
    if (plan->dir.is_open_to_all)
        lks_warn(LKS_RUN_DIR_IS_OPEN, plan->dir.path);
    return LKS_OK;
}

/* What an errand leaves is for nobody. */
static lks_status claim_private_directory(lks_run_plan *plan)
{
    char *path = lks_asprintf("%s/run", plan->session.path);
    const lks_status st =
        path ? lks_run_dir_claim(path, plan->job.name, &plan->dir) : LKS_NOMEM;

    lks_free(path);
    return st;
}

static lks_status make_places(lks_run_plan *plan)
{
    if (!plan->errand)
        LKS_TRY(claim_directory(plan));
    LKS_TRY(make_folders(plan));
    return plan->errand ? claim_private_directory(plan) : LKS_OK;
}

/* ---- the command ---- */

/* This program as mpirun's guard, mpirun, the worker; or the guard and the worker. */
static lks_status add_command(lks_run_plan *plan, const char *self,
                              const lks_mpirun_plan *mpirun)
{
    LKS_TRY(lks_strings_add(&plan->argv, self));
    LKS_TRY(lks_strings_add(&plan->argv, "guard"));
    LKS_TRY(lks_strings_addf(&plan->argv, "%d", (int)getpid()));
    LKS_TRY(lks_strings_add(&plan->argv, plan->dir.path));
    LKS_TRY(lks_strings_add(&plan->argv, plan->session.path));
    if (plan->memory.path)
        LKS_TRY(lks_strings_add(&plan->argv, plan->memory.path));
    LKS_TRY(lks_strings_add(&plan->argv, "--"));
    return plan->is_alone ? lks_mpirun_worker_argv(mpirun, &plan->argv)
                          : lks_mpirun_argv(mpirun, &plan->argv);
}

/* A person's own LD_PRELOAD is for the ranks: then mpirun is left alone. */
static lks_status find_loopback(const lks_run_plan *plan, char **out)
{
    const char *own = getenv("LD_PRELOAD");

    if (!plan->is_local || plan->is_alone || (own && *own))
        return LKS_OK;
    return lks_programs_loopback(out);
}

static lks_status make_command(lks_run_plan *plan)
{
    char *self = NULL, *mpirun = NULL, *worker = NULL, *loopback = NULL;
    const lks_errand *errand = plan->errand;
    lks_mpirun_plan what = {.job = errand ? errand->run_dir
                                          : plan->args->positional.items[0],
                            .run_dir = plan->dir.path,
                            .errand = errand ? &errand->words : NULL,
                            .ranks = plan->ranks,
                            .host = plan->args->host,
                            .hostfile = plan->args->hostfile,
                            .devices = plan->args->devices,
                            .set = &plan->args->set,
                            .extra = &plan->args->rest};
    lks_mpirun_setting setting = {.is_root = geteuid() == 0,
                                  .is_tty = plan->redraws,
                                  .is_local = plan->is_local,
                                  .has_shared_memory = has_shared_memory(plan),
                                  .session = plan->session.path};
    lks_status st;

    if (plan->memory.path)
        setting.memory = strrchr(plan->memory.path, '/') + 1;
    LKS_GO(lks_programs_self(&self));
    if (!plan->is_alone)
        LKS_GO(lks_programs_mpirun(&mpirun));
    LKS_GO(lks_programs_worker(&worker));
    LKS_GO(find_loopback(plan, &loopback));
    what.mpirun = mpirun;
    what.worker = worker;
    what.is_preloaded = loopback != NULL;
    setting.loopback = loopback;
    LKS_GO(add_command(plan, self, &what));
    LKS_GO(lks_mpirun_env(environ, &setting, &plan->envp));
cleanup:
    lks_free(self);
    lks_free(mpirun);
    lks_free(worker);
    lks_free(loopback);
    return st;
}

/* ---- all of it ---- */

lks_status lks_run_plan_make(const lks_args *args, lks_run_plan *out)
{
    const char *job = out->errand ? out->errand->job_path : args->positional.items[0];

    out->args = args;
    out->redraws = !out->errand && lks_terminal_redraws(STDOUT_FILENO);
    LKS_TRY(lks_job_read(job, (const char *const *)args->set.items, args->set.n_items,
                         &out->job));
    out->has_job = true;
    LKS_TRY(choose_ranks(out));
    LKS_TRY(make_places(out));
    return make_command(out);
}

static void remove_folder(lks_private_folder *folder)
{
    if (folder->path)
        lks_private_folder_remove(folder->path);
    lks_private_folder_close(folder);
}

void lks_run_plan_release(lks_run_plan *plan)
{
    remove_folder(&plan->session);
    remove_folder(&plan->memory);
    lks_strings_release(&plan->argv);
    lks_strings_release(&plan->envp);
    if (plan->has_job)
        lks_job_release(&plan->job);
}
