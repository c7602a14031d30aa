#include "base/plain.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/utf8.h"

/* What a terminal, or the eye, is led astray by. sources: ECMA-48, 5.2 and 5.3 (C0 and
 * C1); Unicode 15, 23.2 (separators) and UAX #9, 2 (marks, embeddings, overrides and
 * isolates) */
static bool is_active(uint32_t code)
{
    static const struct {
        uint32_t first, last;
    } active[] = {
        {0x00, 0x1f},     {0x7f, 0x9f},     {0x61c, 0x61c},
        {0x200e, 0x200f}, {0x2028, 0x202e}, {0x2066, 0x2069},
    };

    for (size_t i = 0; i < sizeof active / sizeof *active; i++)
        if (code >= active[i].first && code <= active[i].last)
            return true;
    return false;
}

size_t lks_plain_copy(char *out, size_t size_bytes, const char *text)
{
    size_t left = text ? strlen(text) : 0, n = 0;

    while (left > 0) {
        uint32_t code = 0;
        size_t length = lks_utf8_next(text, left, &code);
        bool is_plain = length > 0 && !is_active(code);
        size_t room = is_plain ? length : 1;

        if (n + room >= size_bytes)
            break;
        if (is_plain)
            memmove(out + n, text, length);
        else
            out[n] = '?';
        n += room;
        text += length ? length : 1;
        left -= length ? length : 1;
    }
    out[n] = '\0';
    return n;
}

void lks_plain_put_json(lks_text *out, const char *text)
{
    size_t left = strlen(text);

    lks_text_put(out, "\"");
    while (left > 0) {
        uint32_t code = 0;
        size_t length = lks_utf8_next(text, left, &code);

        if (length == 0)
            lks_text_put(out, "?");
        else if (is_active(code) || code == '"' || code == '\\')
            lks_text_add(out, "\\u%04x", (unsigned)code); /* none is beyond U+FFFF */
        else
            lks_text_append(out, text, length);
        text += length ? length : 1;
        left -= length ? length : 1;
    }
    lks_text_put(out, "\"");
}

void lks_plain_line(FILE *out, const char *format, ...)
{
    char line[4096];
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    lks_utf8_uncut(line, sizeof line);
    lks_plain_copy(line, sizeof line, line);
    fprintf(out, "%s\n", line);
}
