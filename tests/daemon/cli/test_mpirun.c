#include "support/suite.h"

#include <stdio.h>

#include "base/alloc.h"
#include "daemon/cli/mpirun.h"

/* The command line as one string; the caller's to free. */
static char *command_line(const lks_mpirun_plan *plan)
{
    lks_strings argv = {0};
    char *line = calloc(1, 4096);

    ck_ok(lks_mpirun_argv(plan, &argv));
    for (size_t i = 0; i < argv.n_items; i++) {
        strcat(line, argv.items[i]);
        strcat(line, i + 1 < argv.n_items ? " " : "");
    }
    ck_assert_ptr_null(argv.items[argv.n_items]);
    lks_strings_release(&argv);
    return line;
}

static const lks_strings none;

/* The least that can be started, with a person's own arguments. */
static lks_mpirun_plan plan_with(const lks_strings *extra)
{
    return (lks_mpirun_plan){.mpirun = "mpirun",
                             .worker = "w",
                             .job = "j",
                             .run_dir = "r",
                             .set = &none,
                             .extra = extra};
}

START_TEST(the_worker_gets_the_job_the_directory_and_the_settings)
{
    char *settings[] = {"seed=1", "train.steps=5"};
    lks_strings set = {.items = settings, .n_items = 2};
    lks_mpirun_plan plan = {.mpirun = "mpirun",
                            .worker = "/w",
                            .job = "j.yaml",
                            .run_dir = "runs/x",
                            .ranks = 2,
                            .set = &set,
                            .extra = &none};
    char *line = command_line(&plan);

    ck_assert(strncmp(line, "mpirun -n 2 --oversubscribe --bind-to none ", 43) == 0);
    ck_assert_ptr_nonnull(strstr(line, " /w --run-dir runs/x --claimed --set seed=1 "
                                       "--set train.steps=5 j.yaml"));
    ck_assert_ptr_nonnull(strstr(line, "oob_tcp_keepalive_time 1"));
    free(line);
}
END_TEST

START_TEST(an_errand_has_words_of_its_own_for_the_worker)
{
    char *words[] = {"--evaluate", "--split", "train", NULL};
    const lks_strings errand = {.items = words, .n_items = 3};
    lks_mpirun_plan plan = plan_with(&none);
    char *line;

    plan.errand = &errand;
    plan.devices = "cpu";
    line = command_line(&plan);
    ck_assert_ptr_nonnull(strstr(line, " w --evaluate --split train --devices cpu j"));
    ck_assert_ptr_null(strstr(line, "--run-dir"));
    free(line);
}
END_TEST

START_TEST(one_rank_of_several_devices_is_started_without_mpirun)
{
    static const char *const want[] = {"w",         "--run-dir",   "r", "--claimed",
                                       "--devices", "cpu:0,cpu:1", "j"};
    lks_mpirun_plan plan = plan_with(&none);
    lks_strings argv = {0};
    char *line;

    plan.devices = "cpu:0,cpu:1";
    line = command_line(&plan);
    ck_assert_ptr_nonnull(
        strstr(line, " w --run-dir r --claimed --devices cpu:0,cpu:1 j"));
    free(line);
    ck_ok(lks_mpirun_worker_argv(&plan, &argv));
    ck_assert_uint_eq(argv.n_items, sizeof want / sizeof *want);
    for (size_t i = 0; i < argv.n_items; i++)
        ck_assert_str_eq(argv.items[i], want[i]);
    lks_strings_release(&argv);
}
END_TEST

START_TEST(more_ranks_than_slots_are_allowed_on_this_host_only)
{
    lks_mpirun_plan plan = {.mpirun = "mpirun",
                            .worker = "w",
                            .job = "j",
                            .run_dir = "r",
                            .ranks = 2,
                            .set = &none,
                            .extra = &none};
    char *line = command_line(&plan);

    ck_assert_ptr_nonnull(strstr(line, " --oversubscribe "));
    free(line);
    plan.host = "a:4,b:4";
    line = command_line(&plan);
    ck_assert_ptr_null(strstr(line, "oversubscribe"));
    ck_assert_ptr_nonnull(strstr(line, " --host a:4,b:4 "));
    ck_assert_ptr_nonnull(strstr(line, " -x LOCKSTEP_TTY "));
    free(line);
}
END_TEST

