#include "support/models.h"
#include "support/suite.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/log.h"
#include "nn/model.h"
#include "support/temp_dir.h"
#include "worker/saver.h"

enum { NOBODY = 65534 };

static const lks_layer_spec layers[] = {
    LAYER("linear", {"out_features", 1, {2000}}),
    LAYER("linear", {"out_features", 1, {5000}}),
};

/* 11 million parameters: saving takes a moment. */
static lks_model *make(void)
{
    lks_model *model;

    ck_ok(lks_model_create(layers, N_LAYERS(layers), LKS_SHAPE_OF(400), 1, lks_cpu,
                           &model));
    return model;
}

static bool are_same_files(const char *a, const char *b)
{
    const size_t size = (size_t)64 << 20;
    char *of_a = malloc(size), *of_b = malloc(size);
    const size_t n = file_get(a, of_a, size);
    bool same = n > 0 && file_get(b, of_b, size) == n && memcmp(of_a, of_b, n) == 0;

    free(of_a);
    free(of_b);
    return same;
}

/* What the saver wrote is what lks_model_save does, and nothing else is there. */
static void check_saved(const lks_model *model)
{
    ck_assert_int_eq(temp_dir_count(), 1);
    ck_ok(lks_model_save(model, temp_path("here")));
    ck_assert(are_same_files(temp_path("model.safetensors"), temp_path("here")));
    unlink(temp_path("here"));
    unlink(temp_path("model.safetensors"));
}

/* The process that writes into temp_dir, from its file's name, waited for; 0: none. */
static pid_t find_saver(void)
{
    for (int i = 0; i < 100000; i++) {
        DIR *folder = opendir(temp_dir);
        const struct dirent *entry;
        long pid = 0;

        while (folder && (entry = readdir(folder)))
            sscanf(entry->d_name, "model.safetensors.tmp-%ld-", &pid);
        if (folder)
            closedir(folder);
        if (pid)
            return (pid_t)pid;
        usleep(50);
    }
    return 0;
}

/* Whether all that it has open is what it writes, or /dev/null. */
static bool holds_nothing_of_ours(pid_t saver)
{
    char path[96], to[512];
    DIR *folder;
    const struct dirent *entry;
    bool nothing = true;

    snprintf(path, sizeof path, "/proc/%d/fd", (int)saver);
    folder = opendir(path);
    while (folder && (entry = readdir(folder))) {
        ssize_t n;

        snprintf(path, sizeof path, "/proc/%d/fd/%.16s", (int)saver, entry->d_name);
        n = readlink(path, to, sizeof to - 1);
        if (entry->d_name[0] == '.' || n < 0)
            continue;
        to[n] = '\0';
        if (strcmp(to, "/dev/null") != 0 && strncmp(to, temp_dir, strlen(temp_dir)) != 0)
            nothing = false;
    }
    if (folder)
        closedir(folder);
    return folder && nothing;
}

/* Another process does something to the saver while it writes; its exit status says
 * whether it found what it expected. */
static pid_t meanwhile(bool (*act)(pid_t saver))
{
    const pid_t pid = fork();

    if (pid == 0) {
        const pid_t saver = find_saver();

        _exit(saver > 0 && act(saver) ? 0 : 1);
    }
    return pid;
}

static void check_well(pid_t pid)
{
    int status;

    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "not as expected");
}

static bool is_apart(pid_t saver)
{
    return getsid(saver) == saver && getppid() != saver && holds_nothing_of_ours(saver);
}

START_TEST(a_process_apart_writes_what_the_model_holds)
{
    lks_model *model = make();
    int ours[2];
    pid_t other;

    temp_dir_make();
    ck_assert_int_eq(pipe(ours), 0);
    other = meanwhile(is_apart);
    ck_ok(lks_save_weights(model, temp_dir));
    check_well(other);
    check_saved(model);
    temp_dir_remove();
    lks_model_destroy(model);
}
END_TEST

static char said[512];

static void note(void *context, lks_log_level level, const char *line)
{
    (void)context;
    (void)level;
    snprintf(said, sizeof said, "%s", line);
}

