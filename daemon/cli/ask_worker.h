/* What only `lockstep-worker` knows, asked of it. */
#ifndef LKS_DAEMON_CLI_ASK_WORKER_H
#define LKS_DAEMON_CLI_ASK_WORKER_H

#include <stdint.h>

/* GPUs that a job could train on here; 0 as well where the worker does not say so within
 * 20 s. Where it was built without them nobody is asked. */
uint32_t lks_ask_n_gpus(void);

#endif
