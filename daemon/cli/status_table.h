/* A status report as people read it, laid out for a screen. Pure: text out, nothing else.
 * What a socket says is made plain (base/plain.h). */
#ifndef LKS_DAEMON_CLI_STATUS_TABLE_H
#define LKS_DAEMON_CLI_STATUS_TABLE_H

#include <stdio.h>

#include "base/terminal.h"
#include "daemon/cli/status_client.h"

/* The job's line, its progress, who is waited for, then a table of the ranks, no wider
 * than the screen: long host names are shortened, then columns left out, those of least
 * use first. Where not all ranks fit its rows, those in trouble come first. `where` names
 * the run. Gives the number of lines. */
size_t lks_status_table_print(FILE *out, const lks_status_report *report,
                              const char *where, lks_screen screen);

/* State, progress and reason as one line, for a reader that keeps each. */
void lks_status_table_print_line(FILE *out, const json_t *job);

#endif
