/* What stands beside a schedule's options: how often it moves, and until when where
 * another one follows. Private to proto. */
#ifndef LKS_PROTO_JOB_PACE_H
#define LKS_PROTO_JOB_PACE_H

#include "proto/job_option.h"

extern const lks_job_words lks_job_schedule_keys;

/* From the map of its options; and into a written job, ", every: step",
 * behind them. */
lks_status lks_job_pace_read(const lks_node *map, lks_job_item *out);
void lks_job_pace_write(lks_text *out, const lks_job_item *item);

/* Of schedules one after the other, read from `node`: all move alike, each but the last
 * has its end. */
lks_status lks_job_pace_agree(const lks_node *node, lks_job_item *items, size_t n);

#endif
