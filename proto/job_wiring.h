/* What stands beside a layer's options: its name, and where its inputs come from. Private
 * to proto. */
#ifndef LKS_PROTO_JOB_WIRING_H
#define LKS_PROTO_JOB_WIRING_H

#include "base/text.h"
#include "proto/job_schema.h"
#include "proto/yaml_tree.h"

/* Whether a key is one of `name` and `from`, which layers know. */
bool lks_job_is_wiring(const lks_job_type *types, const char *key);

/* From the map of its options. */
lks_status lks_job_wiring_read(const lks_node *map, lks_job_item *out);

/* Whether it has any; and into a written job, " …, name: c1, from: [a, 4]", behind its
 * options. */
bool lks_job_has_wiring(const lks_job_item *item);
void lks_job_wiring_write(lks_text *out, const lks_job_item *item);

#endif
