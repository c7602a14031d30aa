#include "text/token_index.h"

#include "base/alloc.h"
#include "base/try.h"

/* Tokens from one place that is noted to the next, bytes that are looked at before they
 * are let go of, and those of a token that an error shows. */
enum { STRIDE = 1024, CHUNK = 1 << 20, SHOWN = 40 };

struct lks_token_index {
    lks_vocab *vocab;
    const char *text;
    size_t n_bytes;
    uint64_t n_tokens;
    bool is_direct;   /* each token is one byte */
    uint64_t *places; /* [n_tokens / STRIDE] behind each STRIDE tokens, unless it is */
    size_t n_places, capacity;
};

static lks_token_reader reader_at(const lks_token_index *self, size_t at)
{
    lks_token_reader reader =
        lks_tokens_of(lks_vocab_kind(self->vocab), self->text + at, self->n_bytes - at);

    reader.is_running = true;
    reader.is_over = /* nothing is left of a line that has ended */
        at == self->n_bytes && (at == 0 || self->text[at - 1] == '\n');
    return reader;
}

static lks_status note(lks_token_index *self, size_t at)
{
    if (self->n_places == self->capacity) {
        const size_t capacity = self->capacity ? 2 * self->capacity : 64;
        uint64_t *places = lks_realloc(self->places, capacity, sizeof *places);

        if (!places)
            return LKS_NOMEM;
        self->places = places;
        self->capacity = capacity;
    }
    self->places[self->n_places++] = at;
    return LKS_OK;
}

static lks_status refuse(const lks_token_index *self, const lks_token *token,
                         const char *name)
{
    const size_t at = (size_t)(token->bytes - self->text);
    const bool is_char = lks_vocab_kind(self->vocab) == LKS_TOKENS_CHAR;

    return lks_fail(
        LKS_FORMAT,
        "%s, line %llu: the %s '%.*s' at offset %zu is not in the vocabulary, "
        "which has no <unk>",
        name, (unsigned long long)lks_text_line(self->text, at),
        is_char ? "character" : "word",
        (int)(token->n_bytes < SHOWN ? token->n_bytes : SHOWN), token->bytes, at);
}

static lks_status scan(lks_token_index *self, const lks_block *block, const char *name)
{
    lks_token_reader reader = reader_at(self, 0);
    size_t let_go = 0;
    lks_token token;

    while (lks_token_next(&reader, &token)) {
        const size_t at = (size_t)(reader.at - self->text);

        if (lks_vocab_number(self->vocab, token) < 0)
            return refuse(self, &token, name);
        if (++self->n_tokens % STRIDE == 0)
            LKS_TRY(note(self, at));
        if (at - let_go >= CHUNK) {
            lks_block_let_go(block, let_go, at);
            let_go = at;
        }
    }
    return LKS_OK;
}

lks_status lks_token_index_create(const lks_vocab *vocab, const lks_block *text,
                                  const char *name, lks_token_index **out)
{
    lks_token_index *self = lks_calloc(1, sizeof *self);
    lks_status st;

    if (!self)
        return LKS_NOMEM;
    self->vocab = lks_vocab_ref(vocab);
    self->text = (const char *)text->data;
    self->n_bytes = text->size;
    LKS_GO(lks_text_check_block(text, name));
    LKS_GO(scan(self, text, name));
    self->is_direct =
        lks_vocab_kind(vocab) == LKS_TOKENS_CHAR && self->n_tokens == self->n_bytes;
    if (self->is_direct) {
        lks_free(self->places);
        self->places = NULL;
    }
    *out = self;
    self = NULL;
cleanup:
    lks_token_index_destroy(self);
    return st;
}

void lks_token_index_destroy(lks_token_index *index)
{
    if (!index)
        return;
    lks_vocab_unref(index->vocab);
    lks_free(index->places);
    lks_free(index);
}

uint64_t lks_token_index_size(const lks_token_index *index)
{
    return index->n_tokens;
}

/* The reader before token `first`. */
static lks_token_reader seek(const lks_token_index *self, uint64_t first)
{
    const uint64_t place = first / STRIDE;
    lks_token_reader reader;
    lks_token token;

    if (self->is_direct)
        return reader_at(self, (size_t)first);
    reader = reader_at(self, place > 0 ? (size_t)self->places[place - 1] : 0);
    for (uint64_t i = place * STRIDE; i < first; i++)
        lks_token_next(&reader, &token);
    return reader;
}

bool lks_token_index_read(const lks_token_index *index, uint64_t first, size_t n,
                          int64_t *out)
{
    lks_token_reader reader = seek(index, first);

    for (size_t i = 0; i < n; i++) {
        lks_token token;

        if (!lks_token_next(&reader, &token) ||
            (out[i] = lks_vocab_number(index->vocab, token)) < 0)
            return false;
    }
    return true;
}
