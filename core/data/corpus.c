#include "data/corpus.h"

#include <string.h>

#include "base/alloc.h"
#include "base/try.h"
#include "data/content_hash.h"
#include "data/format.h"
#include "data/vocabularies.h"
#include "io/reader.h"

/* ---- the files ---- */

static lks_status open_file(const lks_dataset_source *source, int k, lks_corpus_file *out)
{
    lks_reader *reader;
    lks_status st;

    if (!(out->path = lks_dataset_path(source, k)))
        return LKS_NOMEM;
    LKS_TRY(lks_reader_open(out->path, &reader));
    st = lks_reader_take_rest(reader, &out->text);
    lks_reader_destroy(reader);
    LKS_TRY(st);
    return out->text.size > 0 ? LKS_OK
                              : lks_fail(LKS_FORMAT, "%s: the file is empty", out->path);
}

static lks_status open_files(const lks_dataset_source *source, lks_corpus *out)
{
    for (int k = 0; k < source->n_files; k++) {
        out->n_files++;
        LKS_TRY(open_file(source, k, &out->files[k]));
    }
    return LKS_OK;
}

static lks_status hash_files(lks_corpus *self)
{
    enum { CHUNK = 1 << 20 };

    for (int k = 0; k < self->n_files; k++) {
        const lks_block *text = &self->files[k].text;
        size_t end;

        for (size_t at = 0; at < text->size; at = end) {
            end = text->size - at < CHUNK ? text->size : at + CHUNK;
            self->fingerprint =
                lks_content_hash(self->fingerprint, text->data + at, end - at);
            lks_block_let_go(text, at, end);
        }
    }
    for (int i = 0; i < self->n_vocabs; i++) {
        const uint64_t hash = lks_vocab_hash(self->vocabs[i]);

        self->fingerprint = lks_content_hash(self->fingerprint, &hash, sizeof hash);
    }
    return lks_corpus_check(self);
}

lks_status lks_corpus_check(const lks_corpus *corpus)
{
    for (int k = 0; k < corpus->n_files; k++)
        if (lks_block_is_cut(&corpus->files[k].text))
            return lks_fail(LKS_IO,
                            "%s: the file has become shorter while it was in use, or its "
                            "disk failed",
                            corpus->files[k].path);
    return LKS_OK;
}

void lks_corpus_close(lks_corpus *corpus)
{
    if (!corpus)
        return;
    for (int k = 0; k < corpus->n_files; k++) {
        lks_block_release(&corpus->files[k].text);
        lks_free(corpus->files[k].path);
    }
    for (int i = 0; i < LKS_DATASET_MAX_VOCABS; i++)
        lks_vocab_unref(corpus->vocabs[i]);
    lks_free(corpus);
}

/* ---- what stands in them ---- */

static const struct {
    const char *format;
    int n_vocabs;
} kinds[] = {
    [LKS_CORPUS_RUNNING] = {"text", 1},
    [LKS_CORPUS_LABELLED] = {"labelled", 1},
    [LKS_CORPUS_PAIRS] = {"pairs", 2},
};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

static int kind_of(const lks_dataset_source *source)
{
    int kind = 0;

    while (kind < N_KINDS && strcmp(kinds[kind].format, source->format) != 0)
        kind++;
    return kind;
}

int lks_dataset_n_vocabs(const lks_dataset_source *source)
{
    const int kind = kind_of(source);

    return kind < N_KINDS ? kinds[kind].n_vocabs : 0;
}

lks_labelled lks_corpus_labelled(lks_token line)
{
    size_t n = line.n_bytes;

    while (n > 0 && line.bytes[n - 1] != '\t')
        n--;
    if (n == 0)
        return (lks_labelled){.text = line};
    return (lks_labelled){.text = {line.bytes, n - 1},
                          .label = {line.bytes + n, line.n_bytes - n},
                          .has_label = true};
}

/* ---- counted ---- */

