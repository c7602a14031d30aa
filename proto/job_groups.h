/* What stands beside an optimiser's options: its parameter groups. Private to proto. */
#ifndef LKS_PROTO_JOB_GROUPS_H
#define LKS_PROTO_JOB_GROUPS_H

#include "proto/job_option.h"

extern const lks_job_words lks_job_optimizer_keys;

/* From the map of its options; and into a written job, ", groups: […]", behind them. */
lks_status lks_job_groups_read(const lks_job_type *type, const lks_node *map,
                               lks_job_item *out);
lks_status lks_job_groups_write(lks_text *out, const lks_job_type *type,
                                const lks_job_item *item);

#endif
