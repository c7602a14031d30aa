/* The subcommands of `lockstep`: the one list that finding, help and completion read. */
#ifndef LKS_DAEMON_CLI_COMMANDS_H
#define LKS_DAEMON_CLI_COMMANDS_H

#include <stdio.h>

#include "base/status.h"
#include "daemon/cli/cli.h"

extern const lks_command *const lks_commands[]; /* ends in NULL */

/* LKS_INVALID names the commands there are, and the nearest if `name` is a slip. */
lks_status lks_command_find(const char *name, const lks_command **out);

/* What `lockstep` is and its commands; of one command, how it is used: as wide as the
 * screen that `out` is, at most 100 columns, and 80 where it is none. */
void lks_help_overview(FILE *out);
void lks_help_print(FILE *out, const lks_command *command);

#endif
