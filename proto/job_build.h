/* From a tree of nodes to a checked job. Private to proto.
 *
 *     job_set.c     overrides change the tree
 *     job_build.c   each node finds its key of the schema, each key its value
 *     job_value.c   a node becomes a member of lks_job, by the key's kind
 *     job_item.c    layers and optimisers
 *     job_check.c   what several keys must agree on */
#ifndef LKS_PROTO_JOB_BUILD_H
#define LKS_PROTO_JOB_BUILD_H

#include "proto/job_schema.h"
#include "proto/yaml_tree.h"

typedef struct lks_job_build {
    lks_tree *tree;
    lks_node *root;
    /* What relative paths of the file and of overrides stand on; NULL: left as they are.
     */
    const char *folder, *cwd;
    const lks_node *found[LKS_JOB_N_KEYS]; /* NULL: the file is silent */
    lks_job job;
} lks_job_build;

/* The whole way; *out is written only on success. */
lks_status lks_job_build_run(lks_job_build *build, lks_job *out);

/* Apply "key.sub=value" to the tree. */
lks_status lks_job_set(lks_job_build *build, const char *override);

/* Set the key's member from a node. */
lks_status lks_job_value(lks_job_build *build, const lks_job_key *key,
                         const lks_node *node);

/* One layer or optimiser; `what` says which in errors. */
lks_status lks_job_item_build(lks_job_build *build, const lks_job_type *types,
                              const char *what, const lks_node *node, lks_job_item *out);

lks_status lks_job_check(const lks_job_build *build);

/* The found node of a key of this path, NULL if the file is silent. */
const lks_node *lks_job_found(const lks_job_build *build, const char *path);

/* Scalars with the error a person needs: "NAME is 'many', it must be …". */
lks_status lks_node_flag(const lks_node *node, const char *name, bool *out);
lks_status lks_node_real(const lks_node *node, const char *name, const char *expected,
                         double *out);
lks_status lks_node_text(const lks_node *node, const char *name, const char **out);
lks_status lks_node_expected(const lks_node *node, const char *name,
                             const char *expected);

/* ", in plain digits" for 1e3, 010, 1_000 and the like, where a whole number must stand.
 */
const char *lks_node_digits_hint(const lks_node *node);

/* "; did you mean 'x'?", or "; it knows a, b, c" after `lead`. */
const char *lks_job_hint(const char *word, const char *const *known, size_t n,
                         const char *lead, char *out, size_t size);

#endif
