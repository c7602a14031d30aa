#include "worker/text_model.h"

#include <string.h>

#include "base/try.h"
#include "worker/model_from_job.h"

/* ---- data of which only the fields are there ---- */

static lks_status get_nothing(const void *self, uint64_t index, lks_field_place *places)
{
    (void)self, (void)index, (void)places;
    return lks_fail(LKS_STATE, "these data have fields, but no samples");
}

static uint64_t fingerprint_of_nothing(const void *self)
{
    (void)self;
    return 0;
}

static const lks_dataset_ops nothing = {
    .get = get_nothing,
    .fingerprint = fingerprint_of_nothing,
};

static lks_field tokens_of(const char *name, uint64_t longest, const lks_vocab *vocab)
{
    return (lks_field){.name = name,
                       .dtype = LKS_I64,
                       .n_dims = 1,
                       .sizes = {longest > 0 ? (int64_t)longest : 1},
                       .varies = true,
                       .n_tokens = (int64_t)lks_vocab_size(vocab)};
}

/* A text has one vocabulary, pairs have two. */
static lks_status open_fields(lks_session *session)
{
    const lks_job *job = &session->job;
    const lks_table *kept = &session->data.record.table;
    lks_dataset *dataset = NULL;
    lks_field fields[2];
    int n = 0;

    if (kept->vocabs[1]) {
        fields[n++] = tokens_of("source", job->data.max_length, kept->vocabs[0]);
        fields[n++] = tokens_of("inputs", job->data.max_length, kept->vocabs[1]);
    } else {
        fields[n++] = tokens_of("inputs", job->data.sequence_length, kept->vocabs[0]);
    }
    LKS_TRY(lks_dataset_create(&nothing, NULL, 1, fields, n, &dataset));
    LKS_TRY(lks_splits_init(&session->data.splits, job, NULL, dataset, NULL));
    session->data.applied = session->data.splits.test;
    return LKS_OK;
}

/* ---- the stages ---- */

static lks_status open_format(lks_session *session, const char *wanted, const char *what)
{
    const char *run = session->options->job_path, *format = session->job.data.format;

    if (!format || strcmp(format, wanted) != 0)
        return lks_fail(LKS_INVALID,
                        "%s is no %s: that was trained on data.format %s, it on %s", run,
                        what, wanted, format ? format : "data of a program's own");
    LKS_TRY(lks_apply_read_record(session));
    if (!session->data.record.table.vocabs[0])
        return lks_fail(LKS_INVALID,
                        "%s has no vocabulary: its " LKS_RUN_TRAINED_ON
                        " is missing, or was written for something else",
                        run);
    return open_fields(session);
}

lks_status lks_text_model_open_text(lks_session *session)
{
    return open_format(session, "text", "language model");
}

lks_status lks_text_model_open_pairs(lks_session *session)
{
    return open_format(session, "pairs", "model that translates");
}

lks_status lks_text_model_check_same(lks_session *session)
{
    const lks_table *kept = &session->data.record.table;
    uint64_t hash = lks_vocab_hash(kept->vocabs[0]);

    if (kept->vocabs[1])
        hash = hash * 31 + lks_vocab_hash(kept->vocabs[1]);
    return lks_world_check_same(session->world.ranks, hash, "the vocabulary");
}

lks_status lks_text_model_make(lks_replica *replica)
{
    const lks_session *session = replica->session;

    LKS_TRY(lks_feed_init_inputs(&replica->applied, session->data.applied));
    LKS_TRY(lks_model_for_inputs(&session->job, session->options->program,
                                 &replica->applied, replica->device, &replica->model,
                                 &replica->loss));
    return lks_apply_load_weights(replica);
}

const lks_vocab *lks_text_model_vocab(const lks_replica *replica, int which)
{
    return replica->session->data.record.table.vocabs[which];
}

lks_status lks_text_model_fit(const char *run, const lks_vocab *vocab, lks_no_text *never,
                              lks_decoder *decoder)
{
    static const lks_special none[] = {LKS_SPECIAL_PAD, LKS_SPECIAL_UNK, LKS_SPECIAL_BOS};

    if ((size_t)decoder->n_tokens != lks_vocab_size(vocab))
        return lks_fail(LKS_INVALID,
                        "%s: the vocabulary has %zu tokens, the model gives %lld: "
                        "its " LKS_RUN_TRAINED_ON " is another run's",
                        run, lks_vocab_size(vocab), (long long)decoder->n_tokens);
    never->n = 0;
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        const int64_t token = lks_vocab_special(vocab, none[i]);

        if (token >= 0)
            never->tokens[never->n++] = token;
    }
    decoder->never = never->tokens;
    decoder->n_never = never->n;
    return LKS_OK;
}
