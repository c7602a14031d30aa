/* What the lines of labelled texts and of pairs have. */
#include <string.h>

#include "base/alloc.h"
#include "base/try.h"
#include "data/lines.h"

/* Bytes of a label that an error shows. */
enum { SHOWN = 40 };

static lks_status refuse_uneven(const lks_lines *self)
{
    uint64_t n[2] = {0, 0};

    for (int i = 0; i < 2; i++) {
        size_t at = 0;
        lks_token line;

        while (lks_lines_take(self, i, &at, &line))
            n[i]++;
    }
    return lks_fail(
        LKS_FORMAT,
        "%s has %llu lines and %s has %llu: each line of one goes with one of "
        "the other",
        self->corpus->files[0].path, (unsigned long long)n[0],
        self->corpus->files[1].path, (unsigned long long)n[1]);
}

static lks_status refuse(const lks_lines *self, int file, uint64_t line, const char *why)
{
    return lks_fail(LKS_FORMAT, "%s, line %llu: %s", self->corpus->files[file].path,
                    (unsigned long long)line + 1, why);
}

static lks_status refuse_label(const lks_lines *self, const lks_line_cursor *at,
                               lks_token label)
{
    return lks_fail(LKS_FORMAT,
                    "%s, line %llu: the label '%.*s' is not one of the training data's",
                    self->corpus->files[at->file].path, (unsigned long long)at->line + 1,
                    (int)(label.n_bytes < SHOWN ? label.n_bytes : SHOWN), label.bytes);
}

/* `labels` counts them; NULL: they are known. */
static lks_status check_label(const lks_lines *self, const lks_line_cursor *at,
                              const lks_labelled *labelled, lks_token_counts *labels)
{
    const lks_token label = labelled->label;

    if (!labelled->has_label)
        return refuse(self, at->file, at->line,
                      "there is no tab between a text and its label");
    if (label.n_bytes == 0)
        return refuse(self, at->file, at->line, "there is no label behind the tab");
    if (memchr(label.bytes, '\0', label.n_bytes))
        return refuse(self, at->file, at->line, "a byte of its label is zero");
    if (labels)
        return lks_token_counts_add(labels, label);
    return lks_vocab_find(self->classes, label) >= 0 ? LKS_OK
                                                     : refuse_label(self, at, label);
}

static lks_status check_row(const lks_lines *self, const lks_line_cursor *at,
                            const lks_line_row *r, int64_t *lengths,
                            lks_token_counts *labels)
{
    const bool is_pairs = self->corpus->kind == LKS_CORPUS_PAIRS;

    if (is_pairs && r->n_there < self->n_sides)
        return refuse_uneven(self);
    for (int i = 0; i < self->n_sides; i++)
        if ((lengths[i] = lks_lines_length(self, r->texts[i])) == 0)
            return refuse(self, is_pairs ? i : at->file, at->line,
                          "there is no text: a sequence of length 0");
    return self->has_labels ? check_label(self, at, &r->labelled, labels) : LKS_OK;
}

static lks_status note(lks_lines *self, const lks_line_cursor *at)
{
    if (self->n_places == self->capacity) {
        const size_t capacity = self->capacity ? 2 * self->capacity : 64;
        lks_line_cursor *places = lks_realloc(self->places, capacity, sizeof *places);

        if (!places)
            return LKS_NOMEM;
        self->places = places;
        self->capacity = capacity;
    }
    self->places[self->n_places++] = *at;
    return LKS_OK;
}

static lks_status add_sample(lks_lines *self, const lks_line_cursor *at,
                             const int64_t *lengths)
{
    if (self->n_samples++ % LKS_LINES_STRIDE == 0)
        LKS_TRY(note(self, at));
    for (int i = 0; i < self->n_sides; i++)
        if (lengths[i] > self->longest[i])
            self->longest[i] = lengths[i];
    return LKS_OK;
}

static lks_status scan(lks_lines *self, lks_token_counts *labels)
{
    lks_line_cursor at = {0}, next;
    int64_t lengths[2] = {0, 0};
    lks_line_row r = {0};

    for (;; at = next) {
        lks_line_cursor_settle(self, &at);
        next = at;
        if (!lks_line_row_next(self, &next, &r))
            break;
        LKS_TRY(check_row(self, &at, &r, lengths, labels));
        if (lks_lines_keep(self, &r))
            LKS_TRY(add_sample(self, &at, lengths));
    }
    self->n_lines = at.n_met;
    if (self->n_samples == 0)
        return lks_fail(LKS_INVALID,
                        "%s: all texts are longer than max_length, which is "
                        "%lld",
                        self->corpus->files[0].path,
                        (long long)self->corpus->options.max_length);
    return LKS_OK;
}

static lks_status take_classes(lks_lines *self, const lks_table *like)
{
    lks_token *names = lks_calloc(like->n_classes, sizeof *names);
    lks_status st;

    if (!names)
        return LKS_NOMEM;
    for (size_t i = 0; i < like->n_classes; i++)
        names[i] = (lks_token){like->classes[i], strlen(like->classes[i])};
    st = lks_vocab_create(LKS_TOKENS_WORD, names, like->n_classes, &self->classes);
    lks_free(names);
    return st;
}

static lks_status name_classes(lks_lines *self)
{
    const size_t n = lks_vocab_size(self->classes);

    if (!(self->class_names = lks_calloc(n, sizeof *self->class_names)))
        return LKS_NOMEM;
    for (size_t i = 0; i < n; i++)
        self->class_names[i] = lks_vocab_token(self->classes, (int64_t)i).bytes;
    return LKS_OK;
}

lks_status lks_lines_scan(lks_lines *self, const lks_table *like)
{
    const bool are_known = !self->has_labels || (like && like->n_classes > 0);
    lks_token_counts *labels = NULL;
    lks_status st;

    if (are_known && self->has_labels)
        LKS_GO(take_classes(self, like));
    if (!are_known)
        LKS_GO(lks_token_counts_create(LKS_TOKENS_WORD, &labels));
    for (int k = 0; k < self->corpus->n_files; k++)
        LKS_GO(lks_text_check_block(&self->corpus->files[k].text,
                                    self->corpus->files[k].path));
    LKS_GO(scan(self, labels));
    if (!are_known)
        LKS_GO(lks_vocab_of_names(labels, &self->classes));
    if (self->has_labels)
        LKS_GO(name_classes(self));
    LKS_GO(lks_corpus_check(self->corpus));
cleanup:
    lks_token_counts_destroy(labels);
    return st;
}
