/* Asking a status socket: HTTP over a Unix socket, with a deadline. */
#ifndef LKS_DAEMON_CLI_STATUS_CLIENT_H
#define LKS_DAEMON_CLI_STATUS_CLIENT_H

#include <jansson.h>
#include <sys/types.h>

#include "base/status.h"

enum { LKS_STATUS_TIMEOUT_MS = 2000 };

/* The process that listens on `socket_path`, asked of the kernel, so that it is known
 * even while that process is stopped; 0 where none listens, -1 where one does whom the
 * kernel does not name, since its queue of connections is full. */
pid_t lks_status_listener(const char *socket_path);

/* GET `path`, escaped as in a URL, as JSON; *out is the caller's to json_decref. Errors:
 * LKS_STATE, nobody on this host listens; LKS_IO, we may not ask; LKS_CANCELLED, no
 * answer within LKS_STATUS_TIMEOUT_MS, or too many wait for theirs; LKS_COMM, cut off
 * midway; LKS_FORMAT, the answer is no JSON or no 200; LKS_INVALID, no such path can be.
 */
lks_status lks_status_get(const char *socket_path, const char *path, json_t **out);

/* A job and its ranks, as the API gives them. */
typedef struct lks_status_report {
    json_t *job, *ranks; /* an object, an array */
} lks_status_report;

/* The report of the job `id`, or of the only one where that is NULL. Errors as above. */
lks_status lks_status_fetch(const char *socket_path, const char *id,
                            lks_status_report *out);

void lks_status_report_release(lks_status_report *report);

#endif
