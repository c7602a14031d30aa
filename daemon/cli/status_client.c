#define _GNU_SOURCE /* O_PATH, struct ucred */
#include "daemon/cli/status_client.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/text.h"
#include "base/try.h"

enum { MAX_BODY_MIB = 64, MAX_BODY_BYTES = MAX_BODY_MIB * 1024 * 1024, RETRY_US = 5000 };

/* The same file under a name that fits a socket address whatever its folder is called:
 * through an open descriptor of the folder, which the caller closes (-1: none needed).
 * Gives 0 or an errno. */
static int short_name(const char *path, struct sockaddr_un *address, int *folder)
{
    const char *base = strrchr(path, '/');
    char *name;
    int error;

    *folder = -1;
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) < sizeof address->sun_path || !base) {
        snprintf(address->sun_path, sizeof address->sun_path, "%s", path);
        return 0;
    }
    name = lks_strdup(path);
    if (!name)
        return ENOMEM;
    name[base - path] = '\0';
    *folder = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
    error = *folder < 0 ? errno : 0;
    lks_free(name);
    snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d%s", *folder,
             base);
    return error;
}

/* 0 with the process that listens in *out, or the errno that says why none is reached;
 * *out is then 0, or -1 for a listener whose queue is full. */
static int find_listener(const char *socket_path, pid_t *out)
{
    struct sockaddr_un address;
    struct ucred peer = {0};
    socklen_t n = sizeof peer;
    int folder, error = short_name(socket_path, &address, &folder);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (!error && connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        error = errno;
    else if (!error)
        (void)getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n);
    if (error == EAGAIN)
        peer.pid = -1;
    if (fd >= 0)
        close(fd);
    if (folder >= 0)
        close(folder);
    *out = peer.pid;
    return error;
}

pid_t lks_status_listener(const char *socket_path)
{
    pid_t listener;

    (void)find_listener(socket_path, &listener);
    return listener;
}

/* A short count tells libcurl to stop. */
static size_t collect(char *bytes, size_t one, size_t n_bytes, void *context)
{
    lks_text *body = context;
    size_t n_before = body->n_bytes;

    (void)one;
    if (n_before + n_bytes <= MAX_BODY_BYTES)
        lks_text_append(body, bytes, n_bytes);
    return body->n_bytes - n_before;
}

/* Why nobody is reached, of the kernel: libcurl says only that. */
static lks_status not_connected(const char *socket_path)
{
    static const struct {
        int error;
        lks_status status;
        const char *text;
    } reasons[] = {
        {ENOENT, LKS_STATE, "there is no such socket"},
        {ECONNREFUSED, LKS_STATE, "nobody on this host listens to it"},
        {EACCES, LKS_IO, "permission denied: another user's run"},
        {EAGAIN, LKS_CANCELLED, "its queue of connections is full"},
    };
    pid_t listener;
    int error = find_listener(socket_path, &listener);

    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].error == error)
            return lks_fail(reasons[i].status, "%s: %s", socket_path, reasons[i].text);
    return lks_fail(LKS_COMM, "%s: cannot connect%s%s", socket_path, error ? ": " : "",
                    error ? strerror(error) : "");
}

/* All but what is listed is no matter of a broken connection: asking again is no use. */
static lks_status failure(CURLcode code, const char *socket_path, const char *path)
{
    static const struct {
        CURLcode code;
        lks_status status;
    } known[] = {
        {CURLE_SEND_ERROR, LKS_COMM},     {CURLE_RECV_ERROR, LKS_COMM},
        {CURLE_GOT_NOTHING, LKS_COMM},    {CURLE_PARTIAL_FILE, LKS_COMM},
        {CURLE_OUT_OF_MEMORY, LKS_NOMEM}, {CURLE_URL_MALFORMAT, LKS_INVALID},
    };
    lks_status st = LKS_FORMAT;

    if (code == CURLE_COULDNT_CONNECT)
        return not_connected(socket_path);
    if (code == CURLE_WRITE_ERROR) /* of collect */
        return lks_fail(LKS_FORMAT, "%s: the answer is longer than %d MiB", socket_path,
                        MAX_BODY_MIB);
    if (code == CURLE_OPERATION_TIMEDOUT)
        return lks_fail(LKS_CANCELLED, "%s: no answer within %d ms", socket_path,
                        LKS_STATUS_TIMEOUT_MS);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].code == code)
            st = known[i].status;
    return lks_fail(st, "%s: %s: %s", socket_path, path, curl_easy_strerror(code));
}

static lks_status read_body(const lks_text *body, long http_status, const char *path,
                            json_t **out)
{
    json_error_t error;
    json_t *value = json_loadb(body->bytes ? body->bytes : "", body->n_bytes, 0, &error);
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

/* While the listener's queue of connections is full, ask again: it is for milliseconds,
 * unless that process stands still. */
static CURLcode perform(CURL *curl, const char *socket_path)
{
    const double deadline_s = lks_clock_s() + 1e-3 * LKS_STATUS_TIMEOUT_MS;
    int error = 0;
    CURLcode code;

    do {
        pid_t listener;

        if (error == EAGAIN)
            usleep(RETRY_US);
        code = curl_easy_perform(curl);
        error = code == CURLE_COULDNT_CONNECT ? find_listener(socket_path, &listener)
                                              : ECONNREFUSED;
    } while ((error == 0 || error == EAGAIN) && lks_clock_s() < deadline_s);
    return code;
}

lks_status lks_status_get(const char *socket_path, const char *path, json_t **out)
{
    struct sockaddr_un address;
    lks_text body = {0};
    long http_status = 0;
    int folder, error = short_name(socket_path, &address, &folder);
    CURL *curl = curl_easy_init();
    char *url = lks_asprintf("http://localhost%s", path);
    CURLcode code;
    lks_status st;

    if (error == ENOMEM || !curl || !url)
        LKS_FAIL(LKS_NOMEM, "out of memory");
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L); /* a job may be called ".." */
    curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, address.sun_path);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)LKS_STATUS_TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
    code = perform(curl, socket_path);
    if (code != CURLE_OK) {
        st = body.failed ? LKS_NOMEM : failure(code, socket_path, path);
        goto cleanup;
    }
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &http_status);
    st = read_body(&body, http_status, path, out);
cleanup:
    if (curl)
        curl_easy_cleanup(curl);
    if (folder >= 0)
        close(folder);
    lks_text_release(&body);
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

/* GET /v1/jobs/ID and what follows it; the id is any folder's name. */
static lks_status get_of_job(const char *socket_path, const char *id, const char *suffix,
                             json_t **out)
{
    char *escaped = curl_easy_escape(NULL, id, 0);
    char *path = escaped ? lks_asprintf("/v1/jobs/%s%s", escaped, suffix) : NULL;
    lks_status st = path ? lks_status_get(socket_path, path, out)
                         : lks_fail(LKS_NOMEM, "out of memory");

    lks_free(path);
    curl_free(escaped);
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
