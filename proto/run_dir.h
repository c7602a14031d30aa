/* A run's directory: what is in it and how it comes to be. It appears with its log folder
 * and nothing else; the files are their writers'. */
#ifndef LKS_PROTO_RUN_DIR_H
#define LKS_PROTO_RUN_DIR_H

#include <stdbool.h>

#include "base/status.h"

enum { LKS_RUN_DIR_MAX = 3072 };

/* The directory that --run-dir names, or runs/<job>-<date>-<time> with a number behind it
 * where that is taken. Made, with its parents. `out` [LKS_RUN_DIR_MAX]: its path.
 *   errors  LKS_IO: it cannot be made or written; LKS_INVALID: it holds a run already, or
 *           its name is too long */
lks_status lks_run_dir_create(const char *given, const char *job_name, char *out);

/* On a rank that shares the path but perhaps not the file system: make what is missing.
 */
lks_status lks_run_dir_join(const char *dir);

/* After lks_run_dir_create, or _join on ranks above 0, and a failed start: remove what
 * this rank put there (nothing else), and the directory if it is empty then. */
void lks_run_dir_discard(const char *dir, int rank);

/* The run's id: the directory's last part, its own name where that is "." or "..", "run"
 * for "/". The caller's to lks_free; NULL: no memory. */
char *lks_run_dir_id(const char *dir);

/* DIR/NAME, the caller's to lks_free; NULL: no memory. */
char *lks_run_dir_path(const char *dir, const char *name);

/* Write a small file whole or not at all. */
lks_status lks_run_dir_write(const char *dir, const char *name, const char *text);

#endif
