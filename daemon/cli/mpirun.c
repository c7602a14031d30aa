#include "daemon/cli/mpirun.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/try.h"
#include "proto/private_folder.h"
#include "proto/sign.h"

static bool has_prefix(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool contains(const lks_strings *list, const char *text)
{
    for (size_t i = 0; i < list->n_items; i++)
        if (strcmp(list->items[i], text) == 0)
            return true;
    return false;
}

/* Where the ranks run, and on which cores. A rank has threads of its own, so it must not
 * be bound to one core as is mpirun's way with two ranks. */
static lks_status add_placement(const lks_mpirun_plan *plan, lks_strings *out)
{
    if (plan->ranks > 0) {
        LKS_TRY(lks_strings_add(out, "-n"));
        LKS_TRY(lks_strings_addf(out, "%u", plan->ranks));
    }
    if (plan->host) {
        LKS_TRY(lks_strings_add(out, "--host"));
        LKS_TRY(lks_strings_add(out, plan->host));
    }
    if (plan->hostfile) {
        LKS_TRY(lks_strings_add(out, "--hostfile"));
        LKS_TRY(lks_strings_add(out, plan->hostfile));
    }
    /* Its slots here are cores, whatever threads they have. Permission alone changes
     * nothing where the slots suffice. */
    if (!plan->host && !plan->hostfile && !contains(plan->extra, "--nooversubscribe"))
        LKS_TRY(lks_strings_add(out, "--oversubscribe"));
    if (!contains(plan->extra, "--bind-to")) {
        LKS_TRY(lks_strings_add(out, "--bind-to"));
        LKS_TRY(lks_strings_add(out, "none"));
    }
    return LKS_OK;
}

/* On the command line, which reaches mpirun's daemons; it would outweigh what a person
 * has set in the environment, and mpirun refuses to be told twice. */
static lks_status add_settings(const lks_strings *extra, lks_strings *out)
{
    static const char *const settings[][2] = {
        /* A cut link to another host is noticed in seconds; the default takes minutes and
         * leaves orphans there. */
        {"oob_tcp_keepalive_time", "1"},
        {"oob_tcp_keepalive_intvl", "1"},
        {"oob_tcp_keepalive_probes", "2"},
        /* It tells which rank has died at once, not only when all have ended. */
        {"state_base_verbose", "1"},
    };

    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        char variable[64];

        snprintf(variable, sizeof variable, "OMPI_MCA_%s", settings[i][0]);
        if (getenv(variable) || contains(extra, settings[i][0]))
            continue;
        LKS_TRY(lks_strings_add(out, "--mca"));
        LKS_TRY(lks_strings_add(out, settings[i][0]));
        LKS_TRY(lks_strings_add(out, settings[i][1]));
    }
    return LKS_OK;
}

bool lks_mpirun_hides_output(const lks_strings *extra)
{
    for (size_t i = 0; i < extra->n_items; i++)
        if (strstr(extra->items[i], "nocopy") || strstr(extra->items[i], "-xml"))
            return true;
    return false;
}

lks_status lks_mpirun_worker_argv(const lks_mpirun_plan *plan, lks_strings *out)
{
    LKS_TRY(lks_strings_add(out, plan->worker));
    if (plan->errand) {
        LKS_TRY(lks_strings_add_all(out, (const char *const *)plan->errand->items));
    } else {
        LKS_TRY(lks_strings_add(out, "--run-dir"));
        LKS_TRY(lks_strings_add(out, plan->run_dir));
        LKS_TRY(lks_strings_add(out, "--claimed"));
    }
    if (plan->devices) {
        LKS_TRY(lks_strings_add(out, "--devices"));
        LKS_TRY(lks_strings_add(out, plan->devices));
    }
    for (size_t i = 0; i < plan->set->n_items; i++) {
        LKS_TRY(lks_strings_add(out, "--set"));
        LKS_TRY(lks_strings_add(out, plan->set->items[i]));
    }
    return lks_strings_add(out, plan->job);
}

