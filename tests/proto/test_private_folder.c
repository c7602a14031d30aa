#include "support/suite.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "proto/private_folder.h"
#include "support/temp_dir.h"

static char name[LKS_PRIVATE_NAME_BYTES];

static bool exists(const char *path)
{
    struct stat info;

    return lstat(path, &info) == 0;
}

static lks_private_folder make(void)
{
    lks_private_folder folder = LKS_PRIVATE_FOLDER_NONE;

    temp_dir_make();
    ck_ok(lks_private_name(name));
    ck_ok(lks_private_folder_open(temp_dir, name, &folder));
    return folder;
}

START_TEST(it_is_ours_alone_whatever_the_umask)
{
    static const mode_t masks[] = {0, 022, 0777};
    struct stat info;

    for (size_t i = 0; i < sizeof masks / sizeof *masks; i++) {
        const mode_t before = umask(masks[i]);
        lks_private_folder folder = make();

        umask(before);
        ck_assert_int_eq(stat(folder.path, &info), 0);
        ck_assert_uint_eq(info.st_mode & 07777, 0700);
        lks_private_folder_close(&folder);
        ck_assert(!exists(temp_path(name)));
        temp_dir_remove();
    }
}
END_TEST

START_TEST(two_names_differ)
{
    char other[LKS_PRIVATE_NAME_BYTES];

    ck_ok(lks_private_name(name));
    ck_ok(lks_private_name(other));
    ck_assert_str_ne(name, other);
}
END_TEST

START_TEST(what_others_put_there_is_refused)
{
    lks_private_folder folder = LKS_PRIVATE_FOLDER_NONE;
    struct stat info;

    temp_dir_make();
    mkdir(temp_path("victim"), 0755);
    ck_assert_int_eq(symlink("victim", temp_path("link")), 0);
    ck_fails(lks_private_folder_open(temp_dir, "link", &folder), LKS_IO, "is another's");
    ck_fails(lks_private_folder_open(temp_dir, "victim", &folder), LKS_IO,
             "is another's");
    file_put(temp_path("file"), "x", 1);
    ck_fails(lks_private_folder_open(temp_dir, "file", &folder), LKS_IO, "is another's");
    ck_assert_int_eq(stat(temp_path("victim"), &info), 0);
    ck_assert_uint_eq(info.st_mode & 07777, 0755);
    ck_fails(lks_private_folder_open("/nonexistent", "x", &folder), LKS_IO,
             "/nonexistent/x: No such file or directory");
    rmdir(temp_path("victim"));
    temp_dir_remove();
}
END_TEST

START_TEST(removing_takes_all_that_is_in_it_and_nothing_a_link_leads_to)
{
    lks_private_folder folder = make();
    char path[512];

    file_put(temp_path("precious"), "x", 1);
    snprintf(path, sizeof path, "%s/a", folder.path);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/a/file", folder.path);
    file_put(path, "x", 1);
    snprintf(path, sizeof path, "%s/a/out", folder.path);
    ck_assert_int_eq(symlink("../..", path), 0);
    lks_private_folder_remove(folder.path);
    ck_assert(!exists(folder.path));
    ck_assert(exists(temp_path("precious")));
    lks_private_folder_close(&folder);
    temp_dir_remove();
}
END_TEST

static char noted[256];

static void note_run(const char *run_dir)
{
    snprintf(noted, sizeof noted, "%s", run_dir);
}

START_TEST(a_sweep_tells_of_the_run_that_nobody_holds_any_more)
{
    lks_private_folder folder = make();
    char path[256];

    noted[0] = '\0';
    snprintf(path, sizeof path, "%s", folder.path);
    lks_private_folder_name_run(&folder, "/home/me/runs/a");
    lks_private_folders_sweep(temp_dir, note_run);
    ck_assert_str_eq(noted, "");
    close(folder.lock_fd); /* as the kernel does of a process that is killed */
    folder.lock_fd = -1;
    lks_private_folders_sweep(temp_dir, note_run);
    ck_assert_str_eq(noted, "/home/me/runs/a");
    ck_assert(!exists(path));
    lks_private_folder_close(&folder);
    temp_dir_remove();
}
END_TEST

