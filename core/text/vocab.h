/* A vocabulary: tokens and their numbers, from 0. It never changes; several may hold it,
 * in any threads. */
#ifndef LKS_TEXT_VOCAB_H
#define LKS_TEXT_VOCAB_H

#include "base/text.h"
#include "text/tokens.h"

typedef struct lks_vocab lks_vocab;

/* Of these tokens, in this order, which are copied; one that is called as a special token
 * is that.
 *   errors  LKS_FORMAT: none, one twice, one without bytes; LKS_NOMEM */
lks_status lks_vocab_create(lks_token_kind kind, const lks_token *tokens, size_t n,
                            lks_vocab **out);

/* Another holder. */
lks_vocab *lks_vocab_ref(const lks_vocab *vocab);

/* The last one destroys it. NULL is fine. */
void lks_vocab_unref(lks_vocab *vocab);

/* Of which tokens it is. */
lks_token_kind lks_vocab_kind(const lks_vocab *vocab);

/* How many they are. */
size_t lks_vocab_size(const lks_vocab *vocab);

/* The token of a number below the size; a zero stands behind its bytes. */
lks_token lks_vocab_token(const lks_vocab *vocab, int64_t number);

/* Its number; -1: it has none. */
int64_t lks_vocab_find(const lks_vocab *vocab, lks_token token);

/* The number of a special token; -1: it has none. */
int64_t lks_vocab_special(const lks_vocab *vocab, lks_special special);

/* Its number, or that of <unk>; -1: there is neither. */
int64_t lks_vocab_number(const lks_vocab *vocab, lks_token token);

/* The numbers of a text's tokens, lks_vocab_number of each.
 *   name    of the text, for errors
 *   out     [*n_out] the caller's to lks_free
 *   errors  LKS_FORMAT: it is not UTF-8, or a token has no number and there is no <unk> */
lks_status lks_vocab_encode(const lks_vocab *vocab, const char *text, size_t n_bytes,
                            const char *name, int64_t **out, size_t *n_out);

/* The text of numbers[n], each below the size, behind `out`: characters as they are,
 * words with blanks between them. <pad>, <bos> and <eos> are not written, unless
 * `is_running`: then <eos> is a line's end. */
void lks_vocab_put(const lks_vocab *vocab, const int64_t *numbers, size_t n,
                   bool is_running, lks_text *out);

/* 64 bits of its tokens and their order. */
uint64_t lks_vocab_hash(const lks_vocab *vocab);

#endif
