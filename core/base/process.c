#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
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

/* proc(5), /proc/PID/stat: pid (comm) state ppid pgrp session …; comm may hold anything,
 * so fields are counted from its last parenthesis. */
bool lks_process_read(pid_t pid, lks_process *out)
{
    char path[64], line[512];
    char *name, *after;
    FILE *file;
    bool read;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    file = fopen(path, "re");
    if (!file)
        return false;
    read = fgets(line, sizeof line, file) != NULL;
    fclose(file);
    name = read ? strchr(line, '(') : NULL;
    after = name ? strrchr(name, ')') : NULL;
    if (!after ||
        sscanf(after + 1, " %c %d %*d %d", &out->state, &out->parent, &out->session) != 3)
        return false;
    *after = '\0';
    snprintf(out->name, sizeof out->name, "%.15s", name + 1);
    out->pid = pid;
    return true;
}

bool lks_process_is_dead(const lks_process *process)
{
    return process->state == 'Z' || process->state == 'X';
}

bool lks_process_is_stopped(const lks_process *process)
{
    return process->state == 'T' || process->state == 't';
}

char lks_process_state(pid_t pid)
{
    lks_process process;

    return lks_process_read(pid, &process) ? process.state : '\0';
}

bool lks_process_is_idle(pid_t pid)
{
    lks_process process;

    return !lks_process_read(pid, &process) || lks_process_is_dead(&process) ||
           lks_process_is_stopped(&process);
}