/* Where part j of n begins in `size` bytes: the product might not fit. */
static uint64_t part_at(uint64_t size, uint64_t j, uint64_t n)
{
    return size / n * j + size % n * j / n;
}

static size_t clamp(uint64_t at, uint64_t begin, size_t size)
{
    return at < begin ? 0 : at - begin > size ? size : (size_t)(at - begin);
}

static lks_status count_lines(const lks_corpus *self, const char *at, const char *end,
                              lks_token_counts *counts)
{
    lks_token line;

    while (lks_line_next(&at, end, &line)) {
        if (self->kind == LKS_CORPUS_LABELLED)
            line = lks_corpus_labelled(line).text;
        LKS_TRY(lks_token_counts_add_text(counts, line.bytes, line.n_bytes));
    }
    return LKS_OK;
}

static lks_text_cut cut_of(const lks_corpus *self)
{
    return self->kind != LKS_CORPUS_RUNNING          ? LKS_CUT_LINES
           : self->options.tokens == LKS_TOKENS_CHAR ? LKS_CUT_CHARS
                                                     : LKS_CUT_WORDS;
}

/* Bytes [begin, end) of a file, cut where it may be, a few megabytes at a time. */
static lks_status count_range(const lks_corpus *self, const lks_corpus_file *file,
                              size_t begin, size_t end, lks_token_counts *counts)
{
    enum { CHUNK = 4 << 20 };
    const char *text = (const char *)file->text.data;
    const lks_text_cut cut = cut_of(self);
    size_t next;

    end = lks_text_cut_at(cut, text, file->text.size, end);
    begin = lks_text_cut_at(cut, text, file->text.size, begin);
    for (size_t at = begin; at < end; at = next) {
        next = end - at < CHUNK ? end
                                : lks_text_cut_at(cut, text, file->text.size, at + CHUNK);
        LKS_TRY(lks_text_check(text, at, next, file->path));
        if (cut == LKS_CUT_LINES)
            LKS_TRY(count_lines(self, text + at, text + next, counts));
        else
            LKS_TRY(lks_token_counts_add_text(counts, text + at, next - at));
        lks_block_let_go(&file->text, at, next);
    }
    return LKS_OK;
}

/* Part `part` of n_parts of these files as if they were one. */
static lks_status count_files(const lks_corpus *self, int first, int n_files,
                              uint64_t part, uint64_t n_parts, lks_token_counts *counts)
{
    uint64_t size = 0, begin = 0;

    for (int k = first; k < first + n_files; k++)
        size += self->files[k].text.size;
    for (int k = first; k < first + n_files; k++) {
        const lks_corpus_file *file = &self->files[k];

        LKS_TRY(count_range(
            self, file, clamp(part_at(size, part, n_parts), begin, file->text.size),
            clamp(part_at(size, part + 1, n_parts), begin, file->text.size), counts));
        begin += file->text.size;
    }
    return LKS_OK;
}

/* One count for each vocabulary; after a failure those that are there are the caller's. */
static lks_status count(const lks_corpus *self, uint64_t part, uint64_t n_parts,
                        lks_token_counts **counts)
{
    const bool is_pairs = self->kind == LKS_CORPUS_PAIRS;

    for (int i = 0; i < kinds[self->kind].n_vocabs; i++) {
        LKS_TRY(lks_token_counts_create(self->options.tokens, &counts[i]));
        LKS_TRY(count_files(self, is_pairs ? i : 0, is_pairs ? 1 : self->n_files, part,
                            n_parts, counts[i]));
    }
    return LKS_OK;
}

static void drop_counts(lks_token_counts **counts)
{
    for (int i = 0; i < LKS_DATASET_MAX_VOCABS; i++)
        lks_token_counts_destroy(counts[i]);
}

static lks_status begin(const lks_dataset_source *source, lks_corpus **out)
{
    lks_corpus *self = lks_calloc(1, sizeof *self);
    lks_status st;

    if (!self)
        return LKS_NOMEM;
    self->kind = (lks_corpus_kind)kind_of(source);
    self->options = source->text;
    st = open_files(source, self);
    if (st == LKS_OK)
        *out = self;
    else
        lks_corpus_close(self);
    return st;
}

