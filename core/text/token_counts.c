#include "text/token_counts.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/try.h"
#include "text/token_table.h"

struct lks_token_counts {
    lks_token_kind kind;
    lks_token_table table;
    uint64_t *counts; /* [capacity] by number */
    size_t capacity;
    uint64_t ascii[128]; /* of tokens of one such byte, not in the table until they are
                            asked for: most of a text's characters */
};

/* A token and its count, to be sorted. */
typedef struct counted {
    lks_token token;
    uint64_t count;
} counted;

lks_status lks_token_counts_create(lks_token_kind kind, lks_token_counts **out)
{
    lks_token_counts *self = lks_calloc(1, sizeof *self);

    if (!self)
        return LKS_NOMEM;
    self->kind = kind;
    *out = self;
    return LKS_OK;
}

void lks_token_counts_destroy(lks_token_counts *counts)
{
    if (!counts)
        return;
    lks_token_table_release(&counts->table);
    lks_free(counts->counts);
    lks_free(counts);
}

/* ---- counted ---- */

static lks_status add_to_table(lks_token_counts *self, lks_token token, uint64_t count)
{
    size_t number;

    LKS_TRY(lks_token_table_add(&self->table, token, &number));
    if (number >= self->capacity) {
        const size_t capacity = self->table.capacity;
        uint64_t *counts = lks_realloc(self->counts, capacity, sizeof *counts);

        if (!counts)
            return LKS_NOMEM;
        memset(counts + self->capacity, 0, (capacity - self->capacity) * sizeof *counts);
        self->counts = counts;
        self->capacity = capacity;
    }
    self->counts[number] += count;
    return LKS_OK;
}

static lks_status add(lks_token_counts *self, lks_token token, uint64_t count)
{
    if (token.n_bytes != 1 || (unsigned char)token.bytes[0] >= 128)
        return add_to_table(self, token, count);
    self->ascii[(unsigned char)token.bytes[0]] += count;
    return LKS_OK;
}

lks_status lks_token_counts_add(lks_token_counts *counts, lks_token token)
{
    return add(counts, token, 1);
}

lks_status lks_token_counts_add_text(lks_token_counts *counts, const char *text,
                                     size_t n_bytes)
{
    lks_token_reader reader = lks_tokens_of(counts->kind, text, n_bytes);
    lks_token token;

    while (lks_token_next(&reader, &token))
        LKS_TRY(add(counts, token, 1));
    return LKS_OK;
}

/* ---- listed ---- */

static int by_bytes(const void *a, const void *b)
{
    return lks_token_compare(((const counted *)a)->token, ((const counted *)b)->token);
}

static int by_count(const void *a, const void *b)
{
    const uint64_t m = ((const counted *)a)->count, n = ((const counted *)b)->count;

    return m != n ? (m < n) - (m > n) : by_bytes(a, b);
}

/* Every token that was counted, sorted; the caller's to lks_free. */
static lks_status list(const lks_token_counts *self,
                       int (*order)(const void *, const void *), counted **out,
                       size_t *n_out)
{
    static const char ascii[128] = {
#define EIGHT(i) i, i + 1, i + 2, i + 3, i + 4, i + 5, i + 6, i + 7
        EIGHT(0),  EIGHT(8),   EIGHT(16),  EIGHT(24), EIGHT(32), EIGHT(40),
        EIGHT(48), EIGHT(56),  EIGHT(64),  EIGHT(72), EIGHT(80), EIGHT(88),
        EIGHT(96), EIGHT(104), EIGHT(112), EIGHT(120)
#undef EIGHT
    };
    counted *items = lks_calloc(self->table.n + 128, sizeof *items);
    size_t n = 0;

    if (!items)
        return LKS_NOMEM;
    for (; n < self->table.n; n++)
        items[n] = (counted){lks_token_table_at(&self->table, n), self->counts[n]};
    for (size_t i = 0; i < 128; i++)
        if (self->ascii[i] > 0)
            items[n++] = (counted){{&ascii[i], 1}, self->ascii[i]};
    qsort(items, n, sizeof *items, order);
    *out = items;
    *n_out = n;
    return LKS_OK;
}

/* ---- put together ---- */

/* In front of each token's bytes. */
typedef struct record {
    uint64_t count, n_bytes;
} record;

lks_status lks_token_counts_save(const lks_token_counts *counts, void **out,
                                 size_t *n_bytes)
{
    size_t n = 0, size = 0;
    counted *items = NULL;
    char *bytes, *at;

    LKS_TRY(list(counts, by_bytes, &items, &n));
    for (size_t i = 0; i < n; i++)
        size += sizeof(record) + items[i].token.n_bytes;
    at = bytes = lks_malloc(size);
    for (size_t i = 0; bytes && i < n; i++) {
        const record head = {items[i].count, items[i].token.n_bytes};

        memcpy(at, &head, sizeof head);
        memcpy(at + sizeof head, items[i].token.bytes, items[i].token.n_bytes);
        at += sizeof head + items[i].token.n_bytes;
    }
    lks_free(items);
    if (!bytes)
        return LKS_NOMEM;
    *out = bytes;
    *n_bytes = size;
    return LKS_OK;
}