lks_status lks_mpirun_argv(const lks_mpirun_plan *plan, lks_strings *out)
{
    static const char *const unloaded[] = {"-x", "LD_PRELOAD=", NULL};
    static const char *const exported[] = {
        "-x", "LOCKSTEP_TTY", "-x", LKS_SIGN_VARIABLE, "-x", LKS_MEMORY_VARIABLE, NULL};

    LKS_TRY(lks_strings_add(out, plan->mpirun));
    LKS_TRY(add_placement(plan, out));
    LKS_TRY(add_settings(plan->extra, out));
    if (plan->is_preloaded)
        LKS_TRY(lks_strings_add_all(out, unloaded));
    if (plan->host || plan->hostfile) /* elsewhere the environment does not follow */
        LKS_TRY(lks_strings_add_all(out, exported));
    for (size_t i = 0; i < plan->extra->n_items; i++)
        LKS_TRY(lks_strings_add(out, plan->extra->items[i]));
    return lks_mpirun_worker_argv(plan, out);
}

static bool is_set(char *const *envp, const char *name_and_equals)
{
    for (; *envp; envp++)
        if (has_prefix(*envp, name_and_equals))
            return true;
    return false;
}

/* Of an enclosing MPI job; settings of MCA parameters are a person's own, unless we are a
 * rank and mpirun made them. */
static bool is_of_a_job(const char *variable, bool in_a_rank)
{
    static const char *const own[] = {"OMPI_MCA_", "PMIX_MCA_", "PRTE_MCA_"};
    static const char *const prefixes[] = {"OMPI_",
                                           "PMIX_",
                                           "PMI_",
                                           "PRTE_",
                                           "LOCKSTEP_TTY=",
                                           LKS_SIGN_VARIABLE "=",
                                           LKS_ASKED_VARIABLE "=",
                                           LKS_LOOPBACK_VARIABLE "=",
                                           LKS_MEMORY_VARIABLE "="};

    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (has_prefix(variable, own[i]))
            return in_a_rank;
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (has_prefix(variable, prefixes[i]))
            return true;
    return false;
}

/* NAME=VALUE, unless the person has set NAME. */
static lks_status add_default(const char *name, const char *value, lks_strings *out)
{
    char start[128];

    snprintf(start, sizeof start, "%s=", name);
    for (size_t i = 0; i < out->n_items; i++)
        if (has_prefix(out->items[i], start))
            return LKS_OK;
    return lks_strings_addf(out, "%s=%s", name, value);
}

/* Ranks of one host meet in shared memory, so none of them listens on a network: what
 * would is left out, by name, since each version of Open MPI has another name for the
 * rest. */
static lks_status add_local(const lks_mpirun_setting *setting, lks_strings *out)
{
    /* What serves shared memory anyway. Left to look for networks first, MPI_Init takes
     * 0.2 s longer. */
    LKS_TRY(add_default("OMPI_MCA_pml", "ob1", out));
    /* Who is where goes by messages, not through files: a few kilobytes that a temporary
     * folder of a megabyte has no room for. */
    LKS_TRY(add_default("PMIX_MCA_gds", "hash", out));
    if (setting->has_shared_memory)
        return add_default("OMPI_MCA_btl", "^tcp,ofi,openib,uct,usnic", out);
    return add_default("OMPI_MCA_btl_tcp_if_include", "lo", out);
}

lks_status lks_mpirun_env(char *const *envp, const lks_mpirun_setting *setting,
                          lks_strings *out)
{
    static const char *const as_root[] = {"OMPI_ALLOW_RUN_AS_ROOT=1",
                                          "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1", NULL};
    const bool in_a_rank = is_set(envp, "OMPI_COMM_WORLD_RANK=");

    for (; *envp; envp++)
        if (!is_of_a_job(*envp, in_a_rank) &&
            !(setting->session && has_prefix(*envp, "TMPDIR=")))
            LKS_TRY(lks_strings_add(out, *envp));
    if (setting->is_root)
        LKS_TRY(lks_strings_add_all(out, as_root));
    if (setting->session) { /* mpirun's own; on other hosts its daemons have theirs */
        LKS_TRY(lks_strings_addf(out, "TMPDIR=%s", setting->session));
        LKS_TRY(lks_strings_addf(out, LKS_ASKED_VARIABLE "=%s/asked", setting->session));
    }
    if (setting->loopback)
        LKS_TRY(lks_strings_addf(out, LKS_LOOPBACK_VARIABLE "=%s", setting->loopback));
    if (setting->memory)
        LKS_TRY(lks_strings_addf(out, LKS_MEMORY_VARIABLE "=%s", setting->memory));
    if (setting->is_local)
        LKS_TRY(add_local(setting, out));
    LKS_TRY(lks_strings_add(out, LKS_SIGN_VARIABLE "=1"));
    return lks_strings_addf(out, "LOCKSTEP_TTY=%d", setting->is_tty);
}
