/* Beam search over many starts at once. */
#ifndef LKS_DECODE_BEAM_H
#define LKS_DECODE_BEAM_H

#include "decode/decoder.h"

/* The search, length by length, for each start by itself:
 *   - of all continuations of the hypotheses that are under way, the `width` most probable
 *     count. Those among them that end (in `end`, or at max_length) are finished; the
 *     `width` most probable that do not end go on.
 *   - the greedy hypothesis is followed to its end as well, beside the others where it is
 *     none of them: so the best result never scores below it.
 *   - the n_best finished ones of the highest score are kept. A hypothesis under way is
 *     given up when nothing that begins with it can score higher than the last of these,
 *     and the search ends when none is left. Giving up never changes the result: as
 *     probabilities only fall, a hypothesis scores at most what it would, had it
 *     max_length tokens now.
 * Of equals the one whose beginning stood higher goes first, then the smaller token; of
 * finished ones of equal score the one found first.
 *
 * score = log_p / ((5 + n_tokens) / 6)^length_penalty, where `end` counts as a token.
 * source: Wu et al. 2016, "Google's neural machine translation system", equation 14,
 *         without its coverage penalty; the search is Sutskever, Vinyals & Le 2014,
 *         section 3.2 */
typedef struct lks_beam {
    int64_t width;  /* from 1; where it is no less than the continuations there are, the
                       results are the best of all sequences */
    int64_t n_best; /* results a start, from 1 to width */
    double length_penalty; /* from 0: score is log_p, which favours short ones */
} lks_beam;

enum { LKS_BEAM_MAX_WIDTH = 1 << 16 };

/* Search from each of starts[n], which are the decoder's rows. What is found for a start
 * is the same whatever starts are beside it; one that has ended leaves the batch.
 *   end     the token that ends a hypothesis, or LKS_NO_TOKEN
 *   out     [n] at most n_best hypotheses each, distinct, the best first; fewer where the
 *           beam met no more; the caller releases them, after a failure too
 *   cost    a step of the decoder a token, of at most n (width + 1) rows
 *   errors  LKS_INVALID: a number out of its range; LKS_NUMERIC: as lks_decoder_step, or a
 *           start that no token is possible after; the decoder's */
lks_status lks_beam_search(const lks_decoder *decoder, const lks_beam *beam,
                           const lks_decode_start *starts, size_t n, int64_t end,
                           lks_hypotheses *out);

#endif
