/* A status report as people read it. Pure: text out, nothing else. */
#ifndef LKS_DAEMON_CLI_STATUS_TABLE_H
#define LKS_DAEMON_CLI_STATUS_TABLE_H

#include <stdio.h>

#include "daemon/cli/status_client.h"

/* The job's line, its progress, who is waited for, then a table of the ranks: at most
 * `max_ranks` of them, those in trouble first when there are more. `where` names the
 * run. */
void lks_status_table_print(FILE *out, const lks_status_report *report, const char *where,
                            size_t max_ranks);

/* The job's progress alone, as one line without its end. */
void lks_status_table_print_progress(FILE *out, const json_t *job);

#endif
