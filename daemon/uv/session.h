/* The processes of a session on this host, from /proc. A child cannot leave its session
 * without setsid, which ranks do not call; process groups it changes at will. */
#ifndef LKS_DAEMON_UV_SESSION_H
#define LKS_DAEMON_UV_SESSION_H

#include <sys/types.h>

/* Send `signal_number` (0: only look) to every process of the session that is not yet
 * dead; gives how many there were. */
int lks_session_signal(pid_t session, int signal_number);

/* A process's state letter as in proc(5), 'T' being stopped; '\0' if there is none. */
char lks_process_state(pid_t pid);

#endif
