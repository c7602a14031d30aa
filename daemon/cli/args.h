/* A subcommand's command line, read by a table of its options. */
#ifndef LKS_DAEMON_CLI_ARGS_H
#define LKS_DAEMON_CLI_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/cli/strings.h"

/* All that any subcommand can be told. */
typedef struct lks_args {
    lks_strings positional;
    lks_strings rest; /* after a lone "--" */

    bool help, json;
    uint32_t ranks; /* 0: not said */
    const char *run_dir, *host, *hostfile, *devices, *socket, *split, *input, *output,
        *format; /* borrowed from argv, NULL: not said */
    const char *prompt, *prompt_file, *temperature, *top_p, *seed,
        *length_penalty;                  /* the same */
    uint32_t length, top_k, beam, n_best; /* 0: not said */
    lks_strings set;
} lks_args;

typedef enum lks_arg_kind {
    LKS_ARG_FLAG,  /* bool */
    LKS_ARG_TEXT,  /* const char * */
    LKS_ARG_COUNT, /* uint32_t from 1 */
    LKS_ARG_WHOLE, /* const char *, of a whole number from 0 */
    LKS_ARG_REAL,  /* const char *, of a number from 0 */
    LKS_ARG_PART,  /* const char *, of a number from 0 to 1 */
    LKS_ARG_LIST,  /* lks_strings, may be given several times */
} lks_arg_kind;

typedef struct lks_arg {
    const char *name;       /* with its dashes */
    const char *short_name; /* NULL if none */
    const char *value;      /* what to call the value in help; NULL for flags */
    const char *help;
    lks_arg_kind kind;
    size_t offset; /* in lks_args */
} lks_arg;

/* Read argv[0..argc) (without the program and the subcommand) by `options`. LKS_INVALID
 * names the word at fault and the nearest option. *out is written on success only;
 * lks_args_release frees it. */
lks_status lks_args_parse(const lks_arg *options, size_t n_options, int argc,
                          char *const *argv, lks_args *out);

void lks_args_release(lks_args *args);

#endif
