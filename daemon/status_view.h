/* What the status socket answers: from a request's method and path to a reply's code and
 * text. Pure: the bytes come and go elsewhere (uv/status_socket.h).
 *
 *     GET /livez /readyz /metrics /v1/version /v1/jobs /v1/jobs/{id}
 *         /v1/jobs/{id}/ranks /v1/jobs/{id}/shards
 *
 * An error is application/problem+json (RFC 9457) with a stable `code`. */
#ifndef LKS_DAEMON_STATUS_VIEW_H
#define LKS_DAEMON_STATUS_VIEW_H

#include <stddef.h>

#include "base/status.h"
#include "base/text.h"
#include "daemon/coordinator.h"

/* What there is to tell; all borrowed. */
typedef struct lks_status_source {
    const lks_coordinator *const *jobs;
    size_t n_jobs;
    double now_s; /* of the coordinators' clock */
} lks_status_source;

typedef struct lks_status_reply {
    unsigned code; /* of HTTP */
    const char *content_type;
    const char *allow; /* the Allow header, or NULL */
    lks_text body;     /* the caller's to release */
} lks_status_reply;

/* `path` is decoded and has no query. The only failure is LKS_NOMEM; *reply is written
 * only on success. */
lks_status lks_status_respond(const lks_status_source *source, const char *method,
                              const char *path, lks_status_reply *reply);

/* The pieces, each added to `out`: JSON documents and the Prometheus text. */
typedef lks_status lks_status_document(const lks_status_source *source,
                                       const lks_coordinator *job, lks_text *out);

lks_status_document lks_view_version; /* job unused */
lks_status_document lks_view_jobs;    /* job unused */
lks_status_document lks_view_job;
lks_status_document lks_view_ranks;
lks_status_document lks_view_shards;
lks_status_document lks_view_metrics; /* job unused */

/* A problem's document; `detail` is one line. */
lks_status lks_view_problem(unsigned http_code, const char *title, const char *code,
                            const char *detail, lks_text *out);

#endif
