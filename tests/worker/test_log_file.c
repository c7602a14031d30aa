/* A rank's log in a run directory. */
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "worker/log_file.h"

START_TEST(a_log_is_bounded_and_errors_stand_in_it_all_the_same)
{
    static char text[2 << 20], dir[] = "/tmp/lks-log-XXXXXX";
    lks_run_dir run_dir = {0};
    char logs[64], path[96];
    FILE *file;
    size_t n;

    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(logs, sizeof logs, "%s/logs", dir);
    snprintf(path, sizeof path, "%s/rank-1.log", logs);
    ck_assert_int_eq(mkdir(logs, 0700), 0);
    lks_log_file_init(1);
    snprintf(run_dir.path, sizeof run_dir.path, "%s", dir);
    ck_ok(lks_log_file_open(&run_dir, 1));
    for (int i = 0; i < 100000; i++)
        lks_info("line %d, which says nothing new", i);
    ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
    lks_error("the disk is gone");
    ck_assert_ptr_nonnull(file = fopen(path, "r"));
    n = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    unlink(path);
    rmdir(logs);
    rmdir(dir);
    ck_assert_uint_gt(n, 1000000);
    ck_assert_uint_lt(n, 1100000);
    ck_assert_ptr_nonnull(strstr(text, "line 0,"));
    ck_assert_ptr_nonnull(strstr(text, "the log is full]\n"));
    ck_assert_ptr_nonnull(strstr(text, "error: the disk is gone\n"));
}
END_TEST

LKS_SUITE("log_file", a_log_is_bounded_and_errors_stand_in_it_all_the_same)
