#include "proto/yaml_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/try.h"
#include "base/utf8.h"

enum {
    ESCAPE = 6,     /* \ud83d */
    RAW = 0x10ff00, /* + byte */
};

static bool begins_with(const lks_yaml_text *text, const char *bytes)
{
    return strlen(bytes) <= text->n_bytes &&
           memcmp(text->bytes, bytes, strlen(bytes)) == 0;
}

/* A byte order mark is no character of the text. */
static size_t n_bytes_of_mark(const lks_yaml_text *text)
{
    static const char mark[] = "\xef\xbb\xbf";

    return begins_with(text, mark) ? sizeof mark - 1 : 0;
}

static bool is_in_character(char byte)
{
    return ((unsigned char)byte >> 6) == 0x2;
}

void lks_yaml_text_place(const lks_yaml_text *text, size_t offset, size_t *line,
                         size_t *column)
{
    *line = *column = 0;
    for (size_t i = n_bytes_of_mark(text); i < offset && i < text->n_bytes; i++) {
        *column += !is_in_character(text->bytes[i]);
        if (text->bytes[i] == '\n') {
            ++*line;
            *column = 0;
        }
    }
}

__attribute__((format(printf, 4, 5))) static lks_status fail_at(const lks_source *source,
                                                                const lks_yaml_text *text,
                                                                size_t offset,
                                                                const char *format, ...)
{
    size_t line, column;
    va_list args;
    lks_status st;

    lks_yaml_text_place(text, offset, &line, &column);
    va_start(args, format);
    st = lks_source_fail(source, source->is_file ? (int)line + 1 : 0, (int)column + 1,
                         format, args);
    va_end(args);
    return st;
}

/* ---- bytes that are no UTF-8 ---- */

/* Whole characters stay, but for those that stand for raw bytes. */
static lks_status bend_raw_bytes(lks_tree *tree, lks_yaml_text *text)
{
    char *bent = lks_tree_alloc(tree, 4 * text->n_bytes + 1);
    size_t n = 0, step;

    if (!bent)
        return LKS_NOMEM;
    for (size_t at = 0; at < text->n_bytes; at += step) {
        const char *from = text->bytes + at;
        uint32_t code = 0;

        step = lks_utf8_next(from, text->n_bytes - at, &code);
        if (step > 0 && code < RAW) {
            memcpy(bent + n, from, step);
            n += step;
        } else { /* U+10FF00 + byte: F4 8F BC..BF 80..BF */
            const unsigned char byte = (unsigned char)*from;
            const unsigned char raw[] = {0xf4, 0x8f, (unsigned char)(0xbc | byte >> 6),
                                         (unsigned char)(0x80 | (byte & 0x3f))};

            memcpy(bent + n, raw, sizeof raw);
            n += sizeof raw;
            step = 1;
        }
    }
    text->bytes = bent;
    text->n_bytes = n;
    text->has_raw_bytes = true;
    return LKS_OK;
}

/* ---- tabs around JSON ---- */

/* Blanks before the first '{' and behind the last '}', where YAML has no tabs. */
static lks_status bend_tabs(lks_tree *tree, lks_yaml_text *text)
{
    static const char blanks[] = " \t\r\n";
    size_t begin = 0, end = text->n_bytes;
    char *bent;

    while (begin < end && strchr(blanks, text->bytes[begin]) && text->bytes[begin])
        begin++;
    while (end > begin && strchr(blanks, text->bytes[end - 1]) && text->bytes[end - 1])
        end--;
    if (begin == end || text->bytes[begin] != '{' || text->bytes[end - 1] != '}' ||
        (!memchr(text->bytes, '\t', begin) &&
         !memchr(text->bytes + end, '\t', text->n_bytes - end)))
        return LKS_OK;
    if (!(bent = lks_tree_alloc(tree, text->n_bytes + 1)))
        return LKS_NOMEM;
    for (size_t i = 0; i < text->n_bytes; i++) {
        const bool is_around = i < begin || i >= end;

        bent[i] = is_around && text->bytes[i] == '\t' ? ' ' : text->bytes[i];
    }
    text->bytes = bent;
    return LKS_OK;
}

