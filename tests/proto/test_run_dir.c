#include "support/suite.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "proto/run_dir.h"

enum { NOBODY = 65534 };

static char home[64];
static lks_run_dir dir;

/* Each test in a folder of its own. */
static void enter(void)
{
    snprintf(home, sizeof home, "/tmp/lks-run-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(home));
    ck_assert_int_eq(chdir(home), 0);
}

static void leave(void)
{
    char command[96];

    snprintf(command, sizeof command, "rm -rf %s", home);
    ck_assert_int_eq(chdir("/"), 0);
    ck_assert_int_eq(system(command), 0);
}

static bool exists(const char *path)
{
    struct stat info;

    return lstat(path, &info) == 0;
}

static unsigned mode_of(const char *path)
{
    struct stat info;

    ck_assert_int_eq(lstat(path, &info), 0);
    return info.st_mode & 0777;
}

static void put(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

static void check_text(const char *path, const char *want)
{
    char got[64] = "";
    FILE *file = fopen(path, "r");

    ck_assert_ptr_nonnull(file);
    got[fread(got, 1, sizeof got - 1, file)] = '\0';
    fclose(file);
    ck_assert_str_eq(got, want);
}

/* A file made through `dir`. */
static void make_file(lks_run_dir *in, const char *name)
{
    int fd;

    ck_ok(lks_run_dir_open_new(in, name, &fd));
    ck_assert_int_eq(write(fd, "x", 1), 1);
    close(fd);
}

/* ---- where a run goes ---- */

START_TEST(a_run_without_a_name_is_dated_and_unique)
{
    lks_run_dir second;

    enter();
    ck_ok(lks_run_dir_claim(NULL, "lenet", &dir));
    ck_ok(lks_run_dir_claim(NULL, "lenet", &second));
    ck_assert_int_eq(strncmp(dir.path, "runs/lenet-20", 13), 0);
    ck_assert_str_ne(dir.path, second.path);
    ck_assert_int_eq(chdir(dir.path), 0);
    ck_assert(exists("logs"));
    leave();
}
END_TEST

/* The id of `path` is `id`. */
static void check_id(const char *path, const char *id)
{
    char *got = lks_run_dir_id(path);

    ck_assert_str_eq(got, id);
    lks_free(got);
}

START_TEST(the_id_is_the_directorys_last_part_and_never_a_dot)
{
    enter();
    check_id("runs/lenet-20261124-031148", "lenet-20261124-031148");
    check_id("my run", "my run");
    ck_assert_int_eq(mkdir("one", 0700), 0);
    ck_assert_int_eq(mkdir("one/two", 0700), 0);
    ck_assert_int_eq(symlink("one/two", "link"), 0);
    check_id("link", "link");
    check_id("one/.", "one");
    check_id("one/two/..", "one");
    ck_assert_int_eq(chdir("one/two"), 0);
    check_id(".", "two");
    check_id("..", "one");
    ck_assert_int_eq(chdir("/"), 0);
    check_id(".", "run");
    check_id("/", "run");
    leave();
}
END_TEST

START_TEST(a_given_directory_is_made_with_its_parents)
{
    enter();
    ck_ok(lks_run_dir_claim("a/b/c//", "lenet", &dir));
    ck_assert_str_eq(dir.path, "a/b/c");
    ck_assert(dir.is_new && dir.has_new_logs);
    ck_assert(exists("a/b/c/logs"));
    leave();
}
END_TEST

START_TEST(a_persons_folder_is_used_with_what_is_in_it)
{
    enter();
    ck_assert_int_eq(mkdir("mine", 0755), 0);
    put("mine/notes.txt", "mine");
    ck_ok(lks_run_dir_claim("mine", "lenet", &dir));
    ck_assert(!dir.is_new && dir.has_new_logs && !dir.is_open_to_all);
    lks_run_dir_discard(&dir);
    ck_assert(!exists("mine/logs"));
    ck_assert_int_eq(chdir("mine"), 0);
    ck_ok(lks_run_dir_claim(".", "lenet", &dir));
    lks_run_dir_discard(&dir);
    check_text("notes.txt", "mine");
    leave();
}
END_TEST

START_TEST(a_directory_that_holds_a_run_is_refused)
{
    static const char *const traces[] = {
        "job.yaml",    "metrics.jsonl", "model.safetensors", "checkpoints",
        "status.sock", "result.json",   "evaluation.json",   "logs"};

    enter();
    ck_assert_int_eq(mkdir("old", 0755), 0);
    for (size_t i = 0; i < sizeof traces / sizeof *traces; i++) {
        char path[64];

        snprintf(path, sizeof path, "old/%s", traces[i]);
        for (int is_link = 0; is_link < 2; is_link++) { /* to nowhere */
            if (is_link)
                ck_assert_int_eq(symlink("nowhere", path), 0);
            else
                put(path, "of a run");
            ck_fails(lks_run_dir_claim("old", "lenet", &dir), LKS_INVALID,
                     "--run-dir old: it already holds a run (");
            ck_fails(lks_run_dir_claim("old", "lenet", &dir), LKS_INVALID, traces[i]);
            ck_assert(exists(path) && !exists("old/nowhere"));
            ck_assert_int_eq(unlink(path), 0);
        }
    }
    ck_ok(lks_run_dir_claim("old", "lenet", &dir));
    make_file(&dir, "logs/rank-0.log");
    ck_fails(lks_run_dir_claim("old", "lenet", &dir), LKS_INVALID, "(logs/rank-0.log)");
    leave();
}
END_TEST

START_TEST(what_is_no_directory_is_refused)
{
    enter();
    put("file", "");
    ck_fails(lks_run_dir_claim("file", "lenet", &dir), LKS_INVALID, "not a directory");
    ck_fails(lks_run_dir_claim("file/below", "lenet", &dir), LKS_IO, "Not a directory");
    ck_assert_int_eq(symlink("nowhere", "link"), 0);
    ck_fails(lks_run_dir_claim("link", "lenet", &dir), LKS_INVALID, "not a directory");
    ck_assert(!exists("nowhere"));
    ck_fails(lks_run_dir_claim("", "lenet", &dir), LKS_INVALID, "needs a name");
    leave();
}
END_TEST

START_TEST(what_cannot_be_written_is_an_io_error)
{
    enter();
    if (getuid() == 0) { /* root writes anywhere: /proc refuses even it */
        ck_fails(lks_run_dir_claim("/proc/run", "lenet", &dir), LKS_IO, "/proc/run");
    } else {
        ck_assert_int_eq(chmod(".", 0500), 0);
        ck_fails(lks_run_dir_claim("run", "lenet", &dir), LKS_IO, "Permission denied");
        ck_assert_int_eq(chmod(".", 0700), 0);
    }
    leave();
}
END_TEST

START_TEST(a_name_too_long_is_refused)
{
    static char name[LKS_RUN_DIR_MAX + 10];

    enter();
    memset(name, 'x', sizeof name - 1);
    ck_fails(lks_run_dir_claim(name, "lenet", &dir), LKS_INVALID, "too long");
    leave();
}
END_TEST

/* ---- whose it is ---- */

START_TEST(a_directory_or_link_of_another_user_is_refused)
{
    if (getuid() != 0)
        return;
    enter();
    ck_assert_int_eq(mkdir("theirs", 0777), 0);
    ck_assert_int_eq(chown("theirs", NOBODY, NOBODY), 0);
    ck_fails(lks_run_dir_claim("theirs", "lenet", &dir), LKS_INVALID,
             "--run-dir theirs: the directory belongs to another user (65534)");
    ck_assert(!exists("theirs/logs"));
    ck_assert_int_eq(mkdir("mine", 0755), 0);
    ck_assert_int_eq(symlink("mine", "link"), 0);
    ck_ok(lks_run_dir_claim("link", "lenet", &dir));
    lks_run_dir_discard(&dir);
    ck_assert_int_eq(lchown("link", NOBODY, NOBODY), 0);
    ck_fails(lks_run_dir_claim("link", "lenet", &dir), LKS_INVALID,
             "the link belongs to another user");
    ck_assert(!exists("mine/logs"));
    ck_assert_int_eq(chmod(".", 0777), 0); /* root's are anybody's friends */
    ck_assert_int_eq(chmod("mine", 01777), 0);
    ck_assert_int_eq(seteuid(NOBODY), 0);
    ck_ok(lks_run_dir_claim("mine", "lenet", &dir));
    ck_assert_int_eq(seteuid(0), 0);
    leave();
}
END_TEST

START_TEST(a_directory_that_all_may_write_to_is_told)
{
    enter();
    ck_assert_int_eq(mkdir("open", 0700), 0);
    ck_assert_int_eq(chmod("open", 0777), 0);
    ck_ok(lks_run_dir_claim("open", "lenet", &dir));
    ck_assert(dir.is_open_to_all);
    lks_run_dir_discard(&dir);
    ck_assert_int_eq(chmod("open", 01777), 0); /* as /tmp */
    ck_ok(lks_run_dir_claim("open", "lenet", &dir));
    ck_assert(!dir.is_open_to_all);
    leave();
}
END_TEST

/* Runs with this umask, by a user whom modes bind. */
static void claim_with_umask(mode_t mask)
{
    enter();
    if (getuid() == 0) {
        ck_assert_int_eq(chown(home, NOBODY, NOBODY), 0);
        ck_assert_int_eq(seteuid(NOBODY), 0);
    }
    umask(mask);
}

static void end_umask(void)
{
    umask(022);
    if (getuid() == 0)
        ck_assert_int_eq(seteuid(0), 0);
    leave();
}

START_TEST(modes_are_what_the_umask_leaves)
{
    static const mode_t masks[] = {0, 022, 077};

    for (size_t i = 0; i < sizeof masks / sizeof *masks; i++) {
        claim_with_umask(masks[i]);
        ck_ok(lks_run_dir_claim("a/run", "lenet", &dir));
        make_file(&dir, "metrics.jsonl");
        ck_ok(lks_run_dir_write(&dir, "job.yaml", "job: x\n"));
        ck_assert_uint_eq(mode_of("a"), 0777 & ~masks[i]);
        ck_assert_uint_eq(mode_of("a/run"), 0777 & ~masks[i]);
        ck_assert_uint_eq(mode_of("a/run/logs"), 0777 & ~masks[i]);
        ck_assert_uint_eq(mode_of("a/run/metrics.jsonl"), 0666 & ~masks[i]);
        ck_assert_uint_eq(mode_of("a/run/job.yaml"), 0666 & ~masks[i]);
        end_umask();
    }
}
END_TEST

START_TEST(a_umask_that_keeps_the_owner_out_is_told_and_leaves_nothing)
{
    static const mode_t masks[] = {0777, 0700, 0200, 0400};

    for (size_t i = 0; i < sizeof masks / sizeof *masks; i++) {
        claim_with_umask(masks[i]);
        ck_fails(lks_run_dir_claim("run", "lenet", &dir), LKS_IO,
                 "run: the umask leaves a new folder the mode");
        ck_assert(!exists("run"));
        ck_fails(lks_run_dir_claim("a/run", "lenet", &dir), LKS_IO, "a: the umask");
        ck_assert(!exists("a"));
        ck_assert_int_eq(mkdir("mine", 0), 0);
        ck_assert_int_eq(chmod("mine", 0700), 0);
        ck_fails(lks_run_dir_claim("mine", "lenet", &dir), LKS_IO,
                 "mine/logs: the umask");
        ck_assert(!exists("mine/logs"));
        end_umask();
    }
}
END_TEST

/* ---- who made what ---- */

START_TEST(a_failed_start_leaves_nothing_of_ours)
{
    enter();
    ck_ok(lks_run_dir_claim("ours", "lenet", &dir));
    ck_ok(lks_run_dir_write(&dir, "job.yaml", "job: lenet\n"));
    make_file(&dir, "logs/rank-0.log");
    lks_run_dir_discard(&dir);
    ck_assert(!exists("ours"));

    ck_ok(lks_run_dir_claim("shared", "lenet", &dir));
    put("shared/notes.txt", "mine");
    put("shared/metrics.jsonl", "not made through dir");
    lks_run_dir_discard(&dir);
    ck_assert(exists("shared/notes.txt") && !exists("shared/logs"));
    ck_assert(exists("shared/metrics.jsonl"));
    leave();
}
END_TEST

START_TEST(each_rank_discards_its_own_in_any_order)
{
    lks_run_dir of_rank[2];

    enter();
    for (int first = 0; first < 2; first++) {
        ck_ok(lks_run_dir_claim("run", "lenet", &of_rank[0]));
        make_file(&of_rank[0], "logs/rank-0.log");
        ck_ok(lks_run_dir_join(&of_rank[0], &of_rank[1]));
        make_file(&of_rank[1], "logs/rank-1.log");
        lks_run_dir_discard(&of_rank[first]);
        ck_assert(exists(first ? "run/logs/rank-0.log" : "run/logs/rank-1.log"));
        lks_run_dir_discard(&of_rank[1 - first]);
        ck_assert(!exists("run"));
    }
    leave();
}
END_TEST

START_TEST(a_rank_makes_what_its_host_lacks_and_takes_back_no_more)
{
    const lks_run_dir claimed = {.path = "a/run"}; /* by a command elsewhere */

    enter();
    ck_ok(lks_run_dir_join(&claimed, &dir));
    ck_assert(exists("a/run/logs") && dir.is_new && dir.has_new_logs);
    lks_run_dir_discard(&dir);
    ck_assert(!exists("a/run"));
    ck_assert_int_eq(mkdir("a/run", 0755), 0);
    ck_assert_int_eq(mkdir("a/run/logs", 0755), 0);
    ck_ok(lks_run_dir_join(&claimed, &dir));
    make_file(&dir, "logs/rank-0.log");
    lks_run_dir_discard(&dir);
    ck_assert(exists("a/run/logs") && !exists("a/run/logs/rank-0.log"));
    leave();
}
END_TEST

/* One of several starts at once: 0 if it has the directory, with a file of its in there
 * still at the end; 1 if it was refused. */
static int start_at_once(int gate)
{
    lks_run_dir mine;
    char go;

    if (read(gate, &go, 1) < 0) /* until all are there */
        return 2;
    if (lks_run_dir_claim("run", "lenet", &mine) != LKS_OK)
        return strstr(lks_error_text(), "already holds a run") ? 1 : 3;
    return lks_run_dir_write(&mine, "job.yaml", "job: x\n") == LKS_OK ? 0 : 4;
}

START_TEST(of_starts_at_once_one_wins_and_the_others_touch_nothing)
{
    enum { N = 4 };

    enter();
    for (int i = 0; i < 300; i++) {
        int gate[2], status, n_winners = 0;
        const bool is_there = i % 2;

        if (is_there)
            ck_assert_int_eq(mkdir("run", 0755), 0);
        ck_assert_int_eq(pipe(gate), 0);
        for (int k = 0; k < N; k++)
            if (fork() == 0) {
                close(gate[1]);
                _exit(start_at_once(gate[0]));
            }
        close(gate[0]);
        close(gate[1]);
        for (int k = 0; k < N; k++) {
            ck_assert(wait(&status) > 0 && WIFEXITED(status));
            ck_assert_int_le(WEXITSTATUS(status), 1);
            n_winners += WEXITSTATUS(status) == 0;
        }
        ck_assert_int_eq(n_winners, 1);
        check_text("run/job.yaml", "job: x\n");
        ck_assert_int_eq(unlink("run/job.yaml"), 0);
        ck_assert_int_eq(rmdir("run/logs"), 0);
        ck_assert_int_eq(rmdir("run"), 0);
    }
    leave();
}
END_TEST

/* ---- files ---- */

START_TEST(a_file_that_is_there_is_left_alone)
{
    static const char *const names[] = {"metrics.jsonl", "logs/rank-0.log"};
    int fd;

    enter();
    put("victim", "precious");
    ck_ok(lks_run_dir_claim("run", "lenet", &dir));
    for (size_t i = 0; i < 2; i++) {
        char path[64];

        snprintf(path, sizeof path, "run/%s", names[i]);
        for (int is_link = 0; is_link < 2; is_link++) {
            if (is_link)
                ck_assert_int_eq(symlink("/nowhere", path), 0);
            else
                ck_assert_int_eq(link("victim", path), 0);
            ck_fails(lks_run_dir_open_new(&dir, names[i], &fd), LKS_INVALID,
                     "is there already");
            ck_fails(lks_run_dir_write(&dir, names[i], "x"), LKS_INVALID,
                     "is there already");
            ck_assert_int_eq(unlink(path), 0);
        }
    }
    check_text("victim", "precious");
    lks_run_dir_discard(&dir);
    ck_assert(!exists("run"));
    leave();
}
END_TEST

START_TEST(logs_that_have_become_a_link_are_not_followed)
{
    int fd;

    enter();
    ck_ok(lks_run_dir_claim("run", "lenet", &dir));
    ck_assert_int_eq(mkdir("elsewhere", 0755), 0);
    ck_assert_int_eq(rmdir("run/logs"), 0);
    ck_assert_int_eq(symlink("../elsewhere", "run/logs"), 0);
    ck_fails(lks_run_dir_open_new(&dir, "logs/mpirun.log", &fd), LKS_IO,
             "run/logs/mpirun.log: ");
    ck_assert(!exists("elsewhere/mpirun.log"));
    leave();
}
END_TEST

START_TEST(a_new_file_is_appended_to)
{
    int fd;

    enter();
    ck_ok(lks_run_dir_claim("run", "lenet", &dir));
    ck_ok(lks_run_dir_open_new(&dir, "metrics.jsonl", &fd));
    ck_assert(fcntl(fd, F_GETFL) & O_APPEND);
    ck_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    close(fd);
    leave();
}
END_TEST

START_TEST(a_small_file_is_written_whole_or_not_at_all)
{
    struct rlimit limit;

    enter();
    ck_ok(lks_run_dir_claim("run", "lenet", &dir));
    ck_ok(lks_run_dir_write(&dir, "job.yaml", "job: lenet\n"));
    check_text("run/job.yaml", "job: lenet\n");
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = 5;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ck_fails(lks_run_dir_write(&dir, "result.json", "{\"ended\": 1}"), LKS_IO,
             "run/result.json: File too large");
    limit.rlim_cur = RLIM_INFINITY;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    lks_run_dir_discard(&dir); /* so there is nothing else */
    ck_assert(!exists("run"));
    leave();
}
END_TEST

START_TEST(what_killed_writers_left_is_removed_and_nothing_else)
{
    static const char *const unfinished[] = {
        "model.safetensors.tmp-4711-0", "model.safetensors.tmp-4711-12",
        "job.yaml.tmp-4711", "result.json.tmp-4711", "evaluation.json.tmp-4711"};
    static const char *const kept[] = {"model.safetensors",
                                       "model.safetensors.tmp-",
                                       "model.safetensors.tmp-mine",
                                       "model.safetensors.tmp-1-old",
                                       "my model.safetensors.tmp-4711-0",
                                       "x.tmp-4711-0"};

    enter();
    for (size_t i = 0; i < sizeof unfinished / sizeof *unfinished; i++)
        put(unfinished[i], "half");
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        put(kept[i], "whole");
    lks_run_dir_remove_unfinished(".");
    for (size_t i = 0; i < sizeof unfinished / sizeof *unfinished; i++)
        ck_assert_msg(!exists(unfinished[i]), "%s is left", unfinished[i]);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        check_text(kept[i], "whole");
    lks_run_dir_remove_unfinished("nowhere");
    leave();
}
END_TEST

START_TEST(what_is_still_being_written_is_not_abandoned)
{
    char mine[64];

    enter();
    snprintf(mine, sizeof mine, "model.safetensors.tmp-%d-0", (int)getpid());
    put(mine, "half");
    put("model.safetensors.tmp-99999999-0", "half"); /* no process has that number */
    lks_run_dir_remove_abandoned(".");
    ck_assert(!exists("model.safetensors.tmp-99999999-0"));
    check_text(mine, "half");
    leave();
}
END_TEST

START_TEST(no_failed_allocation_leaves_a_directory)
{
    enter();
    for (long n = 0;; n++) {
        lks_status st;

        lks_alloc_fail_after(n);
        st = lks_run_dir_claim("run", "cnn", &dir);
        if (!lks_alloc_has_failed())
            break;
        lks_alloc_fail_after(-1);
        ck_assert_int_eq(st, LKS_NOMEM);
        ck_assert(!exists("run"));
        lks_error_clear();
    }
    lks_alloc_fail_after(-1);
    ck_assert(exists("run/logs"));
    leave();
}
END_TEST

LKS_SUITE("run_dir", a_run_without_a_name_is_dated_and_unique,
          the_id_is_the_directorys_last_part_and_never_a_dot,
          a_given_directory_is_made_with_its_parents,
          a_persons_folder_is_used_with_what_is_in_it,
          a_directory_that_holds_a_run_is_refused, what_is_no_directory_is_refused,
          what_cannot_be_written_is_an_io_error, a_name_too_long_is_refused,
          a_directory_or_link_of_another_user_is_refused,
          a_directory_that_all_may_write_to_is_told, modes_are_what_the_umask_leaves,
          a_umask_that_keeps_the_owner_out_is_told_and_leaves_nothing,
          a_failed_start_leaves_nothing_of_ours, each_rank_discards_its_own_in_any_order,
          a_rank_makes_what_its_host_lacks_and_takes_back_no_more,
          of_starts_at_once_one_wins_and_the_others_touch_nothing,
          a_file_that_is_there_is_left_alone,
          logs_that_have_become_a_link_are_not_followed, a_new_file_is_appended_to,
          a_small_file_is_written_whole_or_not_at_all,
          what_killed_writers_left_is_removed_and_nothing_else,
          what_is_still_being_written_is_not_abandoned,
          no_failed_allocation_leaves_a_directory)
