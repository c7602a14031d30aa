/* The `lockstep` command: finds the subcommand, reads its options, runs it. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/process.h"
#include "base/try.h"
#include "daemon/cli/cli.h"
#include "proto/nearest.h"

static const lks_command *const commands[] = {
    &lks_command_run,   &lks_command_status, &lks_command_watch,
    &lks_command_check, &lks_command_guard,
};
enum { N_COMMANDS = sizeof commands / sizeof *commands };

static void print_overview(FILE *out)
{
    fprintf(out,
            "usage: lockstep COMMAND [ARGUMENTS]\n\n"
            "Trains neural networks data-parallel over MPI ranks, with the same bits "
            "on any number of them.\n\n");
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (!commands[i]->hidden)
            fprintf(out, "  %-8s %s\n", commands[i]->name, commands[i]->summary);
    fprintf(out,
            "\n`lockstep help COMMAND` tells more; `lockstep --version` the version.\n");
}

static void print_help(const lks_command *command)
{
    printf("usage: lockstep %s %s\n\n%s.\n\n", command->name, command->arguments,
           command->summary);
    for (size_t i = 0; i < command->n_options; i++) {
        const lks_arg *option = &command->options[i];
        char left[64];

        snprintf(left, sizeof left, "%s%s%s%s%s", option->name,
                 option->short_name ? ", " : "",
                 option->short_name ? option->short_name : "", option->value ? " " : "",
                 option->value ? option->value : "");
        printf("  %-18s %s\n", left, option->help);
    }
    if (command->details)
        printf("\n%s", command->details);
}

static lks_status find_command(const char *name, const lks_command **out)
{
    const char *names[N_COMMANDS];
    const char *near;
    size_t n_names = 0;

    for (size_t i = 0; i < N_COMMANDS; i++) {
        if (strcmp(commands[i]->name, name) == 0) {
            *out = commands[i];
            return LKS_OK;
        }
        if (!commands[i]->hidden)
            names[n_names++] = commands[i]->name;
    }
    near = lks_nearest(name, names, n_names);
    if (near)
        return lks_fail(LKS_INVALID, "unknown command '%s': did you mean %s?", name,
                        near);
    return lks_fail(LKS_INVALID, "unknown command '%s': see `lockstep help`", name);
}

static lks_status check_counts(const lks_command *command, const lks_args *args)
{
    size_t n = args->positional.n_items;

    if (n < command->min_positional)
        return lks_fail(LKS_INVALID, "%s needs more: lockstep %s %s", command->name,
                        command->name, command->arguments);
    if (n > command->max_positional)
        return lks_fail(LKS_INVALID, "unexpected argument '%s': lockstep %s %s",
                        args->positional.items[command->max_positional], command->name,
                        command->arguments);
    if (args->rest.n_items > 0 && !command->takes_rest)
        return lks_fail(LKS_INVALID, "%s takes nothing after --", command->name);
    return LKS_OK;
}

static int run_command(const lks_command *command, int argc, char **argv)
{
    lks_args args = {0};
    lks_status st;
    int exit_status = LKS_EXIT_USAGE;

    LKS_GO(lks_args_parse(command->options, command->n_options, argc, argv, &args));
    if (args.help) {
        print_help(command);
        exit_status = LKS_EXIT_OK;
    } else {
        LKS_GO(check_counts(command, &args));
        exit_status = command->run(&args);
    }
cleanup:
    if (st != LKS_OK)
        lks_cli_failed(LKS_EXIT_USAGE);
    lks_args_release(&args);
    return exit_status;
}

static int help(int argc, char **argv)
{
    const lks_command *command;

    if (argc == 0) {
        print_overview(stdout);
        return LKS_EXIT_OK;
    }
    if (find_command(argv[0], &command) != LKS_OK)
        return lks_cli_failed(LKS_EXIT_USAGE);
    print_help(command);
    return LKS_EXIT_OK;
}

int main(int argc, char **argv)
{
    const lks_command *command;
    const char *name = argc > 1 ? argv[1] : "";

    lks_process_begin();
    if (argc < 2) {
        print_overview(stderr);
        return LKS_EXIT_USAGE;
    }
    if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 ||
        strcmp(name, "-h") == 0)
        return help(argc - 2, argv + 2);
    if (strcmp(name, "--version") == 0) {
        puts("lockstep " LKS_VERSION);
        return LKS_EXIT_OK;
    }
    if (find_command(name, &command) != LKS_OK)
        return lks_cli_failed(LKS_EXIT_USAGE);
    return run_command(command, argc - 2, argv + 2);
}
