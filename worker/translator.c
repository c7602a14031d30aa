#include "worker/translator.h"

#include "base/alloc.h"
#include "base/try.h"
#include "nn/seq2seq_decoder.h"

lks_translator lks_translator_of(const lks_replica *replica)
{
    const lks_decode_options *options = &replica->session->options->apply.decode;

    return (lks_translator){.run = replica->session->options->job_path,
                            .model = replica->model,
                            .source = lks_text_model_vocab(replica, 0),
                            .target = lks_text_model_vocab(replica, 1),
                            .beam = {.width = options->beam,
                                     .n_best = options->n_best,
                                     .length_penalty = options->length_penalty}};
}

/* Sentences that have tokens; which[n] of them each is. */
static lks_status translate_batch(const lks_translator *self,
                                  const lks_sentence *sentences, const size_t *which,
                                  size_t n, lks_hypotheses *out)
{
    lks_no_text never;
    const int64_t *tokens[LKS_TRANSLATOR_BATCH];
    int64_t lengths[LKS_TRANSLATOR_BATCH];
    lks_decode_start starts[LKS_TRANSLATOR_BATCH];
    lks_hypotheses found[LKS_TRANSLATOR_BATCH] = {{0}};
    lks_decoder decoder = {0};
    lks_status st;

    for (size_t i = 0; i < n; i++) {
        tokens[i] = sentences[which[i]].tokens;
        lengths[i] = (int64_t)sentences[which[i]].n;
        starts[i] =
            (lks_decode_start){.token = lks_vocab_special(self->target, LKS_SPECIAL_BOS),
                               .max_length = 2 * lengths[i] + 10};
    }
    LKS_TRY(lks_seq2seq_decoder_create(self->model, tokens, lengths, n, &decoder));
    LKS_GO(lks_text_model_fit(self->run, self->target, &never, &decoder));
    LKS_GO(lks_beam_search(&decoder, &self->beam, starts, n,
                           lks_vocab_special(self->target, LKS_SPECIAL_EOS), found));
cleanup:
    for (size_t i = 0; i < n; i++)
        out[which[i]] = found[i];
    lks_seq2seq_decoder_destroy(&decoder);
    return st;
}

lks_status lks_translate(const lks_translator *self, const lks_sentence *sentences,
                         size_t n, lks_hypotheses *out)
{
    size_t which[LKS_TRANSLATOR_BATCH], n_which = 0;

    for (size_t i = 0; i < n; i++)
        out[i] = (lks_hypotheses){0};
    for (size_t i = 0; i < n; i++) {
        if (sentences[i].n > 0)
            which[n_which++] = i;
        if (n_which == LKS_TRANSLATOR_BATCH || (i + 1 == n && n_which > 0)) {
            LKS_TRY(translate_batch(self, sentences, which, n_which, out));
            n_which = 0;
        }
    }
    return LKS_OK;
}

void lks_translator_put(const lks_translator *self, const lks_hypothesis *hypothesis,
                        lks_text *out)
{
    lks_vocab_put(self->target, hypothesis->tokens, (size_t)hypothesis->n_tokens, false,
                  out);
}
