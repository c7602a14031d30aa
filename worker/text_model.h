/* The model of a run on text, made again of the run's job, vocabularies and weights alone:
 * no data are opened. For what goes on from a prompt and what translates. The worker's
 * own. */
#ifndef LKS_WORKER_TEXT_MODEL_H
#define LKS_WORKER_TEXT_MODEL_H

#include "decode/decoder.h"
#include "worker/apply.h"

/* Stages (start.h): the run's vocabularies are what a job of this data.format has, "text"
 * or "pairs"; the session's `applied` is data with their fields, of which there are none.
 *   errors  LKS_INVALID: the run is of other data, or has not kept its vocabularies */
lks_status lks_text_model_open_text(lks_session *session);
lks_status lks_text_model_open_pairs(lks_session *session);
lks_status lks_text_model_check_same(lks_session *session); /* on all ranks */

/* The model with the run's weights, to decode with. */
lks_status lks_text_model_make(lks_replica *replica);

/* Of the run; of pairs the source's is 0, the target's 1. */
const lks_vocab *lks_text_model_vocab(const lks_replica *replica, int which);

/* The tokens of a vocabulary that are no text, <pad>, <unk> and <bos>: what a decoder never
 * gives. */
typedef struct lks_no_text {
    int64_t tokens[LKS_N_SPECIALS];
    size_t n;
} lks_no_text;

/* Let a decoder of the run's model give the text of that vocabulary and nothing else.
 *   never    what the decoder borrows for that
 *   errors   LKS_INVALID: it gives more tokens or fewer, so that one of both is another
 *            run's */
lks_status lks_text_model_fit(const char *run, const lks_vocab *vocab, lks_no_text *never,
                              lks_decoder *decoder);

#endif
