/* Between a rank and the `lockstep run` that has started it, a thread of its own: it
 * gives the signs of life that the command has asked for (proto/sign.h), and it ends the
 * rank when nobody is left who could: mpirun, the rank's parent, and the guard, its
 * session's leader, both gone or stopped for ORPHANED_S seconds.
 *
 * One for the process. All functions do nothing where no signs are wanted. */
#ifndef LKS_WORKER_LIFELINE_H
#define LKS_WORKER_LIFELINE_H

#include "proto/sign.h"

/* First of all, before MPI; `size` of the world as the launcher tells it. */
void lks_lifeline_start(uint32_t rank, uint32_t size);

/* How far this rank has come. From LKS_STAGE_IN on only rank 0 gives signs. One that is
 * in LKS_STAGE_MPI for 30 s, its host cut off perhaps, or in LKS_STAGE_END for 8 s
 * leaves at once. */
void lks_lifeline_stage(lks_stage stage);

/* One last sign, of a rank that is about to leave at once: rank 0 is dead. Any thread. */
void lks_lifeline_lost(void);

/* End this process in a tenth of a second: what it has said gets through. An mpirun that
 * sees a rank end first ends the others, and passes nothing on meanwhile, for seconds.
 * Any thread. */
_Noreturn void lks_lifeline_exit(int exit_status);

/* Leave at once: neither the coordinator nor mpirun can be told, nor has it told us. So
 * the parent goes, too: mpirun's daemon on a host that is cut off would stay until TCP
 * gives up, a quarter of an hour. Any thread but our own. */
_Noreturn void lks_lifeline_leave(int exit_status);

/* LKS_STAGE_END: all is done but the end of MPI, which waits for mpirun, or for its
 * daemon on another host, for ever where that is stopped. */
void lks_lifeline_end(int exit_status);

/* The file to remove when an orphan has to leave at once; copied, NULL: none any more. */
void lks_lifeline_socket(const char *path);

/* Join the thread. */
void lks_lifeline_stop(void);

#endif
