/* Texts a line each: labelled ones, and pairs of two files. A place is noted every few
 * samples, from which on lines are read to come to the one that is asked for. */
#include "base/alloc.h"
#include "base/try.h"
#include "data/content_hash.h"
#include "data/lines.h"
#include "data/format.h"

/* ---- line after line ---- */

bool lks_lines_take(const lks_lines *self, int file, size_t *at, lks_token *out)
{
    const lks_block *text = &self->corpus->files[file].text;
    const char *bytes = (const char *)text->data, *from = bytes + *at;

    if (!lks_line_next(&from, bytes + text->size, out))
        return false;
    *at = (size_t)(from - bytes);
    return true;
}

void lks_line_cursor_settle(const lks_lines *self, lks_line_cursor *c)
{
    const lks_corpus *corpus = self->corpus;

    if (corpus->kind == LKS_CORPUS_LABELLED && c->file + 1 < corpus->n_files &&
        c->at[0] == corpus->files[c->file].text.size) /* none is empty */
        *c = (lks_line_cursor){.file = c->file + 1, .n_met = c->n_met};
}

static bool next_labelled(const lks_lines *self, lks_line_cursor *c, lks_line_row *out)
{
    lks_token line;

    if (!lks_lines_take(self, c->file, &c->at[0], &line))
        return false;
    out->labelled = lks_corpus_labelled(line);
    out->texts[0] = out->labelled.text;
    return true;
}

static bool next_pair(const lks_lines *self, lks_line_cursor *c, lks_line_row *out)
{
    out->n_there = 0;
    for (int i = 0; i < self->n_sides; i++)
        out->n_there += lks_lines_take(self, i, &c->at[i], &out->texts[i]);
    return out->n_there > 0;
}

bool lks_line_row_next(const lks_lines *self, lks_line_cursor *c, lks_line_row *out)
{
    const bool is_there = self->corpus->kind == LKS_CORPUS_PAIRS
                              ? next_pair(self, c, out)
                              : next_labelled(self, c, out);

    c->line += is_there;
    c->n_met += is_there;
    return is_there;
}

int64_t lks_lines_length(const lks_lines *self, lks_token text)
{
    return (int64_t)lks_tokens_count(
        lks_tokens_of(self->corpus->options.tokens, text.bytes, text.n_bytes));
}

bool lks_lines_keep(const lks_lines *self, const lks_line_row *r)
{
    const int64_t most = self->corpus->options.max_length;

    for (int i = 0; i < self->n_sides; i++)
        if (most > 0 && lks_lines_length(self, r->texts[i]) > most)
            return false;
    return true;
}

/* The line of sample `index`, and the cursor in front of it. */
static bool seek(const lks_lines *self, uint64_t index, lks_line_cursor *before,
                 lks_line_row *out)
{
    lks_line_cursor c = self->places[index / LKS_LINES_STRIDE];
    uint64_t i = index - index % LKS_LINES_STRIDE;

    for (;;) {
        lks_line_cursor_settle(self, &c);
        *before = c;
        if (!lks_line_row_next(self, &c, out))
            return false; /* the file is not what it was */
        if (lks_lines_keep(self, out) && i++ == index)
            return true;
    }
}

/* ---- samples ---- */

/* The numbers of a text's tokens behind `first` (-1: none) and before `last`. */
static int64_t put(const lks_lines *self, int side, lks_token text, int64_t first,
                   int64_t last, lks_field_place *place)
{
    const lks_vocab *vocab = self->corpus->vocabs[side];
    const int64_t most = self->longest[side] + (first >= 0 || last >= 0);
    lks_token_reader reader =
        lks_tokens_of(self->corpus->options.tokens, text.bytes, text.n_bytes);
    int64_t *out = place->data, n = 0;
    lks_token token;

    if (first >= 0)
        out[n++] = first;
    while (n < most - (last >= 0) && lks_token_next(&reader, &token))
        out[n++] = lks_vocab_number(vocab, token);
    if (last >= 0)
        out[n++] = last;
    return place->length = n;
}

static void put_pair(const lks_lines *self, const lks_line_row *r,
                     lks_field_place *places)
{
    const lks_vocab *target = self->corpus->vocabs[1];

    if (places[0].data)
        put(self, 0, r->texts[0], -1, -1, &places[0]);
    if (self->n_sides == 1)
        return;
    if (places[1].data)
        put(self, 1, r->texts[1], lks_vocab_special(target, LKS_SPECIAL_BOS), -1,
            &places[1]);
    if (places[2].data)
        put(self, 1, r->texts[1], -1, lks_vocab_special(target, LKS_SPECIAL_EOS),
            &places[2]);
}

static lks_status refuse_change(const lks_lines *self, int file)
{
    LKS_TRY(lks_corpus_check(self->corpus));
    return lks_fail(LKS_IO, "%s: the file was changed while it was in use",
                    self->corpus->files[file].path);
}

static lks_status put_labelled(const lks_lines *self, const lks_line_row *r, int file,
                               lks_field_place *places)
{
    int64_t number;

    if (places[0].data)
        put(self, 0, r->texts[0], -1, -1, &places[0]);
    if (!self->has_labels || !places[1].data)
        return LKS_OK;
    if ((number = lks_vocab_find(self->classes, r->labelled.label)) < 0)
        return refuse_change(self, file);
    *(int64_t *)places[1].data = number;
    return LKS_OK;
}

