/* Running text: n tokens in S streams of the same length, but for one token, stream b
 * being tokens floor(b n / S) to floor((b + 1) n / S). Each stream is read in W windows:
 *
 *     stream b   x x x x x x x x x x x x          P tokens are predicted, all but the first
 *     window 0   i i i i                          inputs, T of them
 *                  t t t t                        targets: what stands behind each
 *     window 1           i i i i
 *     window 2                   i i i            the last is short
 *
 * Where one stream's windows are all full and another's have one token more, the full ones'
 * last but one gives its last token away, so that no window is empty. */
#include "data/running.h"

#include <string.h>

#include "base/alloc.h"
#include "base/try.h"
#include "data/content_hash.h"
#include "data/corpus.h"
#include "data/format.h"
#include "text/token_index.h"

/* The tokens of all files, one after the other. */
typedef struct tokens {
    lks_corpus *corpus;
    lks_token_index *indices[LKS_DATASET_MAX_FILES];
    uint64_t ends[LKS_DATASET_MAX_FILES]; /* tokens up to and with file k */
    uint64_t n;
} tokens;

/* A part of them as streams. */
typedef struct running {
    const tokens *of;
    tokens *owned; /* NULL: another dataset's */
    uint64_t first, n;
    uint64_t n_streams, n_windows;
    uint64_t length; /* of a window, the longest */
    bool has_targets;
} running;

/* ---- where windows stand ---- */

/* Where stream b begins, within the part: the product might not fit. */
static uint64_t stream_at(const running *self, uint64_t b)
{
    const uint64_t n = self->n, s = self->n_streams;

    return n / s * b + n % s * b / s;
}

/* Where window w begins, of a stream that predicts n tokens. */
static uint64_t window_at(const running *self, uint64_t n, uint64_t w)
{
    const uint64_t left = self->n_windows - w; /* one token each, at least */
    const uint64_t at = w * self->length;

    return at < n - left ? at : n - left;
}

/* The first input of a sample, of all tokens, and how many there are. */
static uint64_t find(const running *self, uint64_t index, uint64_t *n)
{
    const uint64_t b = index % self->n_streams, w = index / self->n_streams;
    const uint64_t begin = stream_at(self, b);
    const uint64_t n_predicted = stream_at(self, b + 1) - begin - 1;
    const uint64_t at = window_at(self, n_predicted, w);

    *n = window_at(self, n_predicted, w + 1) - at;
    return self->first + begin + at;
}

static int file_of(const tokens *self, uint64_t token)
{
    int k = 0;

    while (token >= self->ends[k])
        k++;
    return k;
}

/* ---- samples ---- */

static lks_status read_tokens(const tokens *self, uint64_t first, uint64_t n,
                              int64_t *out)
{
    while (n > 0) {
        const int k = file_of(self, first);
        const uint64_t begin = k > 0 ? self->ends[k - 1] : 0;
        const uint64_t n_here = n < self->ends[k] - first ? n : self->ends[k] - first;

        if (!lks_token_index_read(self->indices[k], first - begin, (size_t)n_here, out)) {
            LKS_TRY(lks_corpus_check(self->corpus));
            return lks_fail(LKS_IO, "%s: the file was changed while it was in use",
                            self->corpus->files[k].path);
        }
        first += n_here;
        out += n_here;
        n -= n_here;
    }
    return lks_corpus_check(self->corpus);
}

static lks_status get(const void *context, uint64_t index, lks_field_place *places)
{
    const running *self = context;
    uint64_t n;
    const uint64_t first = find(self, index, &n);

    for (int i = 0; i <= self->has_targets; i++)
        places[i].length = (int64_t)n;
    if (places[0].data)
        LKS_TRY(read_tokens(self->of, first, n, places[0].data));
    return self->has_targets && places[1].data
               ? read_tokens(self->of, first + 1, n, places[1].data)
               : LKS_OK;
}

static uint64_t n_streams(const void *context)
{
    return ((const running *)context)->n_streams;
}

static int64_t length(const void *context, uint64_t index)
{
    uint64_t n;

    find(context, index, &n);
    return (int64_t)n;
}

static const char *origin(const void *context, int field, uint64_t index,
                          uint64_t *index_there)
{
    const running *self = context;
    uint64_t n;
    const uint64_t first = find(self, index, &n);

    (void)field;
    *index_there = index;
    return self->of->corpus->files[file_of(self->of, first)].path;
}

static uint64_t fingerprint(const void *context)
{
    const running *self = context;
    const uint64_t what[] = {self->first, self->n, self->n_streams, self->length};

    return lks_content_hash(self->of->corpus->fingerprint, what, sizeof what);
}

static lks_table table(const void *context)
{
    return lks_corpus_table(((const running *)context)->of->corpus);
}

/* ---- opened ---- */

static void destroy_tokens(tokens *self)
{
    if (!self)
        return;
    for (int k = 0; k < LKS_DATASET_MAX_FILES; k++)
        lks_token_index_destroy(self->indices[k]);
    lks_corpus_close(self->corpus);
    lks_free(self);
}

static void destroy(void *context)
{
    running *self = context;

    destroy_tokens(self->owned);
    lks_free(self);
}

static const lks_dataset_ops ops = {
    .get = get,
    .fingerprint = fingerprint,
    .origin = origin,
    .n_streams = n_streams,
    .length = length,
    .table = table,
    .destroy = destroy,
};

