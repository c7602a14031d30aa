/* An option of a layer or an optimiser: its value read, refused, written. Private to
 * proto. */
#ifndef LKS_PROTO_JOB_OPTION_H
#define LKS_PROTO_JOB_OPTION_H

#include "base/text.h"
#include "proto/job_schema.h"
#include "proto/yaml_tree.h"

/* Keys that may stand beside a type's options. */
typedef struct lks_job_words {
    const char *const *words;
    size_t n;
} lks_job_words;

bool lks_job_has_word(const lks_job_words *list, const char *word);

/* Its value; the error of a key in `node` that `type` has no option for. */
lks_status lks_job_option_read(const lks_job_option *option, const lks_node *node,
                               lks_option *out);
lks_status lks_job_option_refuse(const lks_job_type *type, const lks_job_words *beside,
                                 const lks_node *node);

/* "lr: 0.1, momentum: 0.9" */
lks_status lks_job_options_write(lks_text *out, const lks_job_type *type,
                                 const lks_option *options, size_t n);

#endif