START_TEST(a_persons_own_mpirun_arguments_come_through_and_win)
{
    char *own[] = {"--nooversubscribe", "--bind-to", "core"};
    lks_strings extra = {.items = own, .n_items = 3};
    const lks_mpirun_plan plan = plan_with(&extra);
    char *line = command_line(&plan);

    ck_assert_ptr_nonnull(strstr(line, " --nooversubscribe --bind-to core w --run-dir"));
    ck_assert_ptr_null(strstr(line, "none"));
    ck_assert_ptr_null(strstr(line, " --oversubscribe "));
    free(line);
}
END_TEST

START_TEST(a_host_file_tells_how_many_ranks)
{
    lks_mpirun_plan plan = {.mpirun = "mpirun",
                            .worker = "w",
                            .job = "j",
                            .run_dir = "r",
                            .hostfile = "h.txt",
                            .set = &none,
                            .extra = &none};
    char *line = command_line(&plan);

    ck_assert_ptr_null(strstr(line, " -n "));
    ck_assert_ptr_nonnull(strstr(line, "--hostfile h.txt"));
    free(line);
}
END_TEST

static bool has(const lks_strings *envp, const char *text)
{
    for (size_t i = 0; i < envp->n_items; i++)
        if (strcmp(envp->items[i], text) == 0)
            return true;
    return false;
}

START_TEST(an_enclosing_mpi_job_is_scrubbed_from_the_environment)
{
    char *in_a_rank[] = {"PATH=/bin",
                         "OMPI_COMM_WORLD_RANK=0",
                         "PMIX_RANK=0",
                         "OMPI_MCA_ess=pmi",
                         "PMI_SIZE=2",
                         "PRTE_X=1",
                         "LOCKSTEP_TTY=junk",
                         "HOME=/home/me",
                         NULL};
    lks_mpirun_setting setting = {.is_tty = true};
    lks_strings envp = {0};

    ck_ok(lks_mpirun_env(in_a_rank, &setting, &envp));
    ck_assert_uint_eq(envp.n_items, 4);
    ck_assert(has(&envp, "PATH=/bin") && has(&envp, "HOME=/home/me") &&
              has(&envp, "LOCKSTEP_TTY=1") && has(&envp, "LOCKSTEP_SIGNS=1"));
    lks_strings_release(&envp);
}
END_TEST

START_TEST(a_persons_own_keepalive_is_not_outweighed)
{
    const lks_mpirun_plan plan = plan_with(&none);
    lks_strings argv = {0};

    ck_ok(lks_mpirun_argv(&plan, &argv));
    ck_assert(has(&argv, "oob_tcp_keepalive_time"));
    lks_strings_release(&argv);
    setenv("OMPI_MCA_oob_tcp_keepalive_time", "30", 1);
    ck_ok(lks_mpirun_argv(&plan, &argv));
    unsetenv("OMPI_MCA_oob_tcp_keepalive_time");
    ck_assert(!has(&argv, "oob_tcp_keepalive_time"));
    ck_assert(has(&argv, "oob_tcp_keepalive_probes"));
    lks_strings_release(&argv);
}
END_TEST

/* mpirun refuses a parameter that it is told twice. */
START_TEST(what_a_person_sets_after_the_dashes_is_said_once)
{
    char *words[] = {"--mca", "state_base_verbose", "5", NULL};
    lks_strings extra = {.items = words, .n_items = 3};
    const lks_mpirun_plan plan = plan_with(&extra);
    lks_strings argv = {0};
    int n = 0;

    ck_ok(lks_mpirun_argv(&plan, &argv));
    for (size_t i = 0; i < argv.n_items; i++)
        n += strcmp(argv.items[i], "state_base_verbose") == 0;
    ck_assert_int_eq(n, 1);
    lks_strings_release(&argv);
}
END_TEST

START_TEST(a_persons_own_open_mpi_settings_stay)
{
    char *own[] = {"OMPI_MCA_btl=tcp,self", "OMPI_MCA_pml=ucx", "PMIX_MCA_gds=hash",
                   "PRTE_MCA_ras_base_verbose=1", NULL};
    lks_mpirun_setting setting = {.is_root = true, .is_local = true};
    lks_strings envp = {0};

    ck_ok(lks_mpirun_env(own, &setting, &envp));
    for (size_t i = 0; own[i]; i++)
        ck_assert(has(&envp, own[i]));
    ck_assert(has(&envp, "OMPI_MCA_pml=ucx") && !has(&envp, "OMPI_MCA_pml=ob1"));
    ck_assert(has(&envp, "OMPI_ALLOW_RUN_AS_ROOT=1"));
    ck_assert(has(&envp, "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1"));
    ck_assert(has(&envp, "LOCKSTEP_TTY=0"));
    lks_strings_release(&envp);
}
END_TEST

