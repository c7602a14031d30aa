#include "support/suite.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "io/npy.h"
#include "io/replace.h"
#include "io/safetensors.h"
#include "support/temp_dir.h"

static lks_status replace_by(const char *path, const char *text)
{
    return lks_file_replace(path, &(lks_bytes){text, strlen(text)}, 1);
}

static void check_text(const char *path, const char *want)
{
    char got[256] = "";

    got[file_get(path, got, sizeof got - 1)] = '\0';
    ck_assert_str_eq(got, want);
}

START_TEST(the_parts_become_the_file_new_or_old)
{
    const lks_bytes parts[] = {{"one ", 4}, {NULL, 0}, {"two", 3}};

    temp_dir_make();
    ck_ok(lks_file_replace(temp_path("x"), parts, 3));
    check_text(temp_path("x"), "one two");
    ck_ok(replace_by(temp_path("x"), "new"));
    check_text(temp_path("x"), "new");
    ck_ok(lks_file_replace(temp_path("x"), NULL, 0));
    check_text(temp_path("x"), "");
    ck_assert_int_eq(temp_dir_count(), 1);
    temp_dir_remove();
}
END_TEST

START_TEST(a_bare_name_is_in_the_working_directory)
{
    char before[1024];

    temp_dir_make();
    ck_assert_ptr_nonnull(getcwd(before, sizeof before));
    ck_assert_int_eq(chdir(temp_dir), 0);
    ck_ok(replace_by("x", "here"));
    check_text(temp_path("x"), "here");
    ck_assert_int_eq(chdir(before), 0);
    temp_dir_remove();
}
END_TEST

START_TEST(a_new_file_has_the_mode_that_the_umask_leaves)
{
    struct stat info;

    temp_dir_make();
    umask(027);
    ck_ok(replace_by(temp_path("x"), "x"));
    ck_assert_int_eq(stat(temp_path("x"), &info), 0);
    ck_assert_int_eq(info.st_mode & 0777, 0640);
    temp_dir_remove();
}
END_TEST

START_TEST(places_that_cannot_be_written_are_named)
{
    temp_dir_make();
    ck_fails(replace_by("/nowhere/x", "x"), LKS_IO,
             "cannot write /nowhere/x: No such file");
    ck_fails(replace_by(temp_dir, "x"), LKS_IO, "Is a directory");
    ck_fails(replace_by("", "x"), LKS_IO, "cannot write");
    file_put(temp_path("file"), "old", 3);
    ck_fails(replace_by(temp_path("file/x"), "x"), LKS_IO, "Not a directory");
    ck_assert_int_eq(temp_dir_count(), 1);
    ck_assert_int_eq(access(temp_dir, F_OK), 0);
    temp_dir_remove();
}
END_TEST

/* Mode bits do not bind root: then the directory and the attempt are another user's. */
static lks_status replace_as_nobody(const char *path, const char *text)
{
    enum { NOBODY = 65534 };
    const bool is_root = geteuid() == 0;
    lks_status st;

    if (is_root) {
        ck_assert_int_eq(chown(temp_dir, NOBODY, (gid_t)-1), 0);
        ck_assert_int_eq(seteuid(NOBODY), 0);
    }
    st = replace_by(path, text);
    if (is_root)
        ck_assert_int_eq(seteuid(0), 0);
    return st;
}

START_TEST(a_directory_that_cannot_be_flushed_is_refused_before_the_file_changes)
{
    temp_dir_make();
    file_put(temp_path("x"), "old", 3);
    ck_assert_int_eq(chmod(temp_dir, 0300), 0); /* to write and search, not to open */
    ck_fails(replace_as_nobody(temp_path("x"), "new"), LKS_IO, "Permission denied");
    ck_assert_int_eq(chmod(temp_dir, 0700), 0);
    check_text(temp_path("x"), "old");
    ck_assert_int_eq(temp_dir_count(), 1);
    temp_dir_remove();
}
END_TEST

