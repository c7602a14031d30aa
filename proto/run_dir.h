/* A run's directory: how it comes to be, the names in it, and who made what.
 *
 * Whoever makes DIR/logs has claimed DIR for its run: of several starts at once one can.
 * What a process makes there is noted in its own lks_run_dir, and a failed start takes
 * back what is noted, nothing else. Files are made anew: what is there already, a link
 * included, is never followed, emptied or added to. All modes are what the umask leaves
 * of 0777 and 0666. A lks_run_dir is a plain value, of one thread. */
#ifndef LKS_PROTO_RUN_DIR_H
#define LKS_PROTO_RUN_DIR_H

#include <stdbool.h>

#include "base/status.h"

#define LKS_RUNS_FOLDER    "runs" /* of runs that are given no directory */
#define LKS_RUN_LOGS       "logs"
#define LKS_RUN_JOB        "job.yaml"
#define LKS_RUN_TRAINED_ON "trained_on.json"
#define LKS_RUN_METRICS    "metrics.jsonl"
#define LKS_RUN_EVALUATION "evaluation.json"
#define LKS_RUN_WEIGHTS    "model.safetensors"
#define LKS_RUN_RESULT     "result.json"
#define LKS_RUN_SOCKET     "status.sock"
#define LKS_RUN_MPIRUN_LOG LKS_RUN_LOGS "/mpirun.log"
#define LKS_RUN_RANK_LOG   LKS_RUN_LOGS "/rank-%d.log"

enum { LKS_RUN_DIR_MAX = 3072, LKS_RUN_DIR_FILES = 8, LKS_RUN_DIR_NAME = 32 };

typedef struct lks_run_dir {
    char path[LKS_RUN_DIR_MAX]; /* without a slash at its end */
    bool is_new;                /* the directory was made for this run */
    bool has_new_logs;          /* and its logs/ */
    bool is_open_to_all;        /* it was there, and everybody may write to it */
    int n_files;                /* made by this process */
    char files[LKS_RUN_DIR_FILES][LKS_RUN_DIR_NAME];
} lks_run_dir;

/* What to warn of where is_open_to_all; %s: its path. */
#define LKS_RUN_DIR_IS_OPEN                                                              \
    "--run-dir %s: all users may write to it, and so exchange the run's files"

/* Claim a directory: the one that --run-dir names, made with its parents where it is not
 * there yet, or the first of runs/<job>-<date>-<time>, …-2, …-3 that is not.
 *   given    NULL: a dated one. One that is there may hold anything but a run; it, and a
 *            link that leads to it, belong to this user or to root.
 *   errors   LKS_INVALID: it holds a run, is no directory, another user's, or has no name
 *            or too long a one; LKS_IO: it cannot be made or written. Nothing is left
 *            then but parents. */
lks_status lks_run_dir_claim(const char *given, const char *job_name, lks_run_dir *out);

/* In a process for which another has claimed `claimed`: make what is missing of it, as on
 * a host that does not share the file system. The folders that the other made count as
 * made here, so that whoever leaves last can remove them. LKS_IO: it cannot be made;
 * `out` is usable all the same. */
lks_status lks_run_dir_join(const lks_run_dir *claimed, lks_run_dir *out);

/* Undo a claim or a join: remove the files that were made through `dir`, and the folders
 * made for the run that are empty then. */
void lks_run_dir_discard(lks_run_dir *dir);

/* The name of the first thing in the directory `path` that is a run's, NULL if there is
 * none; of logs/ only rank 0's log counts. Links count, wherever they lead. */
const char *lks_run_dir_trace(const char *path);

/* The run's id: the directory's last part, its own name where that is "." or "..", "run"
 * for "/". The caller's to lks_free; NULL: no memory. */
char *lks_run_dir_id(const char *path);

/* PATH/NAME, the caller's to lks_free; NULL: no memory. */
char *lks_run_dir_path(const char *path, const char *name);

/* Whether there is a file NAME in the directory `path`; and to remove it, if so. */
bool lks_run_dir_has(const char *path, const char *name);
void lks_run_dir_remove(const char *path, const char *name);

/* ---- files: run_dir_files.c ---- */

/* Make the file `name` ("metrics.jsonl", "logs/rank-0.log") and open it to append to. No
 * part of `name` is followed if it is a link. The descriptor, closed by exec, is the
 * caller's. Errors: LKS_INVALID, something of that name is there; LKS_IO. */
lks_status lks_run_dir_open_new(lks_run_dir *dir, const char *name, int *out_fd);

/* Make a small file whole or not at all; the same errors. */
lks_status lks_run_dir_write(lks_run_dir *dir, const char *name, const char *text);

/* Once nobody writes to the directory `path` any more: remove what a killed writer of a
 * whole file left unfinished, "model.safetensors.tmp-<pid>-<n>" and its like. */
void lks_run_dir_remove_unfinished(const char *path);

/* The same of writers of this host that are dead: of a run that nobody watches any more,
 * whose weights may still be being written. */
void lks_run_dir_remove_abandoned(const char *path);

#endif
