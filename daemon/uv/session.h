/* Processes on this host, from /proc: those of a session, and savers. A child cannot
 * leave its session without setsid, which of what a run starts only a saver calls: the
 * process that finishes writing the weights whatever becomes of its rank. */
#ifndef LKS_DAEMON_UV_SESSION_H
#define LKS_DAEMON_UV_SESSION_H

#include <sys/types.h>

/* Send `signal_number` (0: only look) to every process of the session that is not yet
 * dead, but not to ourselves; gives how many there were. */
int lks_session_signal(pid_t session, int signal_number);

/* The same for the savers whose parent is `parent`: a rank, or who adopted it from one
 * that is gone. */
int lks_savers_signal(pid_t parent, int signal_number);

/* A stopped process of the session, other than its leader; 0 if there is none. */
pid_t lks_session_stopped(pid_t session);

/* A child of the session leader `parent` that is in its session; 0 if there is none. */
pid_t lks_session_child(pid_t parent);

#endif
