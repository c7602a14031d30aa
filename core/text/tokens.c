#include "text/tokens.h"

#include <string.h>

#include "base/try.h"
#include "base/utf8.h"

lks_token lks_special_token(lks_special special)
{
    static const lks_token tokens[] = {
#define TOKEN(name, text) {text, sizeof text - 1},
        LKS_SPECIAL_LIST(TOKEN)
#undef TOKEN
    };

    return tokens[special];
}

int lks_token_compare(lks_token a, lks_token b)
{
    const size_t n = a.n_bytes < b.n_bytes ? a.n_bytes : b.n_bytes;
    const int order = n > 0 ? memcmp(a.bytes, b.bytes, n) : 0;

    return order != 0 ? order : (a.n_bytes > b.n_bytes) - (a.n_bytes < b.n_bytes);
}

/* ---- one after the other ---- */

lks_token_reader lks_tokens_of(lks_token_kind kind, const char *text, size_t n_bytes)
{
    return (lks_token_reader){
        .kind = kind, .is_over = n_bytes == 0, .at = text, .end = text + n_bytes};
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool next_char(lks_token_reader *r, lks_token *out)
{
    uint32_t code;
    size_t n;

    if (r->at == r->end)
        return false;
    n = (unsigned char)*r->at < 0x80
            ? 1
            : lks_utf8_next(r->at, (size_t)(r->end - r->at), &code);
    *out = (lks_token){r->at, n > 0 ? n : 1};
    r->at += out->n_bytes;
    return true;
}

static bool end_line(lks_token_reader *r, lks_token *out)
{
    *out = lks_special_token(LKS_SPECIAL_EOS);
    r->is_over = r->at == r->end;
    return true;
}

static bool next_word(lks_token_reader *r, lks_token *out)
{
    const char *begin;

    while (r->at < r->end && is_blank(*r->at))
        if (*r->at++ == '\n' && r->is_running)
            return end_line(r, out);
    if (r->at == r->end)
        return r->is_running && !r->is_over && end_line(r, out);
    for (begin = r->at; r->at < r->end && !is_blank(*r->at);)
        r->at++;
    *out = (lks_token){begin, (size_t)(r->at - begin)};
    return true;
}

bool lks_token_next(lks_token_reader *reader, lks_token *out)
{
    return reader->kind == LKS_TOKENS_CHAR ? next_char(reader, out)
                                           : next_word(reader, out);
}

uint64_t lks_tokens_count(lks_token_reader reader)
{
    lks_token token;
    uint64_t n = 0;

    while (lks_token_next(&reader, &token))
        n++;
    return n;
}

bool lks_line_next(const char **at, const char *end, lks_token *out)
{
    const char *begin = *at, *line_end;

    if (begin == end)
        return false;
    line_end = memchr(begin, '\n', (size_t)(end - begin));
    *at = line_end ? line_end + 1 : end;
    if (!line_end)
        line_end = end;
    if (line_end > begin && line_end[-1] == '\r')
        line_end--;
    *out = (lks_token){begin, (size_t)(line_end - begin)};
    return true;
}

/* ---- cut ---- */

static bool may_cut(lks_text_cut between, char before, char behind)
{
    switch (between) {
    case LKS_CUT_LINES:
        return before == '\n';
    case LKS_CUT_WORDS:
        return is_blank(before);
    default: /* not before a byte that goes on */
        return ((unsigned char)behind & 0xc0) != 0x80;
    }
}

size_t lks_text_cut_at(lks_text_cut between, const char *text, size_t n_bytes, size_t at)
{
    if (at == 0)
        return 0;
    while (at < n_bytes && !may_cut(between, text[at - 1], text[at]))
        at++;
    return at;
}

/* ---- checked ---- */

uint64_t lks_text_line(const char *text, size_t at)
{
    const char *from = text, *end = text + at, *found;
    uint64_t line = 1;

    while (from < end && (found = memchr(from, '\n', (size_t)(end - from))) != NULL) {
        from = found + 1;
        line++;
    }
    return line;
}

/* Whether eight bytes from here on are ASCII. */
static bool is_ascii8(const char *text)
{
    uint64_t word;

    memcpy(&word, text, sizeof word);
    return (word & UINT64_C(0x8080808080808080)) == 0;
}

lks_status lks_text_check(const char *text, size_t begin, size_t end, const char *name)
{
    size_t at = begin, n;
    uint32_t code;

    while (at < end) {
        if (end - at >= 8 && is_ascii8(text + at)) {
            at += 8;
            continue;
        }
        if ((n = lks_utf8_next(text + at, end - at, &code)) == 0)
            return lks_fail(
                LKS_FORMAT, "%s, line %llu: byte 0x%02x at offset %zu is not UTF-8", name,
                (unsigned long long)lks_text_line(text, at), (unsigned char)text[at], at);
        at += n;
    }
    return LKS_OK;
}

lks_status lks_text_check_block(const lks_block *text, const char *name)
{
    enum { CHUNK = 1 << 20 };
    const char *bytes = (const char *)text->data;
    size_t end;

    for (size_t at = 0; at < text->size; at = end) {
        end = text->size - at < CHUNK ? text->size : at + CHUNK;
        end = lks_text_cut_at(LKS_CUT_CHARS, bytes, text->size, end);
        LKS_TRY(lks_text_check(bytes, at, end, name));
        lks_block_let_go(text, at, end);
    }
    return LKS_OK;
}
