/* Inputs and targets that are one array each, whatever holds these. Private to core/data.
 */
#ifndef LKS_DATA_ARRAYS_H
#define LKS_DATA_ARRAYS_H

#include "data/columns.h"
#include "io/npy.h"

/* Array k, 0 the inputs and 1 the targets, its elements in columns->files[k].block; that
 * file's path is what errors call it. */
typedef lks_status (*lks_array_open)(const void *from, lks_columns *columns, int k,
                                     lks_npy *out);

/* What a format's open does, both arrays opened by `open`, which is given `from`. */
lks_status lks_arrays_open(lks_columns *columns, lks_array_open open, const void *from);

#endif
