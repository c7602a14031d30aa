/* What stands beside a schedule's options: how often it moves. Private to proto. */
#ifndef LKS_PROTO_JOB_EVERY_H
#define LKS_PROTO_JOB_EVERY_H

#include "proto/job_option.h"

extern const lks_job_words lks_job_schedule_keys;

/* From the map of its options, NULL for none; and into a written job, ", every: step",
 * behind them. */
lks_status lks_job_every_read(const lks_node *map, lks_job_item *out);
void lks_job_every_write(lks_text *out, const lks_job_item *item);

#endif
