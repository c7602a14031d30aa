/* What the subcommands of `lockstep` share: how one is described, how it ends and how it
 * speaks. To add one: a file with its lks_command, and its line in commands.c's list.
 *
 * What a value is called says what completion offers for it: JOB, RUN, DIR, FILE, PATH,
 * KEY=VALUE, COMMAND, SPLIT, FORMAT (see completion.c). */
#ifndef LKS_DAEMON_CLI_CLI_H
#define LKS_DAEMON_CLI_CLI_H

#include "daemon/cli/args.h"

/* Exit statuses, as the manual page has them. */
enum {
    LKS_EXIT_OK = 0,
    LKS_EXIT_FAILED = 1,
    LKS_EXIT_USAGE = 2, /* the command line or the job file */
    LKS_EXIT_INTERRUPTED = 130,
};

typedef struct lks_command {
    const char *name;
    const char *arguments; /* for the usage line */
    const char *summary;
    const char *details; /* more help, or NULL */
    const lks_arg *options;
    size_t n_options;
    size_t min_positional, max_positional;
    bool takes_rest; /* words after "--" */
    bool hidden;
    int (*run)(const lks_args *args); /* gives the exit status */
} lks_command;

extern const lks_command lks_command_run;
extern const lks_command lks_command_status;
extern const lks_command lks_command_watch;
extern const lks_command lks_command_check;
extern const lks_command lks_command_devices;
extern const lks_command lks_command_evaluate;
extern const lks_command lks_command_predict;
extern const lks_command lks_command_generate;
extern const lks_command lks_command_translate;
extern const lks_command lks_command_help;
extern const lks_command lks_command_completion;
extern const lks_command lks_command_guard;

/* Entries that several option tables have. */
#define LKS_ARG_HELP                                                                     \
    {                                                                                    \
        "--help", "-h", NULL, "show this help", LKS_ARG_FLAG, offsetof(lks_args, help)   \
    }
#define LKS_ARG_SET                                                                      \
    {                                                                                    \
        "--set", NULL, "KEY=VALUE",                                                      \
            "replace a value of the job file, e.g. train.epochs=5; may be "              \
            "repeated",                                                                  \
            LKS_ARG_LIST, offsetof(lks_args, set)                                        \
    }
#define LKS_ARG_SOCKET                                                                   \
    {                                                                                    \
        "--socket", NULL, "PATH", "the status socket to ask", LKS_ARG_TEXT,              \
            offsetof(lks_args, socket)                                                   \
    }

/* Say why, from the thread's standing error, as one line on standard error; returns
 * `exit_status`. */
int lks_cli_failed(int exit_status);

/* Write out what was printed. LKS_IO: standard output does not take it. */
lks_status lks_cli_flush(void);

#endif
