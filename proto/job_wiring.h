/* What stands beside a layer's options: its name, and where its inputs come from. Private
 * to proto. */
#ifndef LKS_PROTO_JOB_WIRING_H
#define LKS_PROTO_JOB_WIRING_H

#include "proto/job_option.h"

extern const lks_job_words lks_job_layer_keys;

/* From the map of its options; and into a written job, ", name: c1, from: [a, 4]", behind
 * them. */
lks_status lks_job_wiring_read(const lks_node *map, lks_job_item *out);
void lks_job_wiring_write(lks_text *out, const lks_job_item *item);

#endif
