/* Greedy decoding and sampling: one row a start, token after token. */
#ifndef LKS_DECODE_SAMPLE_H
#define LKS_DECODE_SAMPLE_H

#include "decode/decoder.h"

/* How a token is drawn from log_p [n_tokens]:
 *   1. tokens are ranked: the more probable first, of equals the smaller number;
 *   2. a token weighs exp((log_p - the first's) / temperature), in f64 (lks_exp_f64);
 *   3. the first top_k stay, then the fewest of the first whose weights sum up to top_p of
 *      what stayed, sums being taken in rank order;
 *   4. u, uniform in [0, 1), is element 0 of the f64 stream {seed, step: how many tokens
 *      the row has after its start, lane: the row's number, LKS_RNG_TOKEN}; drawn is the
 *      first whose weight, with all before it, exceeds u of the whole.
 * So a token is the same whatever rows are beside it.
 * source: top_k Fan, Lewis & Dauphin 2018, section 5.2; top_p Holtzman et al. 2020,
 *         section 3.1; temperature, top_k, top_p in this order, as transformers has it */
typedef struct lks_sampling {
    double temperature; /* 0: greedy, always the first */
    int64_t top_k;      /* 0: all */
    double top_p;       /* above 0, to 1: all */
    uint64_t seed;
    uint32_t first_row; /* the first start's number; those after it count on */
} lks_sampling;

/* Who is told of each token, start by start, as soon as it is drawn. */
typedef struct lks_token_sink {
    lks_status (*take)(void *context, size_t start, int64_t token);
    void *context;
} lks_token_sink;

/* Continue each of starts[n], which are the decoder's rows. A row that has ended leaves
 * the batch.
 *   end     the token that ends a row, or LKS_NO_TOKEN
 *   sink    may be NULL
 *   out     [n] one hypothesis each, its score its log_p; the caller releases them, after a
 *           failure too
 *   errors  LKS_INVALID: a number out of its range; LKS_NUMERIC: as lks_decoder_step, or no
 *           token is possible; the decoder's; the sink's */
lks_status lks_sample(const lks_decoder *decoder, const lks_sampling *how,
                      const lks_decode_start *starts, size_t n, int64_t end,
                      const lks_token_sink *sink, lks_hypotheses *out);

#endif
