/* Sentences into another language, by a replica's model. The worker's own. */
#ifndef LKS_WORKER_TRANSLATOR_H
#define LKS_WORKER_TRANSLATOR_H

#include "decode/beam.h"
#include "worker/text_model.h"

enum { LKS_TRANSLATOR_BATCH = 32 }; /* sentences at once */

typedef struct lks_translator {
    const char *run; /* for errors */
    lks_model *model;
    const lks_vocab *source, *target;
    lks_beam beam;
} lks_translator;

/* A replica's, whose options say what the beam is. */
lks_translator lks_translator_of(const lks_replica *replica);

/* A sentence by the numbers of its tokens. */
typedef struct lks_sentence {
    const int64_t *tokens;
    size_t n;
} lks_sentence;

/* Translate sentences[n], a batch at a time: at most twice as many tokens as a sentence
 * has, and ten.
 *   out     [n] of each its best; none of a sentence without tokens; the caller releases
 *           them, after a failure too
 *   errors  LKS_INVALID: the model is no seq2seq; lks_beam_search's */
lks_status lks_translate(const lks_translator *self, const lks_sentence *sentences,
                         size_t n, lks_hypotheses *out);

/* Its text, behind `out`. */
void lks_translator_put(const lks_translator *self, const lks_hypothesis *hypothesis,
                        lks_text *out);

#endif
