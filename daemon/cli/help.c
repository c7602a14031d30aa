/* `lockstep help`, and what --help prints: read off the commands' tables. */
#include <stdio.h>

#include "base/columns.h"
#include "base/terminal.h"
#include "daemon/cli/commands.h"

/* Help as wide as a person reads with ease. */
static size_t width_of(FILE *out)
{
    enum { UNKNOWN = 80, MOST = 100 };
    size_t n = lks_terminal_screen(fileno(out)).n_columns;

    return n == 0 ? UNKNOWN : n > MOST ? MOST : n;
}

/* A term, and what it means in a column beside it; below it on a narrow screen or where
 * the term is long. */
static void put_term(FILE *out, const char *term, int n_term, const char *meaning,
                     size_t n_columns)
{
    enum { NARROW = 50, BELOW = 6 };
    size_t beside = 2 + (size_t)n_term + 1;

    if (n_columns < NARROW || lks_columns(term) > (size_t)n_term) {
        fprintf(out, "  %s\n%*s", term, BELOW, "");
        beside = BELOW;
    } else {
        fprintf(out, "  %-*s ", n_term, term);
    }
    lks_columns_wrap(out, meaning, " ", beside, beside, n_columns);
}

void lks_help_overview(FILE *out)
{
    size_t n_columns = width_of(out);

    fputs("usage: lockstep COMMAND [ARGUMENTS]\n\n", out);
    lks_columns_wrap(out,
                     "Trains neural networks data-parallel over MPI ranks, with the same "
                     "bits on any number of them.",
                     " ", 0, 0, n_columns);
    fputs("\n", out);
    for (const lks_command *const *command = lks_commands; *command; command++)
        if (!(*command)->hidden)
            put_term(out, (*command)->name, 11, (*command)->summary, n_columns);
    fputs("\n", out);
    lks_columns_wrap(
        out, "`lockstep help COMMAND` tells more; `lockstep --version` the version.", " ",
        0, 0, n_columns);
}

static void put_option(FILE *out, const lks_arg *option, size_t n_columns)
{
    char term[64];

    snprintf(term, sizeof term, "%s%s%s%s%s", option->name,
             option->short_name ? ", " : "", option->short_name ? option->short_name : "",
             option->value ? " " : "", option->value ? option->value : "");
    put_term(out, term, 18, option->help, n_columns);
}

void lks_help_print(FILE *out, const lks_command *command)
{
    static const char usage[] = "usage: ";
    size_t n_columns = width_of(out);
    char line[256];

    snprintf(line, sizeof line, "lockstep %s %s", command->name, command->arguments);
    fputs(usage, out);
    lks_columns_wrap(out, line, " ", sizeof usage - 1, sizeof usage - 1, n_columns);
    snprintf(line, sizeof line, "%s.", command->summary);
    fputs("\n", out);
    lks_columns_wrap(out, line, " ", 0, 0, n_columns);
    fputs("\n", out);
    for (size_t i = 0; i < command->n_options; i++)
        put_option(out, &command->options[i], n_columns);
    if (command->details) {
        fputs("\n", out);
        lks_columns_wrap(out, command->details, " ", 0, 0, n_columns);
    }
}

static int help(const lks_args *args)
{
    const lks_command *command;

    if (args->positional.n_items == 0) {
        lks_help_overview(stdout);
        return LKS_EXIT_OK;
    }
    if (lks_command_find(args->positional.items[0], &command) != LKS_OK)
        return lks_cli_failed(LKS_EXIT_USAGE);
    lks_help_print(stdout, command);
    return LKS_EXIT_OK;
}

static const lks_arg options[] = {LKS_ARG_HELP};

const lks_command lks_command_help = {
    .name = "help",
    .arguments = "[COMMAND]",
    .summary = "Tell what the commands are, or how one is used",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .max_positional = 1,
    .run = help,
};
