/* What is skipped, and why: the tables of SKIPPED.md, which this program was built with.
 */
#ifndef LKS_TESTS_CONFORMANCE_SKIPPED_H
#define LKS_TESTS_CONFORMANCE_SKIPPED_H

#include <stddef.h>

#include "base/status.h"

/* Why cases of `name` are skipped: all of them (argument NULL), or those that give
 * `argument`. NULL if they are not. Valid until the next call. */
const char *skipped_why(const char *name, const char *argument);

/* LKS_FORMAT unless every row of SKIPPED.md is one, stands once, and is of an operation
 * that no adapter runs, or of an argument to one that some does. */
lks_status skipped_check(void);

#endif