lks_status lks_dataset_count_tokens(const lks_dataset_source *source, uint64_t part,
                                    uint64_t n_parts, lks_token_counts **counts)
{
    lks_token_counts *made[LKS_DATASET_MAX_VOCABS] = {NULL};
    lks_corpus *corpus = NULL;
    lks_status st;

    LKS_GO(lks_dataset_check_source(source));
    LKS_GO(begin(source, &corpus));
    LKS_GO(count(corpus, part, n_parts, made));
    LKS_GO(lks_corpus_check(corpus));
    for (int i = 0; i < kinds[corpus->kind].n_vocabs; i++) {
        counts[i] = made[i];
        made[i] = NULL;
    }
cleanup:
    drop_counts(made);
    lks_corpus_close(corpus);
    return st;
}

lks_status lks_dataset_make_vocab(const lks_dataset_source *source,
                                  const lks_token_counts *counts, lks_vocab **out)
{
    const lks_text_options *o = &source->text;
    const bool is_running = kind_of(source) == LKS_CORPUS_RUNNING;
    const lks_vocab_options options = {
        .min_count = o->min_count,
        .max_size = o->max_size,
        .has_specials = !is_running || o->tokens == LKS_TOKENS_WORD,
    };

    return lks_vocab_of_counts(counts, &options, out);
}

/* ---- all of it ---- */

/* What is known already, of training data that these go with, or are. */
static const lks_vocab *const *known_vocabs(const lks_dataset_source *source)
{
    return source->like && source->like->vocabs[0] ? source->like->vocabs
           : source->vocabs[0]                     ? source->vocabs
                                                   : NULL;
}

static lks_status take_known(lks_corpus *self, const lks_dataset_source *source,
                             const lks_vocab *const *known)
{
    for (int i = 0; i < self->n_vocabs; i++) {
        if (!known[i] || lks_vocab_kind(known[i]) != self->options.tokens)
            return lks_fail(LKS_INVALID,
                            "%s: the vocabulary of the training data is not one of %s",
                            self->files[0].path, source->format);
        self->vocabs[i] = lks_vocab_ref(known[i]);
    }
    return LKS_OK;
}

static lks_status make_vocabs(lks_corpus *self, const lks_dataset_source *source)
{
    const lks_vocab *const *known = known_vocabs(source);
    lks_token_counts *counts[LKS_DATASET_MAX_VOCABS] = {NULL};
    lks_status st;

    self->n_vocabs = kinds[self->kind].n_vocabs;
    if (known)
        return take_known(self, source, known);
    if (source->n_files < self->n_vocabs)
        return lks_fail(LKS_INVALID, "%s: there is no vocabulary to read it by",
                        self->files[0].path);
    LKS_GO(count(self, 0, 1, counts));
    for (int i = 0; i < self->n_vocabs; i++)
        LKS_GO(lks_dataset_make_vocab(source, counts[i], &self->vocabs[i]));
cleanup:
    drop_counts(counts);
    return st;
}

lks_status lks_corpus_settle(lks_corpus *corpus, const lks_dataset_source *source)
{
    LKS_TRY(make_vocabs(corpus, source));
    return hash_files(corpus);
}

lks_status lks_corpus_open(const lks_dataset_source *source, lks_corpus **out)
{
    lks_corpus *self = NULL;
    lks_status st;

    LKS_GO(begin(source, &self));
    LKS_GO(lks_corpus_settle(self, source));
    *out = self;
    self = NULL;
cleanup:
    lks_corpus_close(self);
    return st;
}

lks_table lks_corpus_table(const lks_corpus *corpus)
{
    lks_table table = {0};

    for (int i = 0; i < corpus->n_vocabs; i++)
        table.vocabs[i] = corpus->vocabs[i];
    return table;
}
