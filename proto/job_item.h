/* Layers and optimisers: a type's name with its options. Private to proto. */
#ifndef LKS_PROTO_JOB_ITEM_H
#define LKS_PROTO_JOB_ITEM_H

#include "proto/job_schema.h"
#include "proto/yaml_tree.h"

/* One of `types`; `what` says in errors which kind of thing it is. What defaults are made
 * of is the tree's. */
lks_status lks_job_item_build(lks_tree *tree, const lks_job_type *types, const char *what,
                              const lks_node *node, lks_job_item *out);

#endif