START_TEST(ranks_on_this_host_need_no_network)
{
    char *none_set[] = {NULL};
    char *own[] = {"OMPI_MCA_btl=tcp,self", "PMIX_MCA_gds=ds21", NULL};
    lks_mpirun_setting setting = {.is_local = true, .has_shared_memory = true};
    lks_strings envp = {0};

    ck_ok(lks_mpirun_env(none_set, &setting, &envp));
    ck_assert(has(&envp, "OMPI_MCA_pml=ob1") && has(&envp, "PMIX_MCA_gds=hash"));
    ck_assert(has(&envp, "OMPI_MCA_btl=^tcp,ofi,openib,uct,usnic"));
    lks_strings_release(&envp);
    ck_ok(lks_mpirun_env(own, &setting, &envp));
    ck_assert(has(&envp, own[0]) && has(&envp, own[1]));
    ck_assert(!has(&envp, "PMIX_MCA_gds=hash"));
    lks_strings_release(&envp);
    setting.has_shared_memory = false;
    ck_ok(lks_mpirun_env(none_set, &setting, &envp));
    ck_assert(has(&envp, "OMPI_MCA_btl_tcp_if_include=lo"));
    lks_strings_release(&envp);
    setting.is_local = false;
    ck_ok(lks_mpirun_env(none_set, &setting, &envp));
    ck_assert(!has(&envp, "OMPI_MCA_pml=ob1") && !has(&envp, "PMIX_MCA_gds=hash"));
    lks_strings_release(&envp);
}
END_TEST

START_TEST(a_run_has_folders_of_its_own)
{
    char *theirs[] = {"TMPDIR=/tmp", NULL};
    lks_mpirun_setting setting = {.session = "/tmp/lockstep-1-a",
                                  .memory = "lockstep-1-a"};
    lks_strings envp = {0};

    ck_ok(lks_mpirun_env(theirs, &setting, &envp));
    ck_assert(has(&envp, "TMPDIR=/tmp/lockstep-1-a") && !has(&envp, "TMPDIR=/tmp"));
    ck_assert(has(&envp, "LOCKSTEP_MEMORY=lockstep-1-a"));
    lks_strings_release(&envp);
}
END_TEST

START_TEST(arguments_that_keep_the_output_from_us_are_known)
{
    static const struct {
        const char *arguments[3];
        bool hides;
    } cases[] = {
        {{"--mca", "btl", "^openib"}, false},
        {{"--tag-output"}, false},
        {{"--output-filename", "out:nocopy"}, true},
        {{"--oversubscribe", "-xml"}, true},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lks_strings extra = {0};

        for (size_t j = 0; j < 3 && cases[i].arguments[j]; j++)
            ck_ok(lks_strings_add(&extra, cases[i].arguments[j]));
        ck_assert_int_eq(lks_mpirun_hides_output(&extra), cases[i].hides);
        lks_strings_release(&extra);
    }
}
END_TEST

START_TEST(no_failed_allocation_leaks_or_crashes)
{
    lks_mpirun_plan plan = {.mpirun = "mpirun",
                            .worker = "w",
                            .job = "j",
                            .run_dir = "r",
                            .ranks = 8,
                            .host = "h",
                            .set = &none,
                            .extra = &none};
    lks_strings argv = {0};
    lks_status st;

    for (long n = 0;; n++) {
        lks_alloc_fail_after(n);
        st = lks_mpirun_argv(&plan, &argv);
        if (!lks_alloc_has_failed())
            break;
        ck_assert_int_eq(st, LKS_NOMEM);
        lks_strings_release(&argv);
        lks_error_clear();
    }
    lks_alloc_fail_after(-1);
    ck_ok(st);
    lks_strings_release(&argv);
}
END_TEST

LKS_SUITE("mpirun", an_errand_has_words_of_its_own_for_the_worker,
          the_worker_gets_the_job_the_directory_and_the_settings,
          one_rank_of_several_devices_is_started_without_mpirun,
          more_ranks_than_slots_are_allowed_on_this_host_only,
          a_persons_own_mpirun_arguments_come_through_and_win,
          a_host_file_tells_how_many_ranks,
          an_enclosing_mpi_job_is_scrubbed_from_the_environment,
          a_persons_own_keepalive_is_not_outweighed,
          what_a_person_sets_after_the_dashes_is_said_once,
          a_persons_own_open_mpi_settings_stay, ranks_on_this_host_need_no_network,
          a_run_has_folders_of_its_own, arguments_that_keep_the_output_from_us_are_known,
          no_failed_allocation_leaks_or_crashes)
