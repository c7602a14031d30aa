/* A text as tokens, and where it may be cut between them. Texts are UTF-8; borrowed. */
#ifndef LKS_TEXT_TOKENS_H
#define LKS_TEXT_TOKENS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "io/block.h"

/* What a token is. */
typedef enum lks_token_kind {
    LKS_TOKENS_CHAR, /* code points, all of them: CR and LF too */
    LKS_TOKENS_WORD, /* what stands between white space: blank, HT, LF, VT, FF, CR */
} lks_token_kind;

/* Bytes of a text, some of which may be zero. */
typedef struct lks_token {
    const char *bytes;
    size_t n_bytes;
} lks_token;

/* Those that stand for something else than themselves, in this order. */
#define LKS_SPECIAL_LIST(X)                                                              \
    X(PAD, "<pad>") /* fills up what is shorter than others */                           \
    X(UNK, "<unk>") /* what the vocabulary does not have */                              \
    X(BOS, "<bos>") /* before a sentence */                                              \
    X(EOS, "<eos>") /* behind a sentence; of words, also a line's end in running text */

/* Those, by name. */
typedef enum lks_special {
#define LKS_SPECIAL_ENUM(name, text) LKS_SPECIAL_##name,
    LKS_SPECIAL_LIST(LKS_SPECIAL_ENUM)
#undef LKS_SPECIAL_ENUM
        LKS_N_SPECIALS
} lks_special;

/* How one is written. */
lks_token lks_special_token(lks_special special);

/* As strcmp, of bytes. */
int lks_token_compare(lks_token a, lks_token b);

/* Where a reader of tokens is. Copied to come back. Bytes that are no UTF-8 are tokens of
 * one byte. */
typedef struct lks_token_reader {
    lks_token_kind kind;
    bool is_running; /* words: each line's end is <eos>, and the text's, if it ends in
                        none */
    bool is_over;
    const char *at, *end;
} lks_token_reader;

/* At the beginning of a text, which is not running. */
lks_token_reader lks_tokens_of(lks_token_kind kind, const char *text, size_t n_bytes);

/* The next one; false at the end. */
bool lks_token_next(lks_token_reader *reader, lks_token *out);

/* How many tokens are left. */
uint64_t lks_tokens_count(lks_token_reader reader);

/* The next line, without LF or CR LF; false at the end. The last may lack its end. */
bool lks_line_next(const char **at, const char *end, lks_token *out);

/* What a text is cut between, so that parts can be read by themselves. */
typedef enum lks_text_cut {
    LKS_CUT_CHARS,
    LKS_CUT_WORDS,
    LKS_CUT_LINES,
} lks_text_cut;

/* The first place at or behind `at` where text[0..n_bytes) may be cut. */
size_t lks_text_cut_at(lks_text_cut between, const char *text, size_t n_bytes, size_t at);

/* text[begin..end), cut there between characters, is UTF-8, or LKS_FORMAT with `name`,
 * the line from 1 and the offset from 0 in the whole text[0..end) of the first byte that is
 * not. */
lks_status lks_text_check(const char *text, size_t begin, size_t end, const char *name);

/* The same of all that a block has, a megabyte at a time, which is then let go of. */
lks_status lks_text_check_block(const lks_block *text, const char *name);

/* On which line, from 1, text[at] is. */
uint64_t lks_text_line(const char *text, size_t at);

#endif
