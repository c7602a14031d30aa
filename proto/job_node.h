/* A job's node, read as a scalar or refused with what a person needs to know. Private to
 * proto. */
#ifndef LKS_PROTO_JOB_NODE_H
#define LKS_PROTO_JOB_NODE_H

#include <stdint.h>

#include "proto/yaml_tree.h"

/* Neither in quotes nor a map or a list. */
bool lks_node_is_plain(const lks_node *node);

/* "NAME is 'many', it must be …". */
lks_status lks_node_flag(const lks_node *node, const char *name, bool *out);
lks_status lks_node_real(const lks_node *node, const char *name, const char *expected,
                         double *out);
/* min <= *out <= max; `or_else` is what else may stand there, "auto or ", or "". */
lks_status lks_node_whole(const lks_node *node, const char *name, const char *or_else,
                          uint64_t min, uint64_t max, uint64_t *out);
lks_status lks_node_text(const lks_node *node, const char *name, const char **out);
lks_status lks_node_expected(const lks_node *node, const char *name,
                             const char *expected);

/* ", in plain digits" for 1e3, 010, 1_000 and such, where a whole number must stand. */
const char *lks_node_digits_hint(const lks_node *node);

/* "; did you mean 'x'?", or 'x' or 'y', or "; it knows a, b, c" after `lead`. */
const char *lks_job_hint(const char *word, const char *const *known, size_t n,
                         const char *lead, char *out, size_t size);

#endif