/* What is too short for its streams: fewer, where `may_shrink`. */
static lks_status settle_streams(running *self, bool may_shrink)
{
    const char *path = self->of->corpus->files[0].path;
    const uint64_t need = self->length + 1;

    if (self->n < 2)
        return lks_fail(LKS_INVALID,
                        "%s: running text of %llu token%s: none is behind another", path,
                        (unsigned long long)self->n, self->n == 1 ? "" : "s");
    if (self->n / self->n_streams < need && !may_shrink)
        return lks_fail(
            LKS_INVALID,
            "%s: %llu tokens in %llu stream%s are %llu each, and sequence_length %llu "
            "needs %llu",
            path, (unsigned long long)self->n, (unsigned long long)self->n_streams,
            self->n_streams == 1 ? "" : "s",
            (unsigned long long)(self->n / self->n_streams),
            (unsigned long long)self->length, (unsigned long long)need);
    if (self->n / self->n_streams < need)
        self->n_streams = self->n < need ? 1 : self->n / need;
    self->n_windows = /* of the longest stream */
        ((self->n - 1) / self->n_streams + self->length - 1) / self->length;
    return LKS_OK;
}

static lks_status create(running about, bool may_shrink, lks_dataset **out)
{
    const int64_t n_tokens = (int64_t)lks_vocab_size(about.of->corpus->vocabs[0]);
    lks_field fields[] = {{.name = "inputs"}, {.name = "targets"}};
    running *self;
    lks_status st;

    LKS_TRY(settle_streams(&about, may_shrink));
    for (int i = 0; i < 2; i++) {
        fields[i].dtype = LKS_I64;
        fields[i].n_dims = 1;
        fields[i].sizes[0] = (int64_t)about.length;
        fields[i].varies = true;
        fields[i].pad = i == 0 ? 0 : -100;
        fields[i].n_tokens = n_tokens;
    }
    if (!(self = lks_malloc(sizeof *self)))
        return LKS_NOMEM;
    *self = about;
    st = lks_dataset_create(&ops, self, self->n_streams * self->n_windows, fields,
                            1 + about.has_targets, out);
    if (st != LKS_OK)
        lks_free(self);
    return st;
}

static lks_status check_options(const lks_text_options *options)
{
    if (options->sequence_length < 2)
        return lks_fail(LKS_INVALID, "text: a sequence_length of %lld; at least 2",
                        (long long)options->sequence_length);
    return options->n_streams > 0
               ? LKS_OK
               : lks_fail(LKS_INVALID, "text: no stream to read it in");
}

static lks_status index_files(tokens *self)
{
    for (int k = 0; k < self->corpus->n_files; k++) {
        const lks_corpus_file *file = &self->corpus->files[k];

        LKS_TRY(lks_token_index_create(self->corpus->vocabs[0], &file->text, file->path,
                                       &self->indices[k]));
        self->n += lks_token_index_size(self->indices[k]);
        self->ends[k] = self->n;
    }
    return lks_corpus_check(self->corpus);
}

lks_status lks_running_of(lks_corpus *corpus, const lks_dataset_source *source,
                          lks_dataset **out)
{
    tokens *all = lks_calloc(1, sizeof *all);
    running about = {.of = all,
                     .owned = all,
                     .n_streams = source->text.n_streams,
                     .length = (uint64_t)source->text.sequence_length,
                     .has_targets = !source->inputs_only};
    lks_status st;

    if (!all) {
        lks_corpus_close(corpus);
        return LKS_NOMEM;
    }
    all->corpus = corpus;
    LKS_GO(index_files(all));
    about.n = all->n;
    LKS_GO(create(about, source->like != NULL, out));
    all = NULL;
cleanup:
    destroy_tokens(all);
    return st;
}

static lks_status open_running(const lks_dataset_source *source, lks_dataset **out)
{
    lks_corpus *corpus = NULL;

    LKS_TRY(check_options(&source->text));
    LKS_TRY(lks_corpus_open(source, &corpus));
    return lks_running_of(corpus, source, out);
}

/* ---- split ---- */

uint64_t lks_running_n_tokens(const lks_dataset *dataset)
{
    const running *self = lks_dataset_self(dataset, &ops);

    return self ? self->n : 0;
}

lks_status lks_running_split(const lks_dataset *dataset, uint64_t n_held_out,
                             lks_dataset **rest, lks_dataset **held_out)
{
    const running *self = lks_dataset_self(dataset, &ops);
    running begin = *self, end = *self;
    lks_dataset *made = NULL;
    lks_status st;

    if (n_held_out < 2 || n_held_out >= self->n)
        return lks_fail(LKS_INVALID,
                        "%llu tokens of %llu cannot be held out: at least two, and some "
                        "are left",
                        (unsigned long long)n_held_out, (unsigned long long)self->n);
    begin.owned = end.owned = NULL;
    begin.n -= n_held_out;
    end.first += begin.n;
    end.n = n_held_out;
    LKS_TRY(create(begin, false, &made));
    st = create(end, true, held_out);
    if (st == LKS_OK)
        *rest = made;
    else
        lks_dataset_destroy(made);
    return st;
}

const lks_dataset_format lks_dataset_text = {
    .name = "text",
    .wants = "1 to 16 files",
    .min_files = 1,
    .max_files = LKS_DATASET_MAX_FILES,
    .make = open_running,
};
