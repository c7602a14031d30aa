/* Running text as a stream of tokens that are found by their numbers: a place is noted
 * every so many tokens, and none where each character is a byte. */
#ifndef LKS_TEXT_TOKEN_INDEX_H
#define LKS_TEXT_TOKEN_INDEX_H

#include "io/block.h"
#include "text/vocab.h"

typedef struct lks_token_index lks_token_index;

/* Read all of it once, a megabyte at a time. Of words each line's end is <eos>.
 *   vocab   held
 *   text    borrowed, outlives the index; UTF-8
 *   name    of the text, for errors; borrowed for the call
 *   errors  LKS_FORMAT with name, line and offset: it is not UTF-8; a token is not in the
 *           vocabulary, which has no <unk> */
lks_status lks_token_index_create(const lks_vocab *vocab, const lks_block *text,
                                  const char *name, lks_token_index **out);
void lks_token_index_destroy(lks_token_index *index); /* NULL is fine */

uint64_t lks_token_index_size(const lks_token_index *index); /* in tokens */

/* Numbers of the n tokens from `first` on. False: the text is not what it was. Any
 * thread. */
bool lks_token_index_read(const lks_token_index *index, uint64_t first, size_t n,
                          int64_t *out);

#endif