static bool is_killed(pid_t saver)
{
    return kill(saver, SIGKILL) == 0;
}

START_TEST(a_killed_saver_is_done_without)
{
    lks_model *model = make();
    pid_t other;

    temp_dir_make();
    lks_log_set_sink(note, NULL);
    other = meanwhile(is_killed);
    ck_ok(lks_save_weights(model, temp_dir));
    check_well(other);
    ck_assert_str_eq(said, "the process that saved the weights has died (Killed): saving "
                           "them without it");
    check_saved(model);
    temp_dir_remove();
    lks_model_destroy(model);
}
END_TEST

static bool is_stopped_and_asked_to_end(pid_t saver)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGPIPE, SIGQUIT, SIGSTOP};

    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        if (kill(saver, signals[i]) != 0)
            return false;
    return true;
}

START_TEST(a_saver_that_is_stopped_or_asked_to_end_goes_on)
{
    lks_model *model = make();
    pid_t other;

    temp_dir_make();
    lks_log_set_sink(note, NULL);
    other = meanwhile(is_stopped_and_asked_to_end);
    ck_ok(lks_save_weights(model, temp_dir));
    check_well(other);
    ck_assert_str_eq(said, "");
    check_saved(model);
    temp_dir_remove();
    lks_model_destroy(model);
}
END_TEST

static void limit_to(int resource, rlim_t n)
{
    struct rlimit limit;

    ck_assert_int_eq(getrlimit(resource, &limit), 0);
    limit.rlim_cur = n;
    ck_assert_int_eq(setrlimit(resource, &limit), 0);
}

START_TEST(a_saver_needs_no_descriptor_of_ours)
{
    lks_model *model = make();
    struct rlimit before;

    temp_dir_make();
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    limit_to(RLIMIT_NOFILE, 16);
    while (open("/dev/null", O_RDONLY) >= 0)
        ;
    ck_assert_int_eq(errno, EMFILE);
    ck_ok(lks_save_weights(model, temp_dir));
    limit_to(RLIMIT_NOFILE, before.rlim_cur);
    check_saved(model);
    temp_dir_remove();
    lks_model_destroy(model);
}
END_TEST

START_TEST(where_there_can_be_no_process_the_weights_are_written_all_the_same)
{
    lks_model *model = make();
    struct rlimit before;

    temp_dir_make();
    if (getuid() == 0) { /* whom that limit does not bind */
        ck_assert_int_eq(chown(temp_dir, NOBODY, NOBODY), 0);
        ck_assert_int_eq(setuid(NOBODY), 0);
        prctl(PR_SET_DUMPABLE, 1); /* what looks for leaks needs to look at us */
    }
    ck_assert_int_eq(getrlimit(RLIMIT_NPROC, &before), 0);
    limit_to(RLIMIT_NPROC, 0);
    ck_assert_int_eq(fork(), -1);
    ck_ok(lks_save_weights(model, temp_dir));
    limit_to(RLIMIT_NPROC, before.rlim_cur);
    check_saved(model);
    temp_dir_remove();
    lks_model_destroy(model);
}
END_TEST

START_TEST(the_savers_error_is_ours)
{
    lks_model *model = make();
    temp_dir_make();
    ck_fails(lks_save_weights(model, "/nowhere"), LKS_IO,
             "cannot write /nowhere/model.safetensors: No such file");
    limit_to(RLIMIT_FSIZE, 1 << 20);
    ck_fails(lks_save_weights(model, temp_dir), LKS_IO, "File too large");
    ck_assert_int_eq(temp_dir_count(), 0);
    temp_dir_remove();
    lks_model_destroy(model);
}
END_TEST

LKS_SUITE("saver", a_process_apart_writes_what_the_model_holds,
          a_killed_saver_is_done_without, a_saver_that_is_stopped_or_asked_to_end_goes_on,
          a_saver_needs_no_descriptor_of_ours,
          where_there_can_be_no_process_the_weights_are_written_all_the_same,
          the_savers_error_is_ours)
