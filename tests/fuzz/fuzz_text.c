/* Text of any bytes is read or refused: what is read has numbers of its vocabulary and lengths
 * that were announced, and the vocabulary is that of the text counted in parts. The first
 * byte chooses: 0 to 2 the format, 4 words, 8 rare tokens are left out, 16 long lines too.
 * Of pairs each file is one half of the rest. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "data/corpus.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes);

static void put_file(lks_corpus *corpus, const uint8_t *bytes, size_t n)
{
    lks_corpus_file *file = &corpus->files[corpus->n_files++];

    file->path = lks_strdup("fuzz");
    file->text = lks_block_of_memory(memcpy(lks_malloc(n), bytes, n), n);
}

/* The field of a sample is what its dataset says. */
static void check_field(const lks_dataset *dataset, int f, const lks_field_place *place)
{
    const lks_field *field = lks_dataset_field(dataset, f);
    const int64_t n = field->n_dims > 0 ? place->length : 1;
    const int64_t *numbers = place->data;

    if (n < 1 || (field->n_dims > 0 && n > field->sizes[0]))
        abort();
    for (int64_t i = 0; i < n; i++)
        if (numbers[i] < 0 || (field->n_tokens > 0 && numbers[i] >= field->n_tokens))
            abort();
}

static void read_all(const lks_dataset *dataset)
{
    lks_field_place places[LKS_DATASET_MAX_FIELDS] = {{0}};
    const int n_fields = lks_dataset_n_fields(dataset);

    for (int f = 0; f < n_fields; f++)
        places[f].data = lks_malloc(lks_field_bytes(lks_dataset_field(dataset, f)));
    for (uint64_t i = 0; i < lks_dataset_n_samples(dataset); i++) {
        if (lks_dataset_get(dataset, i, places) != LKS_OK)
            abort();
        for (int f = 0; f < n_fields; f++)
            check_field(dataset, f, &places[f]);
        if (lks_dataset_length(dataset, i) < 1)
            abort();
    }
    for (int f = 0; f < n_fields; f++)
        lks_free(places[f].data);
}

/* The first file's tokens, if all of it is counted, in three parts. */
static void check_parts(const uint8_t *bytes, size_t n, lks_token_kind kind,
                        const lks_vocab *want)
{
    const char *text = (const char *)bytes;
    const lks_text_cut cut = kind == LKS_TOKENS_CHAR ? LKS_CUT_CHARS : LKS_CUT_WORDS;
    lks_token_counts *counts;
    lks_vocab *vocab;

    lks_token_counts_create(kind, &counts);
    for (size_t i = 0; i < 3; i++) {
        const size_t begin = lks_text_cut_at(cut, text, n, i * n / 3);
        const size_t end = lks_text_cut_at(cut, text, n, (i + 1) * n / 3);

        lks_token_counts_add_text(counts, text + begin, end - begin);
    }
    if (lks_vocab_of_counts(counts,
                            &(lks_vocab_options){.has_specials = kind == LKS_TOKENS_WORD},
                            &vocab) != LKS_OK ||
        lks_vocab_hash(vocab) != lks_vocab_hash(want))
        abort();
    lks_vocab_unref(vocab);
    lks_token_counts_destroy(counts);
}

static lks_status read_text(lks_corpus *corpus, const lks_dataset_source *source,
                            lks_dataset **out)
{
    const lks_status st = lks_corpus_settle(corpus, source);

    if (st != LKS_OK) {
        lks_corpus_close(corpus);
        return st;
    }
    return corpus->kind == LKS_CORPUS_RUNNING ? lks_running_of(corpus, source, out)
                                              : lks_lines_of(corpus, source, out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
    static const char *const formats[] = {"text", "labelled", "pairs", "text"};
    const uint8_t flags = n_bytes > 0 ? bytes[0] : 0;
    const size_t n = n_bytes > 0 ? n_bytes - 1 : 0, half = flags % 4 == 2 ? n / 2 : n;
    lks_dataset_source source = {.format = formats[flags % 4],
                                 .n_files = 1 + (flags % 4 == 2)};
    lks_corpus *corpus;
    lks_dataset *dataset;

    if (half == 0) /* a corpus has no empty file */
        return 0;
    lks_error_clear();
    source.text =
        (lks_text_options){.tokens = flags & 4 ? LKS_TOKENS_WORD : LKS_TOKENS_CHAR,
                           .min_count = flags & 8 ? 2 : 0,
                           .max_length = flags & 16 ? 5 : 0,
                           .sequence_length = 3,
                           .n_streams = 2};
    corpus = lks_calloc(1, sizeof *corpus);
    corpus->kind = (lks_corpus_kind)(flags % 4 == 3 ? 0 : flags % 4);
    corpus->options = source.text;
    put_file(corpus, bytes + 1, half);
    if (half < n)
        put_file(corpus, bytes + 1 + half, n - half);
    if (read_text(corpus, &source, &dataset) == LKS_OK) {
        read_all(dataset);
        if (flags % 4 == 0 && !(flags & 8))
            check_parts(bytes + 1, n, source.text.tokens,
                        lks_dataset_table(dataset).vocabs[0]);
        lks_dataset_destroy(dataset);
    } else if (lks_error_text()[0] == '\0') {
        abort(); /* a failure without a reason */
    }
    return 0;
}