START_TEST(what_is_held_by_its_path_is_not_swept)
{
    lks_private_folder folder = make();
    int holds[2];
    char byte = 0;
    pid_t holder;

    ck_assert_int_eq(pipe(holds), 0);
    holder = fork();
    if (holder == 0) {
        close(folder.lock_fd);
        lks_private_folder_hold(folder.path);
        (void)!write(holds[1], &byte, 1);
        pause();
        _exit(0);
    }
    ck_assert_int_eq(read(holds[0], &byte, 1), 1);
    close(holds[0]);
    close(holds[1]);
    close(folder.lock_fd);
    folder.lock_fd = -1;
    lks_private_folders_sweep(temp_dir, note_run);
    ck_assert(exists(folder.path));
    kill(holder, SIGKILL);
    waitpid(holder, NULL, 0);
    lks_private_folders_sweep(temp_dir, note_run);
    ck_assert(!exists(folder.path));
    lks_private_folder_close(&folder);
    temp_dir_remove();
}
END_TEST

START_TEST(a_sweep_removes_what_nobody_holds_and_leaves_the_rest)
{
    lks_private_folder folder = make();
    char left[LKS_PRIVATE_NAME_BYTES];

    ck_ok(lks_private_name(left));
    mkdir(temp_path(left), 0700);
    mkdir(temp_path("lockstep-other"), 0700);
    lks_private_folders_sweep(temp_dir, note_run);
    ck_assert(!exists(temp_path(left)));
    ck_assert(exists(folder.path));
    ck_assert(exists(temp_path("lockstep-other")));
    rmdir(temp_path("lockstep-other"));
    lks_private_folder_close(&folder);
    temp_dir_remove();
}
END_TEST

START_TEST(one_whose_holder_was_killed_is_swept)
{
    pid_t child;
    int status;

    temp_dir_make();
    ck_ok(lks_private_name(name));
    child = fork();
    if (child == 0) {
        lks_private_folder folder = LKS_PRIVATE_FOLDER_NONE;

        if (lks_private_folder_open(temp_dir, name, &folder) == LKS_OK)
            raise(SIGKILL);
        _exit(1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status) && exists(temp_path(name)));
    lks_private_folders_sweep(temp_dir, note_run);
    ck_assert(!exists(temp_path(name)));
    temp_dir_remove();
}
END_TEST

static void *sweep_often(void *stop)
{
    while (!__atomic_load_n((bool *)stop, __ATOMIC_ACQUIRE))
        lks_private_folders_sweep(temp_dir, note_run);
    return NULL;
}

START_TEST(one_that_is_being_made_survives_a_sweep)
{
    bool stop = false;
    pthread_t sweeper;

    temp_dir_make();
    ck_assert_int_eq(pthread_create(&sweeper, NULL, sweep_often, &stop), 0);
    for (int i = 0; i < 500; i++) {
        lks_private_folder folder = LKS_PRIVATE_FOLDER_NONE;

        ck_ok(lks_private_name(name));
        ck_ok(lks_private_folder_open(temp_dir, name, &folder));
        usleep(50);
        ck_assert(exists(folder.path));
        lks_private_folder_close(&folder);
    }
    __atomic_store_n(&stop, true, __ATOMIC_RELEASE);
    pthread_join(sweeper, NULL);
    temp_dir_remove();
}
END_TEST

START_TEST(the_last_to_let_go_removes_it)
{
    lks_private_folder first = make(), second = LKS_PRIVATE_FOLDER_NONE;

    ck_ok(lks_private_folder_open(temp_dir, name, &second));
    lks_private_folder_close(&first);
    ck_assert(exists(second.path));
    lks_private_folder_close(&second);
    ck_assert(!exists(temp_path(name)));
    temp_dir_remove();
}
END_TEST

LKS_SUITE("private_folder", it_is_ours_alone_whatever_the_umask, two_names_differ,
          what_others_put_there_is_refused,
          removing_takes_all_that_is_in_it_and_nothing_a_link_leads_to,
          a_sweep_tells_of_the_run_that_nobody_holds_any_more,
          what_is_held_by_its_path_is_not_swept,
          a_sweep_removes_what_nobody_holds_and_leaves_the_rest,
          one_whose_holder_was_killed_is_swept, one_that_is_being_made_survives_a_sweep,
          the_last_to_let_go_removes_it)
