/* From a tree of nodes to a checked job. Private to proto. Who includes whom is a line:
 *
 *     job_yaml.c -> job_set.h     overrides change the tree
 *                -> job_build.h   each node finds its key of the schema, each key its
 *                    |            value
 *                    +-> job_check.h   what several keys must agree on
 *                    +-> job_value.h   a node becomes a member of lks_job, by the key's
 *                         |            kind
 *                         +-> job_item.h    layers and optimisers
 *                         |    +-> job_wiring.h   a layer's name and sources
 *                         |    +-> job_groups.h   an optimiser's parameter groups
 *                         |    +-> job_pace.h     when a schedule moves, and until when
 *                         |         +-> job_option.h   an option's value
 *                         +-> path_text.h   files
 *
 * Below all of these: job_node.h, a node read or refused; job_draft.h, the job so far. */
#ifndef LKS_PROTO_JOB_BUILD_H
#define LKS_PROTO_JOB_BUILD_H

#include "proto/job_draft.h"

/* The whole way; *out is written only on success. */
lks_status lks_job_build_run(lks_job_build *build, lks_job *out);

#endif
