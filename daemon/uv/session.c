#include "daemon/uv/session.h"

#include <ctype.h>
#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct process {
    char state;
    int session;
} process;

/* proc(5), /proc/PID/stat: pid (comm) state ppid pgrp session …; comm may hold anything,
 * so fields are counted from its last parenthesis. */
static bool read_process(const char *pid, process *out)
{
    char path[64], line[512];
    const char *after;
    FILE *file;
    bool read;

    snprintf(path, sizeof path, "/proc/%s/stat", pid);
    file = fopen(path, "re");
    if (!file)
        return false;
    read = fgets(line, sizeof line, file) != NULL;
    fclose(file);
    after = read ? strrchr(line, ')') : NULL;
    return after && sscanf(after + 1, " %c %*d %*d %d", &out->state, &out->session) == 2;
}

static bool is_dead(const process *p)
{
    return p->state == 'Z' || p->state == 'X';
}

int lks_session_signal(pid_t session, int signal_number)
{
    DIR *directory;
    const struct dirent *entry;
    int n = 0;

    if (session <= 1) /* of the kernel and of init: never one that we made */
        return 0;
    directory = opendir("/proc");
    while (directory && (entry = readdir(directory)) != NULL) {
        process p;

        if (!isdigit((unsigned char)entry->d_name[0]) ||
            !read_process(entry->d_name, &p) || p.session != session || is_dead(&p))
            continue;
        n++;
        if (signal_number)
            kill((pid_t)strtol(entry->d_name, NULL, 10), signal_number);
    }
    if (directory)
        closedir(directory);
    return n;
}

char lks_process_state(pid_t pid)
{
    char name[16];
    process p;

    snprintf(name, sizeof name, "%d", (int)pid);
    return read_process(name, &p) ? p.state : '\0';
}
