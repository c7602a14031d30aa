#include "daemon/uv/session.h"

#include <ctype.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/saver.h"

typedef struct process {
    char name[16];
    char state;
    pid_t pid, parent, session;
} process;

/* proc(5), /proc/PID/stat: pid (comm) state ppid pgrp session …; comm may hold anything,
 * so fields are counted from its last parenthesis. */
static bool read_process(const char *pid, process *out)
{
    char path[64], line[512];
    char *name, *after;
    FILE *file;
    bool read;

    snprintf(path, sizeof path, "/proc/%s/stat", pid);
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
    out->pid = (pid_t)strtol(pid, NULL, 10);
    return true;
}

static bool read_pid(pid_t pid, process *out)
{
    char name[16];

    snprintf(name, sizeof name, "%d", (int)pid);
    return read_process(name, out);
}

static bool is_dead(const process *p)
{
    return p->state == 'Z' || p->state == 'X';
}

static bool is_stopped(const process *p)
{
    return p->state == 'T' || p->state == 't';
}

/* Which processes a walk is for. */
typedef bool chooser(const process *p, pid_t of);

/* Signals each living process that is chosen, and gives how many there were, the last of
 * them in *last. */
static int walk(chooser *chosen, pid_t of, int signal_number, pid_t *last)
{
    DIR *directory = opendir("/proc");
    const struct dirent *entry;
    int n = 0;

    while (directory && (entry = readdir(directory)) != NULL) {
        process p;

        if (!isdigit((unsigned char)entry->d_name[0]) ||
            !read_process(entry->d_name, &p) || is_dead(&p) || p.pid == getpid() ||
            !chosen(&p, of))
            continue;
        n++;
        *last = p.pid;
        if (signal_number)
            kill(p.pid, signal_number);
    }
    if (directory)
        closedir(directory);
    return n;
}

static bool is_of_session(const process *p, pid_t session)
{
    return p->session == session;
}

static bool is_saver_of(const process *p, pid_t parent)
{
    return p->parent == parent && strcmp(p->name, LKS_SAVER_NAME) == 0;
}

static bool is_stopped_in(const process *p, pid_t session)
{
    return p->session == session && p->pid != session && is_stopped(p);
}

static bool is_child_in(const process *p, pid_t parent)
{
    return p->parent == parent && p->session == parent;
}

/* 0 and 1 are sessions of the kernel and of init: never one that we made. */
int lks_session_signal(pid_t session, int signal_number)
{
    pid_t last;

    return session > 1 ? walk(is_of_session, session, signal_number, &last) : 0;
}

int lks_savers_signal(pid_t parent, int signal_number)
{
    pid_t last;

    return parent > 1 ? walk(is_saver_of, parent, signal_number, &last) : 0;
}

pid_t lks_session_stopped(pid_t session)
{
    pid_t found = 0;

    return session > 1 && walk(is_stopped_in, session, 0, &found) ? found : 0;
}

pid_t lks_session_child(pid_t parent)
{
    pid_t found = 0;

    return parent > 1 && walk(is_child_in, parent, 0, &found) ? found : 0;
}

char lks_process_state(pid_t pid)
{
    process p;

    return read_pid(pid, &p) ? p.state : '\0';
}

bool lks_process_is_idle(pid_t pid)
{
    process p;

    return !read_pid(pid, &p) || is_dead(&p) || is_stopped(&p);
}
