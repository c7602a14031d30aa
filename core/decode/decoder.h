/* What a model shows to those who decode: the next token of many rows at once, and rows
 * that go on from others. What greedy decoding, sampling and beam search share.
 *
 * A row is a sequence under way. A decoder begins with rows that have read nothing (of a
 * translation: nothing of the target) and is fed token by token. One thread calls. */
#ifndef LKS_DECODE_DECODER_H
#define LKS_DECODE_DECODER_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* Filled by a model. What a row gives, to the bit, depends on its own tokens alone, never
 * on the rows beside it. */
typedef struct lks_decoder_ops {
    /* Feed tokens[n_rows], one to each row.
     *   n_rows  what there are
     *   log_p   [n_rows][n_tokens] natural logarithms of the next token's probabilities, in
     *           the host's memory; -inf: never that one */
    lks_status (*step)(void *self, const int64_t *tokens, int64_t n_rows, float *log_p);
    /* Row i goes on from what row rows[i] is now, for i below n_rows: rows may be left out,
     * or be named several times. */
    lks_status (*reorder)(void *self, const int64_t *rows, int64_t n_rows);
} lks_decoder_ops;

/* A decoder as it is handed around; `self` is its maker's. */
typedef struct lks_decoder {
    const lks_decoder_ops *ops;
    void *self;
    int64_t n_tokens; /* in the vocabulary */
    const int64_t
        *never; /* [n_never] tokens that are not to come out: <pad>, say; NULL */
    size_t n_never;
} lks_decoder;

/* Where a row begins and how long it may become. */
typedef struct lks_decode_start {
    int64_t token; /* that is fed first, and is none of the result: <bos>, or the last
                           of a prompt whose others have been fed */
    int64_t max_length; /* at most so many tokens after it, from 1 */
} lks_decode_start;

/* No token ends a row: each has max_length of them. */
#define LKS_NO_TOKEN (-1)

/* Tokens that follow a start: they end with the first `end`, or are max_length. */
typedef struct lks_hypothesis {
    int64_t *tokens; /* [n_tokens], with `end`, if it has been reached */
    int64_t n_tokens;
    double log_p; /* the sum of the tokens' log_p, in their order */
    double score; /* what it is ranked by: log_p over the length penalty */
} lks_hypothesis;

/* Those of one start, the best first. All zero is none. */
typedef struct lks_hypotheses {
    lks_hypothesis *items;
    size_t n;
} lks_hypotheses;

/* Leaves it with none. */
void lks_hypotheses_release(lks_hypotheses *hypotheses);

/* As ops->step, for those who decode: what rounding has left above 0 is 0, and what is
 * `never` to come out -inf.
 *   errors  those of the step; LKS_NUMERIC: a log_p is nan, or above 0 by more than that */
lks_status lks_decoder_step(const lks_decoder *decoder, const int64_t *tokens,
                            int64_t n_rows, float *log_p);

/* As ops->reorder; not even asked where nothing moves.
 *   n_before  how many rows there are */
lks_status lks_decoder_reorder(const lks_decoder *decoder, const int64_t *rows,
                               int64_t n_rows, int64_t n_before);

/* LKS_INVALID: a max_length below 1. */
lks_status lks_decode_check_starts(const lks_decode_start *starts, size_t n);

/* Feed tokens[n], one after the other, to a decoder of one row: a prompt, but for its
 * last token, which is a start's. */
lks_status lks_decoder_feed(const lks_decoder *decoder, const int64_t *tokens, size_t n);

#endif
