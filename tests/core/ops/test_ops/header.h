/* The operations that core/ops/ops.h and attention.h declare one by one; those that are
 * made of a list (comparisons) are in ops.def by the same list. */
#ifndef LKS_TESTS_OPS_HEADER_H
#define LKS_TESTS_OPS_HEADER_H

/* Returns how many there are. */
int for_each_declared(void (*visit)(const char *name));

#endif
