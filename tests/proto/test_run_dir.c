#include "support/suite.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "proto/run_dir.h"

static char home[64];

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
    return access(path, F_OK) == 0;
}

static void touch(const char *path)
{
    FILE *file = fopen(path, "w");

    ck_assert_ptr_nonnull(file);
    fclose(file);
}

START_TEST(a_run_without_a_name_is_dated_and_unique)
{
    char first[LKS_RUN_DIR_MAX], second[LKS_RUN_DIR_MAX];

    enter();
    ck_ok(lks_run_dir_create(NULL, "lenet", first));
    ck_ok(lks_run_dir_create(NULL, "lenet", second));
    ck_assert_int_eq(strncmp(first, "runs/lenet-20", 13), 0);
    ck_assert_str_ne(first, second);
    ck_assert_int_eq(chdir(first), 0);
    ck_assert(exists("logs"));
    leave();
}
END_TEST

/* The id of `dir` is `id`. */
static void check_id(const char *dir, const char *id)
{
    char *got = lks_run_dir_id(dir);

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
    char dir[LKS_RUN_DIR_MAX];

    enter();
    ck_ok(lks_run_dir_create("a/b/c//", "lenet", dir));
    ck_assert_str_eq(dir, "a/b/c");
    ck_assert(exists("a/b/c/logs"));
    ck_ok(lks_run_dir_create("a/b/c", "lenet", dir)); /* still empty: fine */
    leave();
}
END_TEST

START_TEST(a_directory_that_holds_a_run_is_refused)
{
    static const char *const traces[] = {"job.yaml", "metrics.jsonl", "model.safetensors",
                                         "logs/rank-0.log"};
    char dir[LKS_RUN_DIR_MAX];

    enter();
    for (size_t i = 0; i < sizeof traces / sizeof *traces; i++) {
        char path[64];

        snprintf(path, sizeof path, "old/%s", traces[i]);
        ck_ok(lks_run_dir_create("old", "lenet", dir));
        touch(path);
        ck_fails(lks_run_dir_create("old", "lenet", dir), LKS_INVALID,
                 "old holds a run already");
        ck_assert(exists(path));
        ck_assert_int_eq(unlink(path), 0);
    }
    touch("file");
    ck_fails(lks_run_dir_create("file", "lenet", dir), LKS_IO, "file is a file");
    ck_fails(lks_run_dir_create("file/below", "lenet", dir), LKS_IO, "Not a directory");
    ck_fails(lks_run_dir_create("", "lenet", dir), LKS_INVALID, "empty");
    leave();
}
END_TEST

START_TEST(what_cannot_be_written_is_an_io_error)
{
    char dir[LKS_RUN_DIR_MAX];

    enter();
    if (getuid() == 0) { /* root writes anywhere: /proc refuses even it */
        ck_fails(lks_run_dir_create("/proc/run", "lenet", dir), LKS_IO, "/proc/run");
    } else {
        ck_assert_int_eq(chmod(".", 0500), 0);
        ck_fails(lks_run_dir_create("run", "lenet", dir), LKS_IO, "Permission denied");
        ck_assert_int_eq(chmod(".", 0700), 0);
    }
    leave();
}
END_TEST

START_TEST(a_name_too_long_is_refused)
{
    static char name[LKS_RUN_DIR_MAX + 10];
    char dir[LKS_RUN_DIR_MAX];

    enter();
    memset(name, 'x', sizeof name - 1);
    ck_fails(lks_run_dir_create(name, "lenet", dir), LKS_INVALID, "too long");
    leave();
}
END_TEST

START_TEST(a_failed_start_leaves_nothing_of_ours)
{
    char dir[LKS_RUN_DIR_MAX];

    enter();
    ck_ok(lks_run_dir_create("ours", "lenet", dir));
    ck_ok(lks_run_dir_write(dir, "job.yaml", "job: lenet\n"));
    touch("ours/logs/rank-0.log");
    lks_run_dir_discard(dir, 0);
    ck_assert(!exists("ours"));

    ck_ok(lks_run_dir_create("shared", "lenet", dir));
    touch("shared/notes.txt");
    lks_run_dir_discard(dir, 0);
    ck_assert(exists("shared/notes.txt") && !exists("shared/logs"));

    ck_ok(lks_run_dir_create("shared", "lenet", dir));
    touch("shared/logs/rank-1.log");
    lks_run_dir_discard(dir, 0);
    ck_assert(exists("shared/notes.txt") && exists("shared/logs/rank-1.log"));
    leave();
}
END_TEST

START_TEST(each_rank_discards_its_own_in_any_order)
{
    char dir[LKS_RUN_DIR_MAX];

    enter();
    for (int first = 0; first < 2; first++) {
        ck_ok(lks_run_dir_create("run", "lenet", dir));
        touch("run/logs/rank-0.log");
        ck_ok(lks_run_dir_join(dir));
        touch("run/logs/rank-1.log");
        lks_run_dir_discard(dir, first);
        ck_assert(exists(first ? "run/logs/rank-0.log" : "run/logs/rank-1.log"));
        lks_run_dir_discard(dir, 1 - first);
        ck_assert(!exists("run"));
    }
    leave();
}
END_TEST

START_TEST(a_small_file_is_written_whole_or_not_at_all)
{
    enter();
    ck_ok(lks_run_dir_write(".", "job.yaml", "job: lenet\n"));
    ck_assert(exists("job.yaml") && !exists("job.yaml.new"));
    ck_fails(lks_run_dir_write("/dev/full", "job.yaml", "x"), LKS_IO, "job.yaml");
    ck_assert_int_eq(mkdir("taken", 0700), 0);
    ck_fails(lks_run_dir_write(".", "taken", "x"), LKS_IO, "taken");
    ck_assert(!exists("taken.new"));
    leave();
}
END_TEST

LKS_SUITE("run_dir", a_run_without_a_name_is_dated_and_unique,
          the_id_is_the_directorys_last_part_and_never_a_dot,
          a_given_directory_is_made_with_its_parents,
          a_directory_that_holds_a_run_is_refused, what_cannot_be_written_is_an_io_error,
          a_name_too_long_is_refused, a_failed_start_leaves_nothing_of_ours,
          each_rank_discards_its_own_in_any_order,
          a_small_file_is_written_whole_or_not_at_all)
