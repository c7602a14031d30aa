/* SIGINT and SIGTERM: stop after the current step. A second one of the same kind ends the
 * process at once. */
#ifndef LKS_WORKER_SIGNALS_H
#define LKS_WORKER_SIGNALS_H

#include "worker/pulse.h"

/* `pulse` gets the wish, until they are ignored. */
void lks_signals_catch(lks_pulse *pulse);

/* Ignore them from here on: the process is about to end. */
void lks_signals_ignore(void);

#endif
