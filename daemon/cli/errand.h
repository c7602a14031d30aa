/* What `evaluate`, `predict`, `generate` and `translate` share: the run that is meant,
 * whose weights are there. */
#ifndef LKS_DAEMON_CLI_ERRAND_H
#define LKS_DAEMON_CLI_ERRAND_H

#include "daemon/cli/cli.h"
#include "daemon/cli/run.h"

/* Options that all have. */
#define LKS_ARGS_ERRAND                                                                  \
    {"--ranks",     "-n",                                                                \
     "N",           "how many processes work on it (default: one)",                      \
     LKS_ARG_COUNT, offsetof(lks_args, ranks)},                                          \
        {"--devices",                                                                    \
         NULL,                                                                           \
         "LIST",                                                                         \
         "what each rank uses: cpu, cuda, cpu:0,cpu:1, or all (default: a GPU, where "   \
         "there is none the CPU)",                                                       \
         LKS_ARG_TEXT,                                                                   \
         offsetof(lks_args, devices)},                                                   \
    {                                                                                    \
        "--set", NULL, "KEY=VALUE",                                                      \
            "replace a value of the run's job, e.g. data.root=/data; may be repeated",   \
            LKS_ARG_LIST, offsetof(lks_args, set)                                        \
    }

/* Of those who translate. */
#define LKS_ARG_LENGTH_PENALTY                                                           \
    {                                                                                    \
        "--length-penalty", NULL, "A",                                                   \
            "0 favours short translations, 1 long ones (default: 0.6)", LKS_ARG_REAL,    \
            offsetof(lks_args, length_penalty)                                           \
    }

/* The run that args name first.
 *   errors  LKS_IO: there is no such run; LKS_STATE: it has no weights (yet), with the
 *           reason; LKS_INVALID: a split or a format that there is not */
lks_status lks_errand_begin(const lks_args *args, lks_errand *out);
void lks_errand_release(lks_errand *errand); /* all zero is fine */

/* "--split test" and the like for the worker; nothing where `value` is NULL. */
lks_status lks_errand_add(lks_errand *errand, const char *option, const char *value);

/* "--beam 5"; nothing of 0. */
lks_status lks_errand_add_count(lks_errand *errand, const char *option, uint32_t value);

/* The whole of it: made by `make`, which may fail half-way, and done by the ranks. Gives
 * the command's exit status. */
int lks_errand_run(const lks_args *args,
                   lks_status (*make)(const lks_args *args, lks_errand *out));

#endif