/* ---- pairs ---- */

/* The code unit of the \ud83d at text[0..n), 0 if there stands no half of a pair. */
static unsigned surrogate_at(const char *text, size_t n)
{
    char digits[5] = "";
    unsigned code;

    if (n < ESCAPE || text[0] != '\\' || text[1] != 'u')
        return 0;
    memcpy(digits, text + 2, 4);
    if (strspn(digits, "0123456789abcdefABCDEF") != 4)
        return 0;
    code = (unsigned)strtoul(digits, NULL, 16);
    return code >= 0xd800 && code < 0xe000 ? code : 0;
}

static bool has_surrogates(const lks_yaml_text *text)
{
    /* two bytes a character: libyaml takes it, but JSON is UTF-8 */
    if (begins_with(text, "\xff\xfe") || begins_with(text, "\xfe\xff"))
        return false;
    for (size_t i = 0; i < text->n_bytes; i++)
        if (surrogate_at(text->bytes + i, text->n_bytes - i))
            return true;
    return false;
}

/* \0, \x00, \u0000 or \U00000000 */
static bool is_zero(const char *text, size_t n)
{
    static const char *const zeros[] = {"\\0", "\\x00", "\\u0000", "\\U00000000"};

    for (size_t i = 0; i < sizeof zeros / sizeof *zeros; i++)
        if (strlen(zeros[i]) <= n && strncmp(text, zeros[i], strlen(zeros[i])) == 0)
            return true;
    return false;
}

/* Bend the escape at byte `at` of a scalar in double quotes that ends before byte `end`;
 * *n_bytes is its length. */