lks_status lks_token_counts_merge(lks_token_counts *counts, const void *bytes,
                                  size_t n_bytes)
{
    const char *at = bytes, *end = at + n_bytes;

    while (at < end) {
        record head;

        if ((size_t)(end - at) < sizeof head)
            return lks_fail(LKS_FORMAT, "counts of tokens that are cut short");
        memcpy(&head, at, sizeof head);
        at += sizeof head;
        if (head.n_bytes > (uint64_t)(end - at) || head.n_bytes == 0)
            return lks_fail(LKS_FORMAT, "counts of tokens that are cut short");
        LKS_TRY(add(counts, (lks_token){at, (size_t)head.n_bytes}, head.count));
        at += head.n_bytes;
    }
    return LKS_OK;
}

/* ---- vocabularies ---- */

static bool is_special(lks_token token)
{
    for (int i = 0; i < LKS_N_SPECIALS; i++)
        if (lks_token_compare(token, lks_special_token((lks_special)i)) == 0)
            return true;
    return false;
}

/* items[n], sorted, without the special ones, which words may be called, too. */
static size_t drop_specials(counted *items, size_t n)
{
    size_t n_left = 0;

    for (size_t i = 0; i < n; i++)
        if (!is_special(items[i].token))
            items[n_left++] = items[i];
    return n_left;
}

/* How many of items[n] are frequent enough. */
static size_t n_frequent(const counted *items, size_t n, uint64_t min_count)
{
    size_t i = 0;

    while (i < n && items[i].count >= min_count)
        i++;
    return i;
}

static lks_status choose(const counted *items, size_t n, const lks_vocab_options *o,
                         lks_token *tokens, size_t *n_out)
{
    size_t n_kept = n_frequent(items, n, o->min_count), n_first = 0;
    const bool is_cut =
        n_kept < n || (o->max_size > 0 &&
                       n_kept + (o->has_specials ? LKS_N_SPECIALS : 0) > o->max_size);

    if (n == 0)
        return lks_fail(LKS_FORMAT, "vocabulary: the text has no tokens");
    if (n_kept == 0)
        return lks_fail(LKS_INVALID,
                        "vocabulary: min_count is %llu, and the most frequent token "
                        "occurs %llu time%s",
                        (unsigned long long)o->min_count,
                        (unsigned long long)items[0].count,
                        items[0].count == 1 ? "" : "s");
    for (int i = 0; i < LKS_N_SPECIALS; i++)
        if (o->has_specials || (is_cut && i == LKS_SPECIAL_UNK))
            tokens[n_first++] = lks_special_token((lks_special)i);
    if (o->max_size > 0 && o->max_size <= n_first)
        return lks_fail(LKS_INVALID,
                        "vocabulary: max_size is %llu, and the special tokens alone "
                        "are %zu",
                        (unsigned long long)o->max_size, n_first);
    if (o->max_size > 0 && n_kept > o->max_size - n_first)
        n_kept = (size_t)o->max_size - n_first;
    for (size_t i = 0; i < n_kept; i++)
        tokens[n_first + i] = items[i].token;
    *n_out = n_first + n_kept;
    return LKS_OK;
}

lks_status lks_vocab_of_counts(const lks_token_counts *counts,
                               const lks_vocab_options *options, lks_vocab **out)
{
    counted *items = NULL;
    lks_token *tokens = NULL;
    size_t n = 0;
    lks_status st;

    LKS_GO(list(counts, by_count, &items, &n));
    n = drop_specials(items, n);
    if (!(tokens = lks_calloc(n + LKS_N_SPECIALS, sizeof *tokens)))
        LKS_GO(LKS_NOMEM);
    LKS_GO(choose(items, n, options, tokens, &n));
    LKS_GO(lks_vocab_create(counts->kind, tokens, n, out));
cleanup:
    lks_free(tokens);
    lks_free(items);
    return st;
}

lks_status lks_vocab_of_names(const lks_token_counts *counts, lks_vocab **out)
{
    counted *items = NULL;
    lks_token *tokens = NULL;
    size_t n = 0;
    lks_status st;

    LKS_GO(list(counts, by_bytes, &items, &n));
    if (!(tokens = lks_calloc(n + 1, sizeof *tokens)))
        LKS_GO(LKS_NOMEM);
    for (size_t i = 0; i < n; i++)
        tokens[i] = items[i].token;
    LKS_GO(lks_vocab_create(counts->kind, tokens, n, out));
cleanup:
    lks_free(tokens);
    lks_free(items);
    return st;
}