START_TEST(a_leftover_of_a_crash_is_stepped_over)
{
    char name[512];

    temp_dir_make();
    for (int i = 0; i < 20; i++) {
        snprintf(name, sizeof name, "%s.tmp-%ld-%d", temp_path("x"), (long)getpid(), i);
        file_put(name, "leftover", 8);
    }
    ck_ok(replace_by(temp_path("x"), "new"));
    check_text(temp_path("x"), "new");
    for (int i = 0; i < 20; i++) {
        snprintf(name, sizeof name, "%s.tmp-%ld-%d", temp_path("x"), (long)getpid(), i);
        check_text(name, "leftover");
    }
    temp_dir_remove();
}
END_TEST

/* A limit on the size of files stands for the full disk: the write fails half-way. */
static void limit_files_to(rlim_t n_bytes)
{
    struct rlimit limit;

    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = n_bytes;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

START_TEST(a_full_disk_leaves_the_old_file_and_nothing_beside_it)
{
    static float values[10000];
    const lks_safetensors_entry entry = {"w", LKS_F32, 1, {10000}, values, 0};
    const lks_npy array = {LKS_F32, 1, {10000}, values, sizeof values};

    temp_dir_make();
    ck_ok(replace_by(temp_path("x"), "old"));
    limit_files_to(20000);
    ck_fails(lks_safetensors_write(temp_path("x"), &entry, 1), LKS_IO,
             "/x: File too large");
    ck_fails(lks_npy_write(temp_path("x"), &array), LKS_IO, "cannot write /tmp/lockstep");
    ck_fails(lks_npy_write(temp_path("new"), &array), LKS_IO, "/new: File too large");
    check_text(temp_path("x"), "old");
    ck_assert_int_eq(temp_dir_count(), 1);
    limit_files_to(RLIM_INFINITY);
    ck_ok(lks_safetensors_write(temp_path("x"), &entry, 1));
    ck_assert_int_eq(temp_dir_count(), 1);
    temp_dir_remove();
}
END_TEST

START_TEST(no_memory_leaves_the_old_file)
{
    temp_dir_make();
    ck_ok(replace_by(temp_path("x"), "old"));
    for (long n = 0;; n++) {
        lks_alloc_fail_after(n);
        lks_error_clear();
        if (replace_by(temp_path("x"), "new") == LKS_OK)
            break;
        ck_assert_int_eq(lks_error_status(), LKS_NOMEM);
        check_text(temp_path("x"), "old");
        ck_assert_int_eq(temp_dir_count(), 1);
    }
    ck_assert(!lks_alloc_has_failed());
    lks_alloc_fail_after(-1);
    check_text(temp_path("x"), "new");
    temp_dir_remove();
}
END_TEST

static char shared_path[128];

static void *replace_often(void *text)
{
    for (int i = 0; i < 20; i++)
        if (replace_by(shared_path, text) != LKS_OK)
            return NULL;
    return text;
}

START_TEST(threads_that_replace_one_file_do_not_meet)
{
    static char texts[4][2] = {"a", "b", "c", "d"};
    pthread_t threads[4];
    char got[8] = "";
    void *done;

    temp_dir_make();
    strcpy(shared_path, temp_path("x"));
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, replace_often, texts[i]);
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], &done);
        ck_assert_ptr_nonnull(done);
    }
    ck_assert_uint_eq(file_get(shared_path, got, sizeof got), 1);
    ck_assert_int_eq(temp_dir_count(), 1);
    temp_dir_remove();
}
END_TEST

LKS_SUITE("replace", the_parts_become_the_file_new_or_old,
          a_bare_name_is_in_the_working_directory,
          a_new_file_has_the_mode_that_the_umask_leaves,
          places_that_cannot_be_written_are_named,
          a_directory_that_cannot_be_flushed_is_refused_before_the_file_changes,
          a_leftover_of_a_crash_is_stepped_over,
          a_full_disk_leaves_the_old_file_and_nothing_beside_it,
          no_memory_leaves_the_old_file, threads_that_replace_one_file_do_not_meet)
