#include "worker/evaluation.h"

#include <inttypes.h>
#include <math.h>

#include "base/alloc.h"
#include "base/class_table.h"
#include "base/figure.h"
#include "base/plain.h"
#include "worker/number.h"

/* ---- for programs ---- */

static void put_number(lks_text *out, const char *key, double value)
{
    char text[LKS_NUMBER_TEXT];

    lks_text_add(out, "\"%s\": %s", key, lks_number_text(value, text));
}

static void put_class(lks_text *out, const lks_tally *tally, int64_t i)
{
    lks_text_add(out, "{\"class\": %" PRId64 ", \"name\": ", i);
    if (tally->class_names)
        lks_plain_put_json(out, tally->class_names[i]);
    else
        lks_text_put(out, "null");
    lks_text_add(out, ", \"samples\": %" PRId64 ", \"correct\": %" PRId64 ", ",
                 tally->samples[i], tally->correct[i]);
    put_number(out, "accuracy", lks_tally_accuracy(tally, i));
    lks_text_put(out, "}");
}

static void put_row(lks_text *out, const lks_tally *tally, int64_t i)
{
    const int64_t *row = tally->confusion + i * tally->n_classes;

    for (int64_t k = 0; k < tally->n_classes; k++) {
        lks_text_put(out, k ? ", " : "[");
        lks_text_add_count(out, (uint64_t)row[k]);
    }
    lks_text_put(out, "]");
}

/* "key": [ … ], a line for each class. */
static void put_list(lks_text *out, const char *key, const lks_tally *tally,
                     void (*put)(lks_text *out, const lks_tally *tally, int64_t i))
{
    lks_text_add(out, ",\n  \"%s\": [", key);
    for (int64_t i = 0; i < tally->n_classes; i++) {
        lks_text_put(out, i ? ",\n    " : "\n    ");
        put(out, tally, i);
    }
    lks_text_put(out, "\n  ]");
}

static void put_what(lks_text *out, const lks_evaluated *what)
{
    if (what->run) {
        lks_text_put(out, "  \"run\": ");
        lks_plain_put_json(out, what->run);
        lks_text_put(out, ",\n");
    }
    lks_text_add(out, "  \"split\": \"%s\",\n", what->split);
    if (what->has_step)
        lks_text_add(out, "  \"step\": %" PRIu64 ",\n  \"epoch\": %" PRIu64 ",\n",
                     what->step, what->epoch);
}

void lks_evaluation_put_json(lks_text *out, const lks_evaluated *what,
                             const lks_evaluation *e)
{
    lks_text_put(out, "{\n");
    put_what(out, what);
    lks_text_add(out, "  \"samples\": %" PRIu64 ",\n  ", e->n_samples);
    put_number(out, "loss", e->loss);
    if (e->has_tokens) {
        lks_text_put(out, ",\n  ");
        put_number(out, "perplexity", e->perplexity);
        lks_text_add(out, ",\n  \"tokens\": %" PRIu64, e->n_tokens);
    }
    if (e->has_accuracy) {
        lks_text_put(out, ",\n  ");
        put_number(out, "accuracy", e->accuracy);
    }
    if (e->has_bleu) {
        lks_text_put(out, ",\n  ");
        put_number(out, "bleu", e->bleu);
    }
    if (e->tally)
        put_list(out, "classes", e->tally, put_class);
    if (e->tally && e->tally->confusion)
        put_list(out, "confusion", e->tally, put_row);
    if (e->has_errors) {
        lks_text_put(out, ",\n  ");
        put_number(out, "mean_absolute_error", e->absolute_error);
        lks_text_put(out, ",\n  ");
        put_number(out, "r2", e->r2);
    }
    lks_text_put(out, "\n}\n");
}

/* ---- for people ---- */

void lks_evaluation_put_line(lks_text *out, const lks_evaluation *e)
{
    lks_text_add(out, "loss %s", lks_figure_loss(e->loss).text);
    if (e->has_tokens)
        lks_text_add(out, ", perplexity %s", lks_figure_loss(e->perplexity).text);
    if (e->has_accuracy)
        lks_text_add(out, ", accuracy %.2f %%", 100 * e->accuracy);
    if (e->has_bleu)
        lks_text_add(out, ", BLEU %.2f", e->bleu);
}

static void put_classes(lks_text *out, const lks_tally *tally)
{
    lks_class_row *rows = lks_calloc((size_t)tally->n_classes, sizeof *rows);

    if (!rows) {
        out->failed = true;
        return;
    }
    for (int64_t i = 0; i < tally->n_classes; i++)
        rows[i] = (lks_class_row){
            .name = tally->class_names ? tally->class_names[i] : NULL,
            .samples = tally->samples[i],
            .correct = tally->correct[i],
        };
    lks_class_table_put(out, rows, tally->n_classes);
    lks_free(rows);
}

void lks_evaluation_put_table(lks_text *out, const lks_evaluation *e)
{
    if (e->tally)
        put_classes(out, e->tally);
    if (!e->has_errors)
        return;
    lks_text_add(out, "mean absolute error %s", lks_figure_loss(e->absolute_error).text);
    if (isfinite(e->r2))
        lks_text_add(out, ", R2 %.4f", e->r2);
    lks_text_put(out, "\n");
}
