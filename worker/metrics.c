#include "worker/metrics.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/try.h"

enum { NUMBER_TEXT = 32 };

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

/* The shortest decimal of at least six digits that reads back as x. */
static const char *number(double x, char text[NUMBER_TEXT])
{
    if (!isfinite(x))
        return "null";
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(text, NUMBER_TEXT, "%.*g", digits, x);
        if (strtod(text, NULL) == x)
            break;
    }
    return text;
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
    char line[512], texts[5][NUMBER_TEXT];
    const int n = snprintf(
        line, sizeof line,
        "{\"step\":%" PRIu64 ",\"epoch\":%" PRIu64 ",\"samples\":%" PRIu64
        ",\"loss\":%s,\"lr\":%s,\"grad_norm\":%s,\"samples_per_s\":%s,\"time\":%s}\n",
        v->step, v->epoch, v->samples, number(v->loss, texts[0]), number(v->lr, texts[1]),
        number(v->grad_norm, texts[2]), number(v->samples_per_s, texts[3]),
        number(v->time, texts[4]));

    return append(self, line, (size_t)n);
}

lks_status lks_metrics_evaluation(lks_metrics *self, const lks_evaluation_metrics *v)
{
    char line[512], accuracy[NUMBER_TEXT + 16] = "", texts[3][NUMBER_TEXT];
    int n;

    if (v->has_accuracy)
        snprintf(accuracy, sizeof accuracy, ",\"accuracy\":%s",
                 number(v->accuracy, texts[2]));
    n = snprintf(line, sizeof line,
                 "{\"step\":%" PRIu64 ",\"epoch\":%" PRIu64
                 ",\"split\":\"%s\",\"samples\":%" PRIu64 ",\"loss\":%s%s,\"time\":%s}\n",
                 v->step, v->epoch, v->split, v->samples, number(v->loss, texts[0]),
                 accuracy, number(v->time, texts[1]));
    return append(self, line, (size_t)n);
}
