/* Where the programs are that `lockstep` starts. Paths are the caller's to lks_free. */
#ifndef LKS_DAEMON_CLI_PROGRAMS_H
#define LKS_DAEMON_CLI_PROGRAMS_H

#include "base/status.h"
#include "daemon/cli/strings.h"

/* This very program. */
lks_status lks_programs_self(char **out);

/* lockstep-worker: $LOCKSTEP_WORKER, else beside this program, else in
 * ../libexec/lockstep, else on the PATH. */
lks_status lks_programs_worker(char **out);

/* Let the worker, with these arguments, take this process's place; returns if it cannot.
 */
lks_status lks_programs_become_worker(const lks_strings *arguments);

/* mpirun: $LOCKSTEP_MPIRUN, else on the PATH. */
lks_status lks_programs_mpirun(char **out);

/* What mpirun of a run on one host is loaded with (daemon/loopback): beside this program,
 * or where it is installed. *out stays NULL where it is not: then mpirun listens to the
 * network. */
lks_status lks_programs_loopback(char **out);

#endif
