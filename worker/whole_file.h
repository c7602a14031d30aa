/* A file that is written piece by piece and appears whole, where there was none before:
 * whoever is killed meanwhile leaves nothing, where the file system knows files without a
 * name, else one that is called "NAME.tmp-PID". */
#ifndef LKS_WORKER_WHOLE_FILE_H
#define LKS_WORKER_WHOLE_FILE_H

#include <stddef.h>

#include "base/status.h"

typedef struct lks_whole_file lks_whole_file;

/* LKS_INVALID: something is called `path` already; LKS_IO: its folder is not there or
 * cannot be written. */
lks_status lks_whole_file_create(const char *path, lks_whole_file **out);

/* LKS_IO: a full disk … */
lks_status lks_whole_file_write(lks_whole_file *file, const void *bytes, size_t n_bytes);

/* Let it appear, once all of it is on the disk. Errors as of both. */
lks_status lks_whole_file_commit(lks_whole_file *file);

/* What has not appeared is gone. NULL is fine. */
void lks_whole_file_destroy(lks_whole_file *file);

#endif
