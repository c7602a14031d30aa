#define _GNU_SOURCE /* pipe2 */
#include "daemon/cli/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/thread.h"

enum { READS, WRITES };

/* True: all of it is written. */
static bool write_all(int to, const char *bytes, ssize_t n)
{
    while (n > 0) {
        const ssize_t n_written = write(to, bytes, (size_t)n);

        if (n_written < 0 && errno != EINTR)
            return false;
        if (n_written > 0) {
            bytes += n_written;
            n -= n_written;
        }
    }
    return true;
}

/* To a descriptor that is its own. */
static void *pass_on(void *context)
{
    const int to = (int)(intptr_t)context;
    char bytes[4096];
    ssize_t n;

    while ((n = read(STDIN_FILENO, bytes, sizeof bytes)) > 0 || (n < 0 && errno == EINTR))
        if (n > 0 && !write_all(to, bytes, n))
            break;
    close(to);
    return NULL;
}

lks_status lks_input_open(bool has_mpirun, int *fd)
{
    int ends[2];

    *fd = STDIN_FILENO;
    if (!has_mpirun || !isatty(STDIN_FILENO))
        return LKS_OK;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return lks_fail(LKS_IO, "a pipe to the ranks: %s", strerror(errno));
    *fd = ends[READS];
    return lks_thread_start(NULL, pass_on, (void *)(intptr_t)ends[WRITES],
                            "standard input");
}
