#include "daemon/status_view.h"

#include <string.h>

#define JSON_TYPE    "application/json"
#define TEXT_TYPE    "text/plain; charset=utf-8"
#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"
#define PROBLEM_TYPE "application/problem+json"

#define JOBS_PREFIX "/v1/jobs/"

static lks_status view_ok(const lks_status_source *source, const lks_coordinator *job,
                          lks_text *out)
{
    (void)source;
    (void)job;
    lks_text_add(out, "ok\n");
    return out->failed ? LKS_NOMEM : LKS_OK;
}

typedef struct lks_route {
    const char *path;
    const char *content_type;
    lks_status_document *view;
} lks_route;

static const lks_route routes[] = {
    {"/livez", TEXT_TYPE, view_ok},
    {"/readyz", TEXT_TYPE, view_ok},
    {"/metrics", METRICS_TYPE, lks_view_metrics},
    {"/v1/version", JSON_TYPE, lks_view_version},
    {"/v1/jobs", JSON_TYPE, lks_view_jobs},
};

/* What follows /v1/jobs/{id}. */
static const lks_route job_routes[] = {
    {"", JSON_TYPE, lks_view_job},
    {"/ranks", JSON_TYPE, lks_view_ranks},
    {"/shards", JSON_TYPE, lks_view_shards},
};

typedef struct lks_problem {
    unsigned http_code;
    const char *title, *code, *detail, *allow;
} lks_problem;

static const lks_problem no_such_path = {
    .http_code = 404,
    .title = "Not Found",
    .code = "not_found",
    .detail = "there is /livez, /readyz, /metrics, /v1/version and /v1/jobs",
};

static const lks_problem no_such_job = {
    .http_code = 404,
    .title = "Not Found",
    .code = "job_not_found",
    .detail = "no job has this id: GET /v1/jobs lists them",
};

static const lks_problem no_such_method = {
    .http_code = 405,
    .title = "Method Not Allowed",
    .code = "method_not_allowed",
    .detail = "this can only be read: use GET or HEAD",
    .allow = "GET, HEAD",
};

static const lks_route *find_route(const lks_route *list, size_t n, const char *path)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i].path, path) == 0)
            return &list[i];
    return NULL;
}

/* The job whose id `name` begins with, up to its end or a slash; *rest is what follows.
 */
static const lks_coordinator *find_job(const lks_status_source *source, const char *name,
                                       const char **rest)
{
    size_t n = strcspn(name, "/");

    for (size_t i = 0; i < source->n_jobs; i++) {
        const char *id = lks_coordinator_job(source->jobs[i]).id;

        if (strlen(id) == n && memcmp(id, name, n) == 0) {
            *rest = name + n;
            return source->jobs[i];
        }
    }
    return NULL;
}

/* NULL with *problem set when there is none. */
static const lks_route *resolve(const lks_status_source *source, const char *path,
                                const lks_coordinator **job, const lks_problem **problem)
{
    const lks_route *route;
    const char *rest;

    *problem = &no_such_path;
    if (strncmp(path, JOBS_PREFIX, strlen(JOBS_PREFIX)) != 0)
        return find_route(routes, sizeof routes / sizeof *routes, path);
    *job = find_job(source, path + strlen(JOBS_PREFIX), &rest);
    if (!*job) {
        *problem = &no_such_job;
        return NULL;
    }
    route = find_route(job_routes, sizeof job_routes / sizeof *job_routes, rest);
    return route;
}

lks_status lks_status_respond(const lks_status_source *source, const char *method,
                              const char *path, lks_status_reply *reply)
{
    lks_text body = {0};
    const lks_coordinator *job = NULL;
    const lks_problem *problem = NULL;
    const lks_route *route = resolve(source, path, &job, &problem);
    lks_status st;

    if (route && strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
        problem = &no_such_method;
        route = NULL;
    }
    st = route ? route->view(source, job, &body)
               : lks_view_problem(problem->http_code, problem->title, problem->code,
                                  problem->detail, &body);
    if (st != LKS_OK) {
        lks_text_release(&body);
        return st;
    }
    reply->code = route ? 200 : problem->http_code;
    reply->content_type = route ? route->content_type : PROBLEM_TYPE;
    reply->allow = route ? NULL : problem->allow;
    reply->body = body;
    return LKS_OK;
}
