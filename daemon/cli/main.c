/* The `lockstep` command: finds the subcommand, reads its options, runs it. */
#include <stdio.h>
#include <string.h>

#include "base/process.h"
#include "base/try.h"
#include "daemon/cli/commands.h"

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
        lks_help_print(stdout, command);
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

int main(int argc, char **argv)
{
    const lks_command *command;
    const char *name = argc > 1 ? argv[1] : "";

    lks_process_begin();
    if (argc < 2) {
        lks_help_overview(stderr);
        return LKS_EXIT_USAGE;
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        name = "help";
    if (strcmp(name, "--version") == 0) {
        puts("lockstep " LKS_VERSION);
        return LKS_EXIT_OK;
    }
    if (lks_command_find(name, &command) != LKS_OK)
        return lks_cli_failed(LKS_EXIT_USAGE);
    return run_command(command, argc - 2, argv + 2);
}
