/* Runs a case and says what came of it. */
#ifndef LKS_TESTS_CONFORMANCE_RUN_H
#define LKS_TESTS_CONFORMANCE_RUN_H

#include "lockstep.h"
#include "sample.h"

typedef enum outcome { PASSED, FAILED, SKIPPED, N_OUTCOMES } outcome;

enum { WHY_SIZE = 512 };

/* `why` is the reason of what did not pass. */
outcome run_sample(const sample *s, lks_device device, char *why);

/* Of what the library does not have (argument NULL: the operation, else that argument of
 * it): SKIPPED where SKIPPED.md says so, else FAILED. */
outcome not_there(const char *name, const char *argument, char *why);

#endif
