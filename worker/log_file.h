/* A rank's log: logs/rank-N.log in the run directory gets every line, the terminal what a
 * person must see: warnings and errors, from rank 0 warnings only. */
#ifndef LKS_WORKER_LOG_FILE_H
#define LKS_WORKER_LOG_FILE_H

#include "base/status.h"
#include "proto/run_dir.h"

/* From here until the process ends, lines go through us: to the terminal alone before
 * lks_log_file_open. Before other threads start. */
void lks_log_file_init(int rank);

/* Make the file. LKS_INVALID: it is there already; LKS_IO: it cannot be written. */
lks_status lks_log_file_open(lks_run_dir *dir, int rank);

#endif
