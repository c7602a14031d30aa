#include "text/vocab.h"

#include <stdatomic.h>

#include "base/alloc.h"
#include "base/try.h"
#include "text/token_table.h"

struct lks_vocab {
    atomic_size_t n_holders;
    lks_token_kind kind;
    lks_token_table table;
    int64_t specials[LKS_N_SPECIALS];
    int64_t
        ascii[128]; /* numbers of tokens of one such byte: most of a text's characters */
};

static int64_t look_up(const lks_vocab *self, lks_token token)
{
    const size_t number = lks_token_table_find(&self->table, token);

    return number < self->table.n ? (int64_t)number : -1;
}

static void settle(lks_vocab *self)
{
    for (int i = 0; i < LKS_N_SPECIALS; i++)
        self->specials[i] = look_up(self, lks_special_token((lks_special)i));
    for (int i = 0; i < 128; i++)
        self->ascii[i] = look_up(self, (lks_token){&(char){(char)i}, 1});
}

static lks_status add_all(lks_vocab *self, const lks_token *tokens, size_t n)
{
    if (n == 0)
        return lks_fail(LKS_FORMAT, "a vocabulary of no tokens");
    for (size_t i = 0; i < n; i++) {
        size_t number;

        if (tokens[i].n_bytes == 0)
            return lks_fail(LKS_FORMAT, "a vocabulary whose token %zu has no bytes", i);
        LKS_TRY(lks_token_table_add(&self->table, tokens[i], &number));
        if (number != i)
            return lks_fail(LKS_FORMAT, "a vocabulary that has token %zu twice: '%.*s'",
                            i, (int)(tokens[i].n_bytes < 64 ? tokens[i].n_bytes : 64),
                            tokens[i].bytes);
    }
    settle(self);
    return LKS_OK;
}

lks_status lks_vocab_create(lks_token_kind kind, const lks_token *tokens, size_t n,
                            lks_vocab **out)
{
    lks_vocab *self = lks_calloc(1, sizeof *self);
    lks_status st;

    if (!self)
        return LKS_NOMEM;
    atomic_init(&self->n_holders, 1);
    self->kind = kind;
    st = add_all(self, tokens, n);
    if (st == LKS_OK)
        *out = self;
    else
        lks_vocab_unref(self);
    return st;
}

lks_vocab *lks_vocab_ref(const lks_vocab *vocab)
{
    lks_vocab *self = (lks_vocab *)vocab; /* what it says does not change */

    atomic_fetch_add(&self->n_holders, 1);
    return self;
}

void lks_vocab_unref(lks_vocab *vocab)
{
    if (!vocab || atomic_fetch_sub(&vocab->n_holders, 1) > 1)
        return;
    lks_token_table_release(&vocab->table);
    lks_free(vocab);
}

lks_token_kind lks_vocab_kind(const lks_vocab *vocab)
{
    return vocab->kind;
}

size_t lks_vocab_size(const lks_vocab *vocab)
{
    return vocab->table.n;
}

lks_token lks_vocab_token(const lks_vocab *vocab, int64_t number)
{
    return lks_token_table_at(&vocab->table, (size_t)number);
}

int64_t lks_vocab_find(const lks_vocab *vocab, lks_token token)
{
    if (token.n_bytes == 1 && (unsigned char)token.bytes[0] < 128)
        return vocab->ascii[(unsigned char)token.bytes[0]];
    return look_up(vocab, token);
}

int64_t lks_vocab_special(const lks_vocab *vocab, lks_special special)
{
    return vocab->specials[special];
}

int64_t lks_vocab_number(const lks_vocab *vocab, lks_token token)
{
    const int64_t number = lks_vocab_find(vocab, token);

    return number >= 0 ? number : vocab->specials[LKS_SPECIAL_UNK];
}

lks_status lks_vocab_encode(const lks_vocab *vocab, const char *text, size_t n_bytes,
                            const char *name, int64_t **out, size_t *n_out)
{
    lks_token_reader reader = lks_tokens_of(vocab->kind, text, n_bytes);
    int64_t *numbers = NULL;
    lks_token token;
    size_t n = 0;
    lks_status st;

    LKS_GO(lks_text_check(text, 0, n_bytes, name));
    if (!(numbers = lks_calloc((size_t)lks_tokens_count(reader) + 1, sizeof *numbers)))
        LKS_GO(LKS_NOMEM);
    while (lks_token_next(&reader, &token))
        if ((numbers[n++] = lks_vocab_number(vocab, token)) < 0)
            LKS_FAIL(LKS_FORMAT, "%s: '%.*s' is not in the vocabulary", name,
                     (int)(token.n_bytes < 64 ? token.n_bytes : 64), token.bytes);
    *out = numbers;
    *n_out = n;
    numbers = NULL;
cleanup:
    lks_free(numbers);
    return st;
}

/* Whether the number is of a token that is not written. */
static bool is_silent(const lks_vocab *self, int64_t number)
{
    return number == self->specials[LKS_SPECIAL_PAD] ||
           number == self->specials[LKS_SPECIAL_BOS] ||
           number == self->specials[LKS_SPECIAL_EOS];
}

void lks_vocab_put(const lks_vocab *vocab, const int64_t *numbers, size_t n,
                   bool is_running, lks_text *out)
{
    bool in_line = false; /* a word stands before */

    for (size_t i = 0; i < n; i++) {
        const lks_token token = lks_vocab_token(vocab, numbers[i]);

        if (is_running && numbers[i] == vocab->specials[LKS_SPECIAL_EOS]) {
            lks_text_put(out, "\n");
            in_line = false;
        }
        if (is_silent(vocab, numbers[i]))
            continue;
        if (in_line && vocab->kind == LKS_TOKENS_WORD)
            lks_text_put(out, " ");
        lks_text_append(out, token.bytes, token.n_bytes);
        in_line = true;
    }
}

uint64_t lks_vocab_hash(const lks_vocab *vocab)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ vocab->kind;

    /* the zeros behind the tokens are between them */
    for (size_t i = 0; i < vocab->table.n_bytes; i++)
        hash = (hash ^ (unsigned char)vocab->table.bytes[i]) * UINT64_C(0x100000001b3);
    return hash;
}
