#define _GNU_SOURCE /* O_PATH, struct ucred */
#include "daemon/cli/status_client.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/try.h"

enum { MAX_BODY_BYTES = 64 * 1024 * 1024 };

/* The same file under a name that fits a socket address whatever its folder is called:
 * through an open descriptor of the folder, which the caller closes (-1: none needed). */
static int short_name(const char *path, struct sockaddr_un *address)
{
    const char *base = strrchr(path, '/');
    int folder = -1;

    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) < sizeof address->sun_path || !base) {
        snprintf(address->sun_path, sizeof address->sun_path, "%s", path);
    } else {
        char *name = lks_strdup(path);

        if (name) {
            name[base - path] = '\0';
            folder = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
        }
        lks_free(name);
        snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d%s",
                 folder, base);
    }
    return folder;
}

pid_t lks_status_listener(const char *socket_path)
{
    struct sockaddr_un address;
    struct ucred peer = {0};
    socklen_t n = sizeof peer;
    int folder = short_name(socket_path, &address);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        (void)getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n);
    if (fd >= 0)
        close(fd);
    if (folder >= 0)
        close(folder);
    return peer.pid;
}

typedef struct body {
    char *bytes;
    size_t n_bytes;
} body;

/* A short count tells libcurl to stop. */
static size_t collect(char *bytes, size_t one, size_t n_bytes, void *context)
{
    body *b = context;
    char *grown;

    (void)one;
    if (b->n_bytes + n_bytes > MAX_BODY_BYTES)
        return 0;
    grown = lks_realloc(b->bytes, b->n_bytes + n_bytes, 1);
    if (!grown)
        return 0;
    memcpy(grown + b->n_bytes, bytes, n_bytes);
    b->bytes = grown;
    b->n_bytes += n_bytes;
    return n_bytes;
}

static lks_status failure(CURLcode code, const char *socket_path)
{
    switch (code) {
    case CURLE_COULDNT_CONNECT:
        return lks_fail(LKS_STATE, "%s: nobody listens on this socket", socket_path);
    case CURLE_OPERATION_TIMEDOUT:
        return lks_fail(LKS_CANCELLED, "%s: no answer within %d ms", socket_path,
                        LKS_STATUS_TIMEOUT_MS);
    default:
        return lks_fail(LKS_COMM, "%s: %s", socket_path, curl_easy_strerror(code));
    }
}

static lks_status read_body(const body *b, long http_status, const char *path,
                            json_t **out)
{
    json_error_t error;
    json_t *value = json_loadb(b->bytes ? b->bytes : "", b->n_bytes, 0, &error);
    const char *detail = json_string_value(json_object_get(value, "detail"));
    lks_status st = LKS_OK;

    if (http_status != 200)
        LKS_FAIL(LKS_FORMAT, "%s: the coordinator answered %ld%s%s", path, http_status,
                 detail ? ": " : "", detail ? detail : "");
    if (!value)
        LKS_FAIL(LKS_FORMAT, "%s: the answer is not JSON: %s", path, error.text);
    *out = value;
    value = NULL;
cleanup:
    json_decref(value);
    return st;
}

lks_status lks_status_get(const char *socket_path, const char *path, json_t **out)
{
    struct sockaddr_un address;
    body b = {0};
    long http_status = 0;
    int folder = short_name(socket_path, &address);
    CURL *curl = curl_easy_init();
    char *url = lks_asprintf("http://localhost%s", path);
    CURLcode code;
    lks_status st;

    if (!curl || !url)
        LKS_FAIL(LKS_NOMEM, "out of memory");
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, address.sun_path);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)LKS_STATUS_TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &b);
    code = curl_easy_perform(curl);
    if (code != CURLE_OK) {
        st = failure(code, socket_path);
        goto cleanup;
    }
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &http_status);
    st = read_body(&b, http_status, path, out);
cleanup:
    if (curl)
        curl_easy_cleanup(curl);
    if (folder >= 0)
        close(folder);
    lks_free(b.bytes);
    lks_free(url);
    return st;
}

/* A list as the API gives it: bare, or as the object's member `name`. */
static json_t *list_of(json_t *answer, const char *name)
{
    return json_is_array(answer) ? answer : json_object_get(answer, name);
}

static lks_status only_job_id(const char *socket_path, char **out)
{
    json_t *answer = NULL;
    const char *id;
    size_t n;
    lks_status st;

    LKS_GO(lks_status_get(socket_path, "/v1/jobs", &answer));
    n = json_array_size(list_of(answer, "jobs"));
    id = json_string_value(
        json_object_get(json_array_get(list_of(answer, "jobs"), 0), "id"));
    if (n != 1 || !id)
        LKS_FAIL(LKS_FORMAT, "%s has %zu jobs: name one", socket_path, n);
    *out = lks_strdup(id);
    st = *out ? LKS_OK : LKS_NOMEM;
cleanup:
    json_decref(answer);
    return st;
}

/* GET /v1/jobs/ID and what follows it. */
static lks_status get_of_job(const char *socket_path, const char *id, const char *suffix,
                             json_t **out)
{
    char *path = lks_asprintf("/v1/jobs/%s%s", id, suffix);
    lks_status st = path ? lks_status_get(socket_path, path, out) : LKS_NOMEM;

    lks_free(path);
    return st;
}

lks_status lks_status_fetch(const char *socket_path, const char *id,
                            lks_status_report *out)
{
    lks_status_report report = {0};
    json_t *answer = NULL;
    char *only = NULL;
    lks_status st;

    if (!id) {
        LKS_GO(only_job_id(socket_path, &only));
        id = only;
    }
    LKS_GO(get_of_job(socket_path, id, "", &report.job));
    LKS_GO(get_of_job(socket_path, id, "/ranks", &answer));
    report.ranks = json_incref(list_of(answer, "ranks"));
    if (!json_is_object(report.job) || !json_is_array(report.ranks))
        LKS_FAIL(LKS_FORMAT, "%s: the answer is not a job with its ranks", socket_path);
    *out = report;
    report = (lks_status_report){0};
cleanup:
    lks_status_report_release(&report);
    json_decref(answer);
    lks_free(only);
    return st;
}

void lks_status_report_release(lks_status_report *report)
{
    json_decref(report->job);
    json_decref(report->ranks);
    *report = (lks_status_report){0};
}
