#include "daemon/uv/session.h"

#include <ctype.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/process.h"
#include "proto/saver.h"

/* Which processes a walk is for. */
typedef bool chooser(const lks_process *p, pid_t of);

/* Signals each living process that is chosen, and gives how many there were, the last of
 * them in *last. */
static int walk(chooser *chosen, pid_t of, int signal_number, pid_t *last)
{
    DIR *directory = opendir("/proc");
    const struct dirent *entry;
    int n = 0;

    while (directory && (entry = readdir(directory)) != NULL) {
        lks_process p;

        if (!isdigit((unsigned char)entry->d_name[0]) ||
            !lks_process_read((pid_t)strtol(entry->d_name, NULL, 10), &p) ||
            lks_process_is_dead(&p) || p.pid == getpid() || !chosen(&p, of))
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

static bool is_of_session(const lks_process *p, pid_t session)
{
    return p->session == session;
}

static bool is_saver_of(const lks_process *p, pid_t parent)
{
    return p->parent == parent && strcmp(p->name, LKS_SAVER_NAME) == 0;
}

static bool is_stopped_in(const lks_process *p, pid_t session)
{
    return p->session == session && p->pid != session && lks_process_is_stopped(p);
}

static bool is_child_in(const lks_process *p, pid_t parent)
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
