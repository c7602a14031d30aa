/* Vocabularies in the JSON of a data_record. Private to core/data. */
#ifndef LKS_DATA_RECORD_JSON_H
#define LKS_DATA_RECORD_JSON_H

#include <jansson.h>

#include "data/dataset.h"

/* "vocabularies": [{"tokens": "word", "list": ["<pad>", …]}], unless there are none.
 * False: no memory. */
bool lks_record_put_vocabs(json_t *root, const lks_vocab *const *vocabs);

/* Into out[LKS_DATASET_MAX_VOCABS], NULL before; the caller's to unref, after a failure
 * too. LKS_FORMAT: names the path. */
lks_status lks_record_read_vocabs(const json_t *root, const char *path, lks_vocab **out);

#endif
