#include "daemon/cli/metrics_tail.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

enum { TAIL_BYTES = 64 * 1024 };

static double number_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    return json_is_number(value) ? json_number_value(value) : NAN;
}

static void read_line(const char *line, size_t n_bytes, lks_metrics_tail *out)
{
    json_t *object = json_loadb(line, n_bytes, 0, NULL);
    json_t *accuracy = json_object_get(object, "accuracy");
    const char *split = json_string_value(json_object_get(object, "split"));
    uint64_t step = (uint64_t)json_integer_value(json_object_get(object, "step"));
    double loss = number_of(object, "loss");

    if (split) {
        out->has_evaluation = true;
        out->on_validation = strcmp(split, "validation") == 0;
        out->evaluation_step = step;
        out->evaluation_loss = loss;
        out->has_accuracy = json_is_number(accuracy);
        out->accuracy = json_number_value(accuracy);
        out->perplexity = number_of(object, "perplexity");
        out->has_perplexity = isfinite(out->perplexity);
    } else if (object) {
        out->has_step = true;
        out->step = step;
        out->loss = loss;
    }
    json_decref(object);
}

/* The file's last bytes, from the first whole line on; gives how many, 0 if none. */
static size_t read_tail(FILE *file, char *bytes)
{
    size_t n_bytes, n_skip = 0;
    long size;

    if (fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0 ||
        fseek(file, size > TAIL_BYTES ? size - TAIL_BYTES : 0, SEEK_SET) != 0)
        return 0;
    n_bytes = fread(bytes, 1, TAIL_BYTES, file);
    if (size > TAIL_BYTES) {
        const char *newline = memchr(bytes, '\n', n_bytes);

        n_skip = newline ? (size_t)(newline - bytes) + 1 : n_bytes;
    }
    memmove(bytes, bytes + n_skip, n_bytes - n_skip);
    return n_bytes - n_skip;
}

void lks_metrics_tail_read(const char *run_dir, lks_metrics_tail *out)
{
    char *path = lks_asprintf("%s/metrics.jsonl", run_dir);
    char *bytes = lks_malloc(TAIL_BYTES);
    FILE *file = path ? fopen(path, "re") : NULL;
    const char *line = bytes, *end, *newline;

    *out = (lks_metrics_tail){0};
    if (file && bytes) {
        end = bytes + read_tail(file, bytes);
        while ((newline = memchr(line, '\n', (size_t)(end - line))) != NULL) {
            read_line(line, (size_t)(newline - line), out);
            line = newline + 1;
        }
    }
    if (file)
        fclose(file);
    lks_free(bytes);
    lks_free(path);
}

lks_figure lks_loss_as_text(double loss)
{
    return isfinite(loss) ? lks_figure_loss(loss) : (lks_figure){"not finite"};
}

const char *lks_metrics_tail_split(const lks_metrics_tail *tail)
{
    return tail->on_validation ? "validation" : "test";
}

void lks_metrics_tail_describe(const lks_metrics_tail *tail, char *out, size_t size_bytes)
{
    lks_figure loss = lks_loss_as_text(tail->loss);
    lks_figure its_loss = lks_loss_as_text(tail->evaluation_loss);
    const char *split = lks_metrics_tail_split(tail);

    out[0] = '\0';
    if (tail->has_evaluation && tail->has_perplexity)
        snprintf(out, size_bytes, "%s perplexity %s, %s loss %s", split,
                 lks_figure_loss(tail->perplexity).text, split, its_loss.text);
    else if (tail->has_evaluation && tail->has_accuracy)
        snprintf(out, size_bytes, "%s accuracy %.2f %%, %s loss %s", split,
                 100 * tail->accuracy, split, its_loss.text);
    else if (tail->has_evaluation)
        snprintf(out, size_bytes, "%s loss %s", split, its_loss.text);
    else if (tail->has_step)
        snprintf(out, size_bytes, "loss %s at step %" PRIu64, loss.text, tail->step);
}
