/* What a program finds after lks_process_begin; each in a process of its own. */
#include "support/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/process.h"

static bool is_null_device(int fd)
{
    struct stat info;

    return fstat(fd, &info) == 0 && S_ISCHR(info.st_mode) &&
           info.st_rdev == makedev(1, 3);
}

/* Bit fd of `closed`: closed before. 0, or the number of what is not as it should be. */
static int begin_with(unsigned closed)
{
    struct stat before[3], after;
    char byte;

    for (int fd = 0; fd < 3; fd++) {
        fstat(fd, &before[fd]);
        if (closed & 1u << fd)
            close(fd);
    }
    lks_process_begin();
    for (int fd = 0; fd < 3; fd++) {
        if (closed & 1u << fd
                ? !is_null_device(fd)
                : fstat(fd, &after) != 0 || after.st_ino != before[fd].st_ino)
            return 1 + fd;
    }
    if (closed & 1u && read(0, &byte, 1) != 0)
        return 4;
    for (int fd = 1; fd < 3; fd++)
        if (closed & 1u << fd && write(fd, "x", 1) != 1)
            return 4 + fd;
    return open("/", O_RDONLY) > 2 ? 0 : 7;
}

START_TEST(whichever_of_descriptors_0_to_2_is_closed_is_the_null_device)
{
    for (unsigned closed = 0; closed < 8; closed++) {
        const pid_t child = fork();
        int status;

        if (child == 0)
            _exit(begin_with(closed));
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert_msg(status == 0, "closed: bits %u, wrong: %d", closed, status >> 8);
    }
}
END_TEST

static int write_beyond_the_limit(const char *path)
{
    const struct rlimit limit = {100, 100};
    char bytes[200] = "";
    int fd;

    setrlimit(RLIMIT_FSIZE, &limit);
    signal(SIGXFSZ, SIG_DFL);
    lks_process_begin();
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (write(fd, bytes, sizeof bytes) != 100)
        return 1;
    return write(fd, bytes, 1) < 0 && errno == EFBIG ? 0 : 2;
}

START_TEST(a_write_beyond_the_file_size_limit_fails_and_does_not_kill)
{
    char path[] = "/tmp/lks-process-XXXXXX";
    const int fd = mkstemp(path);
    const pid_t child = fork();
    int status;

    if (child == 0)
        _exit(write_beyond_the_limit(path));
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    close(fd);
    unlink(path);
    ck_assert_msg(status == 0, "status %#x", (unsigned)status);
}
END_TEST

/* A name may hold what separates the fields. */
static _Noreturn void stop_under_a_bad_name(void)
{
    prctl(PR_SET_NAME, "a) R 1 (b");
    raise(SIGSTOP);
    _exit(0);
}

START_TEST(a_process_is_read_whatever_its_name)
{
    const pid_t child = fork();
    lks_process read;
    int status;

    if (child == 0)
        stop_under_a_bad_name();
    ck_assert_int_eq(waitpid(child, &status, WUNTRACED), child);
    ck_assert(WIFSTOPPED(status));
    ck_assert(lks_process_read(child, &read));
    ck_assert_str_eq(read.name, "a) R 1 (b");
    ck_assert_int_eq(read.state, 'T');
    ck_assert_int_eq(read.pid, child);
    ck_assert_int_eq(read.parent, getpid());
    ck_assert_int_eq(read.session, getsid(0));
    ck_assert(lks_process_is_stopped(&read) && !lks_process_is_dead(&read));
    ck_assert(lks_process_is_idle(child) && !lks_process_is_idle(getpid()));
    kill(child, SIGKILL);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(!lks_process_read(child, &read));
    ck_assert_int_eq(lks_process_state(child), '\0');
    ck_assert(lks_process_is_idle(child));
}
END_TEST

LKS_SUITE("process", whichever_of_descriptors_0_to_2_is_closed_is_the_null_device,
          a_write_beyond_the_file_size_limit_fails_and_does_not_kill,
          a_process_is_read_whatever_its_name)
