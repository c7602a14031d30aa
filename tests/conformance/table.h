/* From a case's name to what runs it. */
#ifndef LKS_TESTS_CONFORMANCE_TABLE_H
#define LKS_TESTS_CONFORMANCE_TABLE_H

#include "call.h"

/* One operation or module: an adapter, or for what takes one or two tensors and nothing
 * else, the function itself. */
typedef struct row {
    const char *name;
    void (*run)(call *c);
    lks_tensor *(*unary)(lks_tensor *x);
    lks_tensor *(*binary)(lks_tensor *a, lks_tensor *b);
} row;

/* The rows of one file. */
typedef struct family {
    const row *rows;
    size_t n_rows;
} family;
#define FAMILY(name, rows) const family name = {rows, sizeof(rows) / sizeof *(rows)}

/* NULL if the library has none of that name. */
const row *table_find(const char *name);
const row *table_at(size_t i); /* NULL behind the last */

#endif