static lks_status bend_escape(const lks_source *source, const lks_yaml_text *text,
                              size_t at, size_t end, char *bent, size_t *n_bytes)
{
    const char *escape = text->bytes + at;
    const unsigned high = surrogate_at(escape, end - at);
    const unsigned low = high ? surrogate_at(escape + ESCAPE, end - at - ESCAPE) : 0;
    char pair[2 * ESCAPE + 1];

    *n_bytes = 2;
    if (is_zero(escape, end - at))
        return fail_at(source, text, at, "a text with a zero byte");
    if (!high)
        return LKS_OK;
    if (high >= 0xdc00 || low < 0xdc00)
        return fail_at(source, text, at,
                       "a lone surrogate '%.6s': JSON escapes a character beyond U+FFFF "
                       "by two, as in \\ud83d\\ude00",
                       escape);
    *n_bytes = 2 * ESCAPE;
    snprintf(pair, sizeof pair, "\\U%08X\\0",
             0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
    memcpy(bent + at, pair, *n_bytes);
    return LKS_OK;
}

static lks_status bend_scalar(const lks_source *source, const lks_yaml_text *text,
                              size_t begin, size_t end, char *bent)
{
    for (size_t at = begin, step; at + 1 < end; at += step) {
        step = 1;
        if (text->bytes[at] == '\\')
            LKS_TRY(bend_escape(source, text, at, end, bent, &step));
    }
    return LKS_OK;
}

/* libyaml counts characters; a walk from front to back finds their bytes. */
typedef struct walk {
    size_t at, n_chars;
} walk;

static size_t walk_to(const lks_yaml_text *text, walk *w, size_t index)
{
    for (; w->at < text->n_bytes && w->n_chars < index; w->n_chars++) {
        do {
            w->at++;
        } while (w->at < text->n_bytes && is_in_character(text->bytes[w->at]));
    }
    return w->at;
}

/* Bend the scalars in double quotes that the parser of the copy finds. Where it stops,
 * for an error or too many levels, the real one will; the rest is then the copy's. */
static lks_status bend_scalars(yaml_parser_t *parser, const lks_source *source,
                               const lks_yaml_text *text, const char *copy, char *bent)
{
    walk w = {n_bytes_of_mark(text), 0};
    lks_status st = LKS_OK;
    size_t depth = 0;
    yaml_event_t event;

    while (st == LKS_OK && depth <= LKS_YAML_MAX_DEPTH &&
           yaml_parser_parse(parser, &event)) {
        const yaml_event_type_t type = event.type;

        if (type == YAML_SCALAR_EVENT &&
            event.data.scalar.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE) {
            const size_t begin = walk_to(text, &w, event.start_mark.index);

            st = bend_scalar(source, text, begin, walk_to(text, &w, event.end_mark.index),
                             bent);
        }
        depth += type == YAML_SEQUENCE_START_EVENT || type == YAML_MAPPING_START_EVENT;
        depth -= type == YAML_SEQUENCE_END_EVENT || type == YAML_MAPPING_END_EVENT;
        yaml_event_delete(&event);
        if (type == YAML_STREAM_END_EVENT)
            return st;
    }
    if (parser->error == YAML_MEMORY_ERROR)
        return lks_fail(LKS_NOMEM, "out of memory in the YAML parser");
    memcpy(bent + w.at, copy + w.at, text->n_bytes - w.at);
    return st;
}

/* What stands in double quotes only libyaml can say. It first parses a copy with \u083d
 * in the place of \ud83d, which reads the same but for these characters. */
static lks_status bend_pairs(lks_tree *tree, const lks_source *source,
                             lks_yaml_text *text)
{
    yaml_parser_t parser;
    char *copy, *bent;
    lks_status st;

    if (!has_surrogates(text))
        return LKS_OK;
    copy = lks_tree_alloc(tree, text->n_bytes + 1);
    bent = lks_tree_alloc(tree, text->n_bytes + 1);
    if (!copy || !bent)
        return LKS_NOMEM;
    memcpy(copy, text->bytes, text->n_bytes);
    memcpy(bent, text->bytes, text->n_bytes);
    for (size_t i = 0; i < text->n_bytes; i++)
        if (surrogate_at(text->bytes + i, text->n_bytes - i))
            copy[i + 2] = '0';
    if (!yaml_parser_initialize(&parser))
        return lks_fail(LKS_NOMEM, "out of memory in the YAML parser");
    yaml_parser_set_input_string(&parser, (const unsigned char *)copy, text->n_bytes);
    st = bend_scalars(&parser, source, text, copy, bent);
    yaml_parser_delete(&parser);
    text->bytes = bent;
    text->has_pairs = true;
    return st;
}

lks_status lks_yaml_text_bend(lks_tree *tree, const lks_source *source, const char *bytes,
                              size_t n_bytes, lks_yaml_text *out)
{
    *out = (lks_yaml_text){.bytes = bytes, .n_bytes = n_bytes};
    if (!source->is_file && !lks_utf8_is_valid_of(bytes, n_bytes))
        LKS_TRY(bend_raw_bytes(tree, out));
    LKS_TRY(bend_tabs(tree, out));
    return bend_pairs(tree, source, out);
}

size_t lks_yaml_text_restore(const lks_yaml_text *text, char *scalar, size_t n)
{
    size_t length = 0, step;

    if (!text->has_pairs && !text->has_raw_bytes)
        return n;
    for (size_t at = 0; at < n; at += step) {
        uint32_t code = 0;

        step = lks_utf8_next(scalar + at, n - at, &code);
        step += step == 0;
        if (text->has_pairs && scalar[at] == '\0')
            continue;
        if (text->has_raw_bytes && code >= RAW) {
            scalar[length++] = (char)(code - RAW);
            continue;
        }
        memmove(scalar + length, scalar + at, step);
        length += step;
    }
    scalar[length] = '\0';
    return length;
}
