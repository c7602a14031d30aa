#include "daemon/cli/run_ref.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/process.h"
#include "base/try.h"
#include "daemon/cli/metrics_tail.h"
#include "daemon/cli/result.h"
#include "daemon/cli/runs.h"

lks_status lks_run_ref_find(const lks_args *args, lks_run_ref *out)
{
    lks_run_ref ref = {0};
    lks_status st = LKS_OK;

    if (args->socket) {
        ref.socket_path = lks_strdup(args->socket);
    } else {
        LKS_GO(lks_runs_find(args->positional.n_items ? args->positional.items[0] : NULL,
                             &ref.run_dir));
        ref.socket_path = lks_asprintf("%s/status.sock", ref.run_dir);
    }
    if (!ref.socket_path)
        LKS_FAIL(LKS_NOMEM, "out of memory");
    *out = ref;
    ref = (lks_run_ref){0};
cleanup:
    lks_run_ref_release(&ref);
    return st;
}

/* ", the last reported step is 400 with loss 0.52", or nothing. */
static void describe_metrics(const lks_run_ref *ref, char *out, size_t size_bytes)
{
    lks_metrics_tail tail = {0};
    size_t n;

    out[0] = '\0';
    if (ref->run_dir)
        lks_metrics_tail_read(ref->run_dir, &tail);
    if (tail.has_step)
        snprintf(out, size_bytes, "; its last reported step is %llu with loss %s",
                 (unsigned long long)tail.step, lks_loss_as_text(tail.loss).text);
    n = strlen(out);
    if (tail.has_accuracy)
        snprintf(out + n, size_bytes - n, ", its last %s accuracy %.2f %%",
                 lks_metrics_tail_split(&tail), 100 * tail.accuracy);
}

static lks_status explain_not_running(const lks_run_ref *ref, const char *metrics)
{
    if (access(ref->socket_path, F_OK) == 0)
        return lks_fail(LKS_STATE,
                        "nobody on this host listens to %s: the run ended without a "
                        "word, or runs on another host%s",
                        ref->socket_path, metrics);
    return lks_fail(LKS_STATE, "%s is not running, and it wrote no final weights%s",
                    ref->run_dir, metrics);
}

/* The listener is known to the kernel even when it does not run. */
static lks_status explain_silence(const lks_run_ref *ref, const char *metrics)
{
    pid_t pid = lks_status_listener(ref->socket_path);
    char state = pid > 0 ? lks_process_state(pid) : '\0';

    if (state == 'T' || state == 't')
        return lks_fail(LKS_COMM,
                        "the coordinator in rank 0 does not answer: its process %d is "
                        "stopped (kill -CONT %d lets it go on)%s",
                        (int)pid, (int)pid, metrics);
    if (pid < 0)
        return lks_fail(
            LKS_COMM,
            "the coordinator in rank 0 does not answer: its queue of connections "
            "is full, as when its process is stopped%s",
            metrics);
    if (pid)
        return lks_fail(
            LKS_COMM,
            "the coordinator in rank 0 (process %d) does not answer within %d "
            "ms%s",
            (int)pid, LKS_STATUS_TIMEOUT_MS, metrics);
    return lks_fail(LKS_COMM, "the coordinator in rank 0 does not answer within %d ms%s",
                    LKS_STATUS_TIMEOUT_MS, metrics);
}

lks_status lks_run_ref_fetch(const lks_run_ref *ref, lks_status_report *out)
{
    lks_status st = lks_status_fetch(ref->socket_path, NULL, out);
    char metrics[160];

    if (st != LKS_CANCELLED && !(st == LKS_STATE && ref->run_dir))
        return st;
    lks_error_clear();
    describe_metrics(ref, metrics, sizeof metrics);
    return st == LKS_STATE ? explain_not_running(ref, metrics)
                           : explain_silence(ref, metrics);
}

json_t *lks_run_ref_result(const lks_run_ref *ref, lks_status st)
{
    json_t *result = NULL;

    if (st == LKS_STATE && ref->run_dir)
        result = lks_result_read(ref->run_dir);
    if (result)
        lks_error_clear();
    return result;
}

void lks_run_ref_release(lks_run_ref *ref)
{
    lks_free(ref->run_dir);
    lks_free(ref->socket_path);
    *ref = (lks_run_ref){0};
}
