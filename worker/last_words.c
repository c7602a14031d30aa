#define _GNU_SOURCE
#include "worker/last_words.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Other threads may hold locks: only calls that a signal handler may make. */
static _Noreturn void wait_and_speak(const int pipe_fds[2], const char *line)
{
    char byte;

    close(pipe_fds[1]);
    if (read(pipe_fds[0], &byte, 1) == 0)
        (void)!write(STDERR_FILENO, line, strlen(line));
    _exit(0);
}

static void silence_stderr(lks_last_words *self)
{
    const int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

    self->stderr_fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (null >= 0 && self->stderr_fd >= 0)
        dup2(null, STDERR_FILENO);
    if (null >= 0)
        close(null);
}

void lks_last_words_begin(lks_last_words *self, const char *text)
{
    int pipe_fds[2];
    char line[1024];

    *self = (lks_last_words){.alive_fd = -1, .stderr_fd = -1, .child = -1};
    snprintf(line, sizeof line, "lockstep: error: %s\n", text);
    if (pipe2(pipe_fds, O_CLOEXEC) != 0)
        return;
    self->child = fork();
    if (self->child == 0)
        wait_and_speak(pipe_fds, line);
    close(pipe_fds[0]);
    self->alive_fd = pipe_fds[1];
    if (self->child > 0)
        silence_stderr(self);
}

void lks_last_words_end(lks_last_words *self)
{
    if (self->stderr_fd >= 0) {
        dup2(self->stderr_fd, STDERR_FILENO);
        close(self->stderr_fd);
    }
    if (self->child > 0) {
        (void)!write(self->alive_fd, "", 1);
        waitpid(self->child, NULL, 0);
    }
    if (self->alive_fd >= 0)
        close(self->alive_fd);
}
