/* What a layer's parameters begin with: init: {weight: {kaiming_normal: {…}}, bias: zeros}.
 * Which parameters it has, whoever builds the model knows. Private to proto. */
#ifndef LKS_PROTO_JOB_INIT_H
#define LKS_PROTO_JOB_INIT_H

#include "base/text.h"
#include "proto/job_schema.h"
#include "proto/yaml_tree.h"

/* From the map of a layer's options; of a type that has an option of that name nothing. */
lks_status lks_job_init_read(lks_tree *tree, const lks_job_type *type,
                             const lks_node *map, lks_job_item *out);

#endif
