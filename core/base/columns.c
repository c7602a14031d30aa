#define _GNU_SOURCE /* wcwidth */
#include "base/columns.h"

#include <locale.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <wchar.h>

#include "base/utf8.h"

static bool is_ascii(const char *text, size_t n_bytes)
{
    for (size_t i = 0; i < n_bytes; i++)
        if ((unsigned char)text[i] >= 0x80)
            return false;
    return true;
}

/* Of the character at text[0..n_bytes): its bytes, and its columns in *width. What has
 * none of its own by the tables (unassigned, a byte that is no character) takes one. */
static size_t next_character(const char *text, size_t n_bytes, size_t *width)
{
    uint32_t code = 0;
    size_t length = lks_utf8_next(text, n_bytes, &code);
    int columns = length > 1 ? wcwidth((wchar_t)code) : 1;

    *width = columns < 0 ? 1 : (size_t)columns;
    return length ? length : 1;
}

/* Bytes of text[0..n_bytes) that take at most n_columns, and how many these take. */
static size_t measure(const char *text, size_t n_bytes, size_t n_columns, size_t *taken)
{
    /* libc knows the widths in a UTF-8 locale only; ours is nobody else's. Without one
     * every character takes one column. */
    locale_t utf8 = is_ascii(text, n_bytes)
                        ? (locale_t)0
                        : newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    locale_t before = utf8 ? uselocale(utf8) : (locale_t)0;
    size_t n = 0, width;

    *taken = 0;
    while (n < n_bytes) {
        size_t length = next_character(text + n, n_bytes - n, &width);

        if (*taken + width > n_columns)
            break;
        *taken += width;
        n += length;
    }
    if (utf8) {
        uselocale(before);
        freelocale(utf8);
    }
    return n;
}

static size_t width_of(const char *text, size_t n_bytes)
{
    size_t width;

    measure(text, n_bytes, SIZE_MAX / 2, &width);
    return width;
}

size_t lks_columns(const char *text)
{
    return width_of(text, strlen(text));
}

size_t lks_columns_prefix(const char *text, size_t n_columns)
{
    size_t taken;

    if (n_columns == 0)
        return strlen(text);
    return measure(text, strlen(text), n_columns, &taken);
}

/* The first byte of the longest end of `text` that takes at most n_columns. */
static const char *suffix(const char *text, size_t n_columns)
{
    size_t width, left = lks_columns(text), n = strlen(text);

    while (left > n_columns) {
        size_t length = measure(text, n, 1, &width);

        if (length == 0) /* a wide one */
            length = measure(text, n, 2, &width);
        text += length;
        n -= length;
        left -= width;
    }
    return text;
}

void lks_columns_shorten(char *out, size_t size_bytes, const char *text, size_t n_columns)
{
    size_t n_first, n_last;

    if (n_columns == 0 || lks_columns(text) <= n_columns) {
        snprintf(out, size_bytes, "%s", text);
    } else {
        n_last = (n_columns - 1) / 2;
        n_first = n_columns - 1 - n_last;
        snprintf(out, size_bytes, "%.*s…%s",
                 n_first ? (int)lks_columns_prefix(text, n_first) : 0, text,
                 suffix(text, n_last));
    }
    lks_utf8_uncut(out, size_bytes);
}

void lks_columns_drop(char *line, size_t n_columns)
{
    while (n_columns > 0 && lks_columns(line) > n_columns) {
        char *last = NULL;

        for (char *at = line; (at = strstr(at, "  ")) != NULL; at += 2)
            last = at;
        if (!last || last == line)
            break;
        *last = '\0';
    }
    line[lks_columns_prefix(line, n_columns)] = '\0';
}

/* Where `lks_columns_wrap` stands. */
typedef struct wrapping {
    FILE *out;
    const char *separator;
    size_t at, indent, n_columns, n_lines;
    bool is_empty; /* the line has no piece yet */
} wrapping;

static void next_line(wrapping *w)
{
    fprintf(w->out, "\n%*s", (int)w->indent, "");
    w->at = w->indent;
    w->n_lines++;
    w->is_empty = true;
}

/* Room that is left in the line; of the narrowest screen one wide character's. */
static size_t room_of(const wrapping *w)
{
    if (w->n_columns == 0)
        return SIZE_MAX / 2;
    if (w->is_empty && w->n_columns < w->at + 2)
        return 2;
    return w->n_columns > w->at ? w->n_columns - w->at : 0;
}

/* Bytes of a piece wider than the line that go into it: up to a space, if it has one
 * there. */
static size_t fitting(const wrapping *w, const char *piece, size_t n_bytes)
{
    size_t taken, n = measure(piece, n_bytes, room_of(w), &taken), n_words = n;

    while (n_words > 0 && piece[n_words] != ' ')
        n_words--;
    return n_words ? n_words : n;
}

static void put_piece(wrapping *w, const char *piece, size_t n_bytes)
{
    size_t width = width_of(piece, n_bytes);
    size_t gap = w->is_empty ? 0 : strlen(w->separator);

    if (width + gap > room_of(w) && (!w->is_empty || w->at > w->indent)) {
        next_line(w);
        gap = 0;
    }
    fprintf(w->out, "%.*s", (int)gap, w->separator);
    while (width > room_of(w)) {
        size_t n = fitting(w, piece, n_bytes);

        fprintf(w->out, "%.*s", (int)n, piece);
        n += piece[n] == ' ';
        piece += n;
        n_bytes -= n;
        width = width_of(piece, n_bytes);
        next_line(w);
    }
    fprintf(w->out, "%.*s", (int)n_bytes, piece);
    w->at += gap + width;
    w->is_empty = false;
}

/* Bytes up to the separator, the newline or the end. */
static size_t piece_length(const char *text, const char *separator)
{
    const char *found = strstr(text, separator);
    size_t n = strcspn(text, "\n");

    return found && (size_t)(found - text) < n ? (size_t)(found - text) : n;
}

size_t lks_columns_wrap(FILE *out, const char *text, const char *separator, size_t at,
                        size_t indent, size_t n_columns)
{
    wrapping w = {.out = out,
                  .separator = separator,
                  .at = at,
                  .indent = indent,
                  .n_columns = n_columns,
                  .n_lines = 1,
                  .is_empty = true};

    while (*text) {
        size_t n = piece_length(text, separator);

        if (n > 0)
            put_piece(&w, text, n);
        text += n;
        if (*text == '\n') {
            text++;
            if (*text)
                next_line(&w);
        } else if (*text) {
            text += strlen(separator);
        }
    }
    fputc('\n', out);
    return w.n_lines;
}
