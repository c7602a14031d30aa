/* What of its training data a trained model goes by: kept with its weights, so that other
 * data are read and scaled as they were, whatever has become of the files since. */
#ifndef LKS_DATA_DATA_RECORD_H
#define LKS_DATA_DATA_RECORD_H

#include "data/dataset.h"
#include "data/standardise.h"

/* Owns all that it has. */
typedef struct lks_data_record {
    lks_table table;        /* its classes also of data that are no table; vocabularies */
    lks_input_scale *scale; /* NULL: inputs are not standardised */
} lks_data_record;

/* Copies of what `training`, as it was opened, and its scale (NULL: it has none) say. A
 * zeroed *out is filled, after a failure in part. LKS_NOMEM. */
lks_status lks_data_record_init(const lks_dataset *training, const lks_input_scale *scale,
                                lks_data_record *out);

/* Whether it says anything. */
bool lks_data_record_is_empty(const lks_data_record *record);

/* As one line of JSON, the caller's to lks_free, whose numbers read back to the same
 * bits. A text that is no UTF-8 is a list of its bytes.
 *   errors  LKS_NUMERIC: a number is not finite */
lks_status lks_data_record_text(const lks_data_record *record, char **out);

/* From a file with such a line; *out is filled as above.
 *   errors  LKS_IO; LKS_FORMAT: it is no such line. Texts name the file. */
lks_status lks_data_record_read(const char *path, lks_data_record *out);

/* One that is all zero is fine. */
void lks_data_record_release(lks_data_record *record);

#endif
