/* Overrides (`--set`) of a job that is still a tree. Private to proto. */
#ifndef LKS_PROTO_JOB_SET_H
#define LKS_PROTO_JOB_SET_H

#include "proto/yaml_tree.h"

/* Apply "key.sub=value" to the tree below `root`. */
lks_status lks_job_set(lks_tree *tree, lks_node *root, const char *override);

#endif
