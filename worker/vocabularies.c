#include "worker/vocabularies.h"

#include "base/alloc.h"
#include "base/try.h"
#include "data/vocabularies.h"

static void drop(lks_saved_counts *saved)
{
    lks_free(saved->bytes);
    *saved = (lks_saved_counts){0};
}

lks_status lks_vocabularies_count(lks_vocabularies *self,
                                  const lks_dataset_source *source, const lks_comm *comm)
{
    lks_token_counts *counts[LKS_DATASET_MAX_VOCABS] = {NULL};
    lks_status st;

    LKS_GO(lks_dataset_count_tokens(source, (uint64_t)comm->rank, (uint64_t)comm->size,
                                    counts));
    for (int i = 0; i < lks_dataset_n_vocabs(source); i++)
        LKS_GO(
            lks_token_counts_save(counts[i], &self->own[i].bytes, &self->own[i].n_bytes));
cleanup:
    for (int i = 0; i < LKS_DATASET_MAX_VOCABS; i++)
        lks_token_counts_destroy(counts[i]);
    return st;
}

lks_status lks_vocabularies_share(lks_vocabularies *self,
                                  const lks_dataset_source *source, lks_comm *comm)
{
    for (int i = 0; i < lks_dataset_n_vocabs(source); i++) {
        LKS_TRY(lks_comm_all_gather_blocks(comm, self->own[i].bytes, self->own[i].n_bytes,
                                           &self->all[i].bytes, &self->all[i].n_bytes));
        drop(&self->own[i]);
    }
    return LKS_OK;
}

static lks_status make(const lks_dataset_source *source, const lks_saved_counts *all,
                       lks_vocab **out)
{
    lks_token_counts *counts = NULL;
    lks_status st;

    LKS_GO(lks_token_counts_create(source->text.tokens, &counts));
    LKS_GO(lks_token_counts_merge(counts, all->bytes, all->n_bytes));
    LKS_GO(lks_dataset_make_vocab(source, counts, out));
cleanup:
    lks_token_counts_destroy(counts);
    return st;
}

lks_status lks_vocabularies_make(lks_vocabularies *self, lks_dataset_source *source)
{
    for (int i = 0; i < lks_dataset_n_vocabs(source) && self->all[i].bytes; i++) {
        LKS_TRY(make(source, &self->all[i], &self->made[i]));
        drop(&self->all[i]);
        source->vocabs[i] = self->made[i];
    }
    return LKS_OK;
}

void lks_vocabularies_release(lks_vocabularies *self)
{
    for (int i = 0; i < LKS_DATASET_MAX_VOCABS; i++) {
        drop(&self->own[i]);
        drop(&self->all[i]);
        lks_vocab_unref(self->made[i]);
        self->made[i] = NULL;
    }
}
