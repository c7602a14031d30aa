#include "worker/corpus_bleu.h"

#include "base/alloc.h"
#include "base/try.h"
#include "worker/translator.h"

/* Samples as they come out of the data. */
typedef struct batch {
    int64_t *data[LKS_DATASET_MAX_FIELDS]; /* of the source and the targets */
    int64_t lengths[LKS_DATASET_MAX_FIELDS][LKS_TRANSLATOR_BATCH];
    int64_t longest[LKS_DATASET_MAX_FIELDS];
} batch;

typedef struct corpus {
    const lks_dataset *dataset;
    lks_translator translator;
    int source, targets; /* fields */
    batch batch;
} corpus;

static lks_status open_corpus(const lks_replica *replica, corpus *out)
{
    const lks_dataset *dataset = replica->applied.dataset;

    *out = (corpus){.dataset = dataset,
                    .translator = lks_translator_of(replica),
                    .source = lks_dataset_find(dataset, "source"),
                    .targets = lks_dataset_find(dataset, "targets")};
    if (out->source < 0 || out->targets < 0 || !out->translator.target)
        return lks_fail(LKS_INVALID,
                        "--beam: %s is no model that translates: there is no "
                        "BLEU of it",
                        replica->session->options->job_path);
    for (int i = 0; i < lks_dataset_n_fields(dataset); i++)
        if (i == out->source || i == out->targets) {
            out->batch.data[i] = lks_calloc(
                LKS_TRANSLATOR_BATCH, lks_field_bytes(lks_dataset_field(dataset, i)));
            if (!out->batch.data[i])
                return LKS_NOMEM;
        }
    return LKS_OK;
}

static void close_corpus(corpus *self)
{
    for (int i = 0; i < LKS_DATASET_MAX_FIELDS; i++)
        lks_free(self->batch.data[i]);
}

static lks_status gather(corpus *self, uint64_t first, int64_t n)
{
    lks_field_batch fields[LKS_DATASET_MAX_FIELDS] = {{0}};
    uint64_t indices[LKS_TRANSLATOR_BATCH];

    for (int64_t i = 0; i < n; i++)
        indices[i] = first + (uint64_t)i;
    for (int i = 0; i < lks_dataset_n_fields(self->dataset); i++)
        fields[i] = (lks_field_batch){.data = self->batch.data[i],
                                      .lengths = self->batch.lengths[i]};
    LKS_TRY(lks_dataset_gather(self->dataset, indices, n, fields));
    for (int i = 0; i < lks_dataset_n_fields(self->dataset); i++)
        self->batch.longest[i] = fields[i].longest;
    return LKS_OK;
}

/* Without <eos>, which ends it. */
static size_t without_end(const corpus *self, const int64_t *tokens, int64_t n)
{
    const int64_t end = lks_vocab_special(self->translator.target, LKS_SPECIAL_EOS);

    return (size_t)(n > 0 && tokens[n - 1] == end ? n - 1 : n);
}

static void count(corpus *self, int64_t i, const lks_hypotheses *found, lks_bleu *to)
{
    int64_t *reference =
        self->batch.data[self->targets] + i * self->batch.longest[self->targets];
    const size_t n = without_end(self, reference, self->batch.lengths[self->targets][i]);
    const int64_t unknown = lks_vocab_special(self->translator.target, LKS_SPECIAL_UNK);
    const lks_hypothesis *best = found->n > 0 ? &found->items[0] : NULL;

    for (size_t k = 0; k < n; k++)
        if (reference[k] == unknown)
            reference[k] = -1; /* this one word, which no translation has */
    lks_bleu_add(to, best ? best->tokens : NULL,
                 best ? without_end(self, best->tokens, best->n_tokens) : 0, reference,
                 n);
}

static lks_status translate_batch(corpus *self, uint64_t first, int64_t n, lks_bleu *to)
{
    lks_sentence sentences[LKS_TRANSLATOR_BATCH];
    lks_hypotheses found[LKS_TRANSLATOR_BATCH];
    lks_status st;

    LKS_TRY(gather(self, first, n));
    for (int64_t i = 0; i < n; i++)
        sentences[i] = (lks_sentence){.tokens = self->batch.data[self->source] +
                                                i * self->batch.longest[self->source],
                                      .n = (size_t)self->batch.lengths[self->source][i]};
    st = lks_translate(&self->translator, sentences, (size_t)n, found);
    for (int64_t i = 0; i < n; i++) {
        if (st == LKS_OK)
            count(self, i, &found[i], to);
        lks_hypotheses_release(&found[i]);
    }
    return st;
}

/* Batch after batch, this replica's. */
static lks_status translate_own(const lks_replica *replica, lks_bleu *to)
{
    const uint64_t n = lks_dataset_n_samples(replica->applied.dataset);
    const uint64_t stride = LKS_TRANSLATOR_BATCH * (uint64_t)replica->comm->size;
    uint64_t first = LKS_TRANSLATOR_BATCH * (uint64_t)replica->comm->rank;
    corpus self;
    lks_status st;

    LKS_GO(open_corpus(replica, &self));
    for (; first < n; first += stride)
        LKS_GO(translate_batch(&self, first,
                               n - first < LKS_TRANSLATOR_BATCH ? (int64_t)(n - first)
                                                                : LKS_TRANSLATOR_BATCH,
                               to));
cleanup:
    close_corpus(&self);
    return st;
}

lks_status lks_corpus_bleu(lks_replica *replica, lks_bleu *out)
{
    const size_t size = (size_t)replica->comm->size;
    lks_bleu *all = lks_calloc(size, sizeof *all);
    lks_status st;

    if (!all)
        return LKS_COMM;
    st = translate_own(replica, &all[replica->comm->rank]);
    if (lks_comm_all_gather(replica->comm, all, sizeof *all) != LKS_OK)
        st = LKS_COMM;
    *out = (lks_bleu){0};
    for (size_t i = 0; i < size; i++)
        lks_bleu_merge(out, &all[i]);
    lks_free(all);
    return st;
}
