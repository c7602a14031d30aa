/* One key's value. Private to proto. */
#ifndef LKS_PROTO_JOB_VALUE_H
#define LKS_PROTO_JOB_VALUE_H

#include "proto/job_draft.h"

/* Set the key's member of build->job from a node. */
lks_status lks_job_value(lks_job_build *build, const lks_job_key *key,
                         const lks_node *node);

#endif
