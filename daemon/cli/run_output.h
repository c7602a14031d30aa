/* What a run prints, sorted: the ranks' standard output passes through untouched; of
 * standard error, the program's own lines ("lockstep: …") pass, mpirun's and everybody
 * else's go to the log; errors are kept back for the end, so that a run ends in one line.
 *
 * An error line is how a rank says that the run is over, a sign that it lives. */
#ifndef LKS_DAEMON_CLI_RUN_OUTPUT_H
#define LKS_DAEMON_CLI_RUN_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/status.h"
#include "daemon/cli/bounded_log.h"
#include "daemon/cli/mpirun_news.h"
#include "daemon/uv/launcher.h"
#include "proto/run_dir.h"
#include "proto/sign.h"

/* Where it goes. */
typedef struct lks_run_output_ops {
    /* What passes: to our standard output or standard error. */
    void (*write)(void *context, lks_launch_stream stream, const char *bytes,
                  size_t n_bytes);
    /* A rank lives. */
    void (*sign)(void *context, const lks_sign *sign);
} lks_run_output_ops;

typedef struct lks_run_output {
    const lks_run_output_ops *ops;
    void *context;
    FILE *log;
    lks_bounded_log bounded; /* what goes into it */
    char *log_path;
    bool mid_line;  /* standard output stands within a line */
    bool has_begun; /* a rank has been heard of */
    lks_mpirun_news news;
    char error[2048]; /* the first error that a rank told, without its prefix; or "" */
    char line[2048];  /* of standard error, still without its end; cut when longer */
    size_t n_line;
} lks_run_output;

/* Makes logs/mpirun.log in the run's directory. */
lks_status lks_run_output_init(lks_run_output *output, lks_run_dir *dir,
                               const lks_run_output_ops *ops, void *context);

void lks_run_output_out(lks_run_output *output, const char *bytes, size_t n_bytes);
void lks_run_output_err(lks_run_output *output, const char *bytes, size_t n_bytes);

/* A line of the command's own, as lks_info writes it. */
void lks_run_output_say(lks_run_output *output, lks_launch_stream stream,
                        const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Whether the log has a line. */
bool lks_run_output_has_log(const lks_run_output *output);

/* No more will come; the log gets its last lines, what stands in an unended line is taken
 * as one, and standard output goes to a new line. */
void lks_run_output_end(lks_run_output *output);

void lks_run_output_release(lks_run_output *output);

#endif
