/* full_socket COMMAND…: runs it with a socket as its standard output and error. After the
 * first line the socket is filled to the brim; then the file "full" is made, and only
 * seconds later is the rest read. Prints what it read, and ends as the command did. */
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOT_READ_S = 2 };

static pid_t start(char **command, int out)
{
    pid_t pid = fork();

    if (pid == 0) {
        dup2(out, STDOUT_FILENO);
        dup2(out, STDERR_FILENO);
        execvp(command[0], command);
        _exit(127);
    }
    return pid;
}

static void copy_a_line(int from)
{
    char c = 0;

    while (c != '\n' && read(from, &c, 1) == 1)
        putchar(c);
}

static void fill(int to)
{
    FILE *full;

    while (send(to, ".", 1, MSG_DONTWAIT) == 1)
        ;
    if ((full = fopen("full", "w")) != NULL)
        fclose(full);
}

static void copy_the_rest(int from)
{
    char bytes[4096];
    ssize_t n;

    while ((n = read(from, bytes, sizeof bytes)) > 0)
        fwrite(bytes, 1, (size_t)n, stdout);
}

int main(int argc, char **argv)
{
    int ends[2], status;
    pid_t pid;

    if (argc < 2 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return 2;
    pid = start(argv + 1, ends[0]);
    copy_a_line(ends[1]);
    fill(ends[0]);
    close(ends[0]);
    sleep(NOT_READ_S);
    copy_the_rest(ends[1]);
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status)
               ? WEXITSTATUS(status)
               : 2;
}
