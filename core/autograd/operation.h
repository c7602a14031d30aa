/* The graph's half of an operation: what a node remembers of it and the sweep calls. The
 * other half, how a result comes about, is ops/op.h's for the built-in operations and
 * function.c's for a user's own. */
#ifndef LKS_AUTOGRAD_OPERATION_H
#define LKS_AUTOGRAD_OPERATION_H

#include <stddef.h>

#include "base/status.h"

struct lks_backprop;

/* What a backward may ask for: an input, the output, what forward left beside it. */
#define LKS_IN(i) (1u << (i))
#define LKS_OUT   (1u << 8)
#define LKS_AUX   (1u << 9)

/* The members, so that an operation's whole table (lks_op) has them as its own. */
#define LKS_OPERATION_MEMBERS                                                            \
    const char *name;                                                                    \
    int code;           /* which formula of a family: lks_unary, lks_binary */           \
    size_t params_size; /* params are copied into the node */                            \
    lks_status (*backward)(struct lks_backprop * bp); /* NULL: not differentiable */     \
    void (*release)(void *params);                    /* may be NULL */                  \
    const char *(*name_of)(const void *params);       /* instead of name; may be NULL */

typedef struct lks_operation {
    LKS_OPERATION_MEMBERS
} lks_operation;

#endif
