/* How often each token occurs, counted in parts that are put together: a vocabulary does
 * not depend on how many there were, nor on who counted which. */
#ifndef LKS_TEXT_TOKEN_COUNTS_H
#define LKS_TEXT_TOKEN_COUNTS_H

#include "text/vocab.h"

typedef struct lks_token_counts lks_token_counts;

/* Of such tokens, none yet. LKS_NOMEM. */
lks_status lks_token_counts_create(lks_token_kind kind, lks_token_counts **out);
/* NULL is fine. */
void lks_token_counts_destroy(lks_token_counts *counts);

/* Count one. LKS_NOMEM. */
lks_status lks_token_counts_add(lks_token_counts *counts, lks_token token);

/* All tokens of a text; lines' ends are none. LKS_NOMEM. */
lks_status lks_token_counts_add_text(lks_token_counts *counts, const char *text,
                                     size_t n_bytes);

/* As bytes for lks_token_counts_merge on a host of the same byte order; the caller's to
 * lks_free. The same counts give the same bytes. LKS_NOMEM. */
lks_status lks_token_counts_save(const lks_token_counts *counts, void **out,
                                 size_t *n_bytes);

/* Add what another has counted. LKS_FORMAT: these are no such bytes. */
lks_status lks_token_counts_merge(lks_token_counts *counts, const void *bytes,
                                  size_t n_bytes);

/* Which tokens a vocabulary has. */
typedef struct lks_vocab_options {
    uint64_t min_count; /* rarer tokens are left out */
    uint64_t max_size;  /* the most tokens, special ones among them; 0: no limit */
    /* Whether the special tokens come first, all of them; else <unk> does, and only if
     * a token was left out. */
    bool has_specials;
} lks_vocab_options;

/* The tokens, the most frequent first, and of those that are as frequent the first by its
 * bytes.
 *   errors  LKS_FORMAT: nothing was counted; LKS_INVALID: options that leave no token */
lks_status lks_vocab_of_counts(const lks_token_counts *counts,
                               const lks_vocab_options *options, lks_vocab **out);

/* The tokens in the order of their bytes, as a vocabulary without special ones.
 *   errors  LKS_FORMAT: nothing was counted */
lks_status lks_vocab_of_names(const lks_token_counts *counts, lks_vocab **out);

#endif
