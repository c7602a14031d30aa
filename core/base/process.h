/* Processes: what ours does before anything else, and what /proc tells of others. */
#ifndef LKS_BASE_PROCESS_H
#define LKS_BASE_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

/* The first statement of main, before a file, a socket or a thread is made:
 *
 * Descriptors 0, 1 and 2 are open. Whichever of them is closed (cron, daemons, `>&-`) is
 * opened on /dev/null, so that no file of ours gets its number, and then what others
 * print.
 *
 * SIGXFSZ is ignored: a write beyond `ulimit -f` fails with EFBIG, as on a full disk,
 * and does not kill. Programs that we execute inherit this: meant for mpirun and its
 * ranks. */
void lks_process_begin(void);

typedef struct lks_process {
    char name[16];
    char state; /* 'T' and 't': stopped, 'Z' and 'X': dead. source: proc(5) */
    pid_t pid, parent, session;
} lks_process;

/* False: there is none. */
bool lks_process_read(pid_t pid, lks_process *out);

bool lks_process_is_dead(const lks_process *process);
bool lks_process_is_stopped(const lks_process *process);

/* The state alone; '\0' if there is no such process. */
char lks_process_state(pid_t pid);

/* Whether it does nothing any more: stopped, dead or gone. */
bool lks_process_is_idle(pid_t pid);

#endif
