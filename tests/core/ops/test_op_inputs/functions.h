/* Functions of one tensor, what else they take being fixed: an operation each. */
#ifndef LKS_TESTS_OP_INPUTS_FUNCTIONS_H
#define LKS_TESTS_OP_INPUTS_FUNCTIONS_H

#include "lockstep.h"

typedef lks_tensor *(*op_fn)(lks_tensor *x);

extern const struct function {
    const char *name;
    op_fn f;
} functions[];
extern const int n_functions;

#endif
