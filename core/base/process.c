#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

static void hold_descriptor(int fd)
{
    int opened;

    if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
        return;
    opened = open("/dev/null", fd == STDIN_FILENO ? O_RDONLY : O_WRONLY);
    if (opened < 0)
        opened = open("/", O_RDONLY); /* no /dev here: what cannot be written holds it */
    if (opened >= 0 && opened != fd) {
        dup2(opened, fd);
        close(opened);
    }
}

void lks_process_begin(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        hold_descriptor(fd);
    signal(SIGXFSZ, SIG_IGN);
}
