/* What several keys of a job must agree on. Private to proto. */
#ifndef LKS_PROTO_JOB_CHECK_H
#define LKS_PROTO_JOB_CHECK_H

#include "proto/job_draft.h"

lks_status lks_job_check(const lks_job_build *build);

#endif
