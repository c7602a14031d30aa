#include "daemon/cli/commands.h"

#include <string.h>

#include "daemon/cli/cli.h"
#include "daemon/line.h"
#include "proto/nearest.h"

const lks_command *const lks_commands[] = {
    &lks_command_run,
    &lks_command_status,
    &lks_command_watch,
    &lks_command_check,
    &lks_command_devices,
    &lks_command_evaluate,
    &lks_command_predict,
    &lks_command_generate,
    &lks_command_translate,
    &lks_command_help,
    &lks_command_completion,
    &lks_command_guard,
    NULL,
};
enum { N_COMMANDS = sizeof lks_commands / sizeof *lks_commands - 1 };

static lks_status refuse(const char *name)
{
    const char *names[N_COMMANDS], *near;
    char list[256];
    lks_line line = lks_line_init(list, sizeof list);
    size_t n_names = 0;

    for (size_t i = 0; i < N_COMMANDS; i++)
        if (!lks_commands[i]->hidden) {
            lks_line_add(&line, "%s%s", n_names ? ", " : "", lks_commands[i]->name);
            names[n_names++] = lks_commands[i]->name;
        }
    near = lks_nearest(name, names, n_names);
    if (near)
        return lks_fail(LKS_INVALID,
                        "unknown command '%s': did you mean %s? The commands are %s",
                        name, near, list);
    return lks_fail(LKS_INVALID, "unknown command '%s': the commands are %s", name, list);
}

lks_status lks_command_find(const char *name, const lks_command **out)
{
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (strcmp(lks_commands[i]->name, name) == 0) {
            *out = lks_commands[i];
            return LKS_OK;
        }
    return refuse(name);
}
