/* Starting a thread. It hears no signals but of its own faults: those are for the threads that the program's
 * main makes itself. */
#ifndef LKS_BASE_THREAD_H
#define LKS_BASE_THREAD_H

#include <pthread.h>

#include "base/status.h"

/* run(context) in a thread that is joined with pthread_join(*out); with `out` NULL, in
 * one that nobody joins. `name` says in an error whose thread it is: "the loader".
 *   errors   LKS_NOMEM: no thread is to be had; *out is undefined */
lks_status lks_thread_start(pthread_t *out, void *(*run)(void *), void *context,
                            const char *name);

/* The same for whoever can do without: 0, or why there is none, as in errno. Nothing is
 * recorded. */
int lks_thread_try(pthread_t *out, void *(*run)(void *), void *context);

#endif
