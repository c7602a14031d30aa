#include "worker/metrics.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/try.h"
#include "worker/number.h"

struct lks_metrics {
    int fd;
    off_t size; /* of the whole lines */
    char *path;
};

lks_status lks_metrics_create(lks_run_dir *dir, lks_metrics **out)
{
    lks_metrics *self = lks_calloc(1, sizeof *self);
    lks_status st = LKS_OK;

    if (!self)
        return LKS_NOMEM;
    self->fd = -1;
    if (!(self->path = lks_run_dir_path(dir->path, LKS_RUN_METRICS)))
        LKS_GO(LKS_NOMEM);
    LKS_GO(lks_run_dir_open_new(dir, LKS_RUN_METRICS, &self->fd));
    *out = self;
    self = NULL;
cleanup:
    lks_metrics_destroy(self);
    return st;
}

void lks_metrics_destroy(lks_metrics *self)
{
    if (!self)
        return;
    if (self->fd >= 0)
        close(self->fd);
    lks_free(self->path);
    lks_free(self);
}

static lks_status append(lks_metrics *self, const char *line, size_t n_bytes)
{
    size_t n_written = 0;
    ssize_t n = 0;
    int error;

    while (n_written < n_bytes &&
           (n = write(self->fd, line + n_written, n_bytes - n_written)) > 0)
        n_written += (size_t)n;
    error = errno;
    if (n_written == n_bytes) {
        self->size += (off_t)n_bytes;
        return LKS_OK;
    }
    if (n_written > 0 &&
        ftruncate(self->fd, self->size) != 0) /* take the half line back */
        return lks_fail(LKS_IO, "%s: %s; its last line is cut", self->path,
                        strerror(error));
    return lks_fail(LKS_IO, "%s: %s", self->path, strerror(error));
}

lks_status lks_metrics_step(lks_metrics *self, const lks_step_metrics *v)
{
    char line[512], more[LKS_NUMBER_TEXT + 24] = "", texts[5][LKS_NUMBER_TEXT];
    int n;

    if (v->tokens_per_s > 0)
        snprintf(more, sizeof more, ",\"tokens_per_s\":%s",
                 lks_number_text(v->tokens_per_s, texts[0]));
    n = snprintf(
        line, sizeof line,
        "{\"step\":%" PRIu64 ",\"epoch\":%" PRIu64 ",\"samples\":%" PRIu64
        ",\"loss\":%s,\"lr\":%s,\"grad_norm\":%s,\"samples_per_s\":%s%s,\"time\":%s}\n",
        v->step, v->epoch, v->samples, lks_number_text(v->loss, texts[0]),
        lks_number_text(v->lr, texts[1]), lks_number_text(v->grad_norm, texts[2]),
        lks_number_text(v->samples_per_s, texts[3]), more,
        lks_number_text(v->time, texts[4]));

    return append(self, line, (size_t)n);
}

lks_status lks_metrics_evaluation(lks_metrics *self, const lks_evaluation_metrics *v)
{
    char line[512], more[2 * LKS_NUMBER_TEXT + 64] = "", texts[3][LKS_NUMBER_TEXT];
    int n;

    if (v->has_tokens)
        snprintf(more, sizeof more,
                 ",\"perplexity\":%s,\"tokens\":%" PRIu64 ",\"accuracy\":%s",
                 lks_number_text(v->perplexity, texts[0]), v->n_tokens,
                 lks_number_text(v->accuracy, texts[1]));
    else if (v->has_accuracy)
        snprintf(more, sizeof more, ",\"accuracy\":%s",
                 lks_number_text(v->accuracy, texts[0]));
    if (v->has_errors)
        snprintf(more, sizeof more, ",\"mean_absolute_error\":%s,\"r2\":%s",
                 lks_number_text(v->absolute_error, texts[0]),
                 lks_number_text(v->r2, texts[1]));
    n = snprintf(line, sizeof line,
                 "{\"step\":%" PRIu64 ",\"epoch\":%" PRIu64
                 ",\"split\":\"%s\",\"samples\":%" PRIu64 ",\"loss\":%s%s,\"time\":%s}\n",
                 v->step, v->epoch, v->split, v->samples,
                 lks_number_text(v->loss, texts[0]), more,
                 lks_number_text(v->time, texts[1]));
    return append(self, line, (size_t)n);
}
