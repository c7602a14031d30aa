/* A job on its way from a tree of nodes: what job_build.c, job_value.c and job_check.c
 * hand on. Private to proto. */
#ifndef LKS_PROTO_JOB_DRAFT_H
#define LKS_PROTO_JOB_DRAFT_H

#include "proto/job_schema.h"
#include "proto/yaml_tree.h"

typedef struct lks_job_build {
    lks_tree *tree;
    lks_node *root;
    /* What relative paths of the file and of overrides stand on; NULL: left as they are. */
    const char *folder, *cwd;
    const lks_node *found[LKS_JOB_N_KEYS]; /* NULL: the file is silent */
    lks_job job;
} lks_job_build;

#endif
