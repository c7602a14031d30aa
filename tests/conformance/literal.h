/* Values that are no tensors: "int 3", "ints 2 5 5" … of arguments, and Python's literals
 * among a constructor's arguments. */
#ifndef LKS_TESTS_CONFORMANCE_LITERAL_H
#define LKS_TESTS_CONFORMANCE_LITERAL_H

#include "sample.h"

/* `type` and what follows it on the line. LKS_FORMAT. */
lks_status scalar_read(text *t, const char *type, char *rest, item *it);

/* 3, 0.5, True, None, 'mean', (2, 3), tensor [...]. LKS_FORMAT. */
lks_status literal_read(text *t, char *rest, item *it);

#endif