static lks_status get(const void *context, uint64_t index, lks_field_place *places)
{
    const lks_lines *self = context;
    lks_line_cursor at;
    lks_line_row r;

    if (!seek(self, index, &at, &r))
        return refuse_change(self, at.file);
    if (self->corpus->kind == LKS_CORPUS_PAIRS)
        put_pair(self, &r, places);
    else
        LKS_TRY(put_labelled(self, &r, at.file, places));
    return lks_corpus_check(self->corpus);
}

static int64_t length(const void *context, uint64_t index)
{
    const lks_lines *self = context;
    int64_t n = 0;
    lks_line_cursor at;
    lks_line_row r;

    if (!seek(self, index, &at, &r))
        return 0; /* `get` tells */
    for (int i = 0; i < self->n_sides; i++)
        n += lks_lines_length(self, r.texts[i]);
    return n;
}

static const char *origin(const void *context, int field, uint64_t index,
                          uint64_t *index_there)
{
    const lks_lines *self = context;
    const bool is_pairs = self->corpus->kind == LKS_CORPUS_PAIRS;
    lks_line_cursor at;
    lks_line_row r;

    seek(self, index, &at, &r);
    *index_there = at.line;
    return self->corpus->files[is_pairs ? field > 0 : at.file].path;
}

static uint64_t row_of(const void *context, uint64_t index)
{
    const lks_lines *self = context;
    lks_line_cursor at;
    lks_line_row r;

    if (index >= self->n_samples)
        return self->n_lines;
    seek(self, index, &at, &r);
    return at.n_met;
}

static const char *class_name(const void *context, int64_t number)
{
    const lks_lines *self = context;

    return self->classes && number >= 0 &&
                   (uint64_t)number < lks_vocab_size(self->classes)
               ? lks_vocab_token(self->classes, number).bytes
               : NULL;
}

static uint64_t fingerprint(const void *context)
{
    const lks_lines *self = context;
    const uint64_t what[] = {self->n_samples, (uint64_t)self->corpus->options.max_length};

    return lks_content_hash(self->corpus->fingerprint, what, sizeof what);
}

static lks_table table_of(const void *context)
{
    const lks_lines *self = context;
    lks_table table = lks_corpus_table(self->corpus);

    if (self->class_names) {
        table.classes = self->class_names;
        table.n_classes = lks_vocab_size(self->classes);
    }
    return table;
}

/* ---- opened ---- */

static void destroy(void *context)
{
    lks_lines *self = context;

    if (!self)
        return;
    lks_corpus_close(self->corpus);
    lks_vocab_unref(self->classes);
    lks_free(self->class_names);
    lks_free(self->places);
    lks_free(self);
}

static lks_field field_of(const lks_lines *self, const char *name, int side, int64_t more,
                          double pad)
{
    return (lks_field){.name = name,
                       .dtype = LKS_I64,
                       .n_dims = 1,
                       .sizes = {self->longest[side] + more},
                       .varies = true,
                       .pad = pad,
                       .n_tokens = (int64_t)lks_vocab_size(self->corpus->vocabs[side])};
}

static lks_status create(lks_lines *self, lks_dataset **out)
{
    static const lks_dataset_ops ops = {
        .get = get,
        .fingerprint = fingerprint,
        .origin = origin,
        .class_name = class_name,
        .row = row_of,
        .length = length,
        .table = table_of,
        .destroy = destroy,
    };
    const lks_field labelled[] = {field_of(self, "inputs", 0, 0, 0),
                                  {.name = "targets", .dtype = LKS_I64}};

    if (self->corpus->kind == LKS_CORPUS_PAIRS) {
        const lks_field pairs[] = {field_of(self, "source", 0, 0, 0),
                                   field_of(self, "inputs", self->n_sides - 1, 1, 0),
                                   field_of(self, "targets", self->n_sides - 1, 1, -100)};

        return lks_dataset_create(&ops, self, self->n_samples, pairs,
                                  self->n_sides == 2 ? 3 : 1, out);
    }
    return lks_dataset_create(&ops, self, self->n_samples, labelled,
                              self->has_labels ? 2 : 1, out);
}

lks_status lks_lines_of(lks_corpus *corpus, const lks_dataset_source *source,
                        lks_dataset **out)
{
    const bool is_pairs = corpus->kind == LKS_CORPUS_PAIRS;
    lks_lines *self = lks_calloc(1, sizeof *self);
    lks_status st;

    if (!self) {
        lks_corpus_close(corpus);
        return LKS_NOMEM;
    }
    self->corpus = corpus;
    self->n_sides = is_pairs && !source->inputs_only ? 2 : 1;
    self->has_labels = !is_pairs && !source->inputs_only;
    LKS_GO(lks_lines_scan(self, source->like));
    LKS_GO(create(self, out));
    self = NULL;
cleanup:
    destroy(self);
    return st;
}

static lks_status open_lines(const lks_dataset_source *source, lks_dataset **out)
{
    lks_corpus *corpus = NULL;

    LKS_TRY(lks_corpus_open(source, &corpus));
    return lks_lines_of(corpus, source, out);
}

const lks_dataset_format lks_dataset_labelled = {
    .name = "labelled",
    .wants = "1 to 16 files",
    .min_files = 1,
    .max_files = LKS_DATASET_MAX_FILES,
    .make = open_lines,
};

const lks_dataset_format lks_dataset_pairs = {
    .name = "pairs",
    .wants = "2 files, source and target",
    .min_files = 2,
    .max_files = 2,
    .make = open_lines,
};
