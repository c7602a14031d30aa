#include "daemon/line.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

lks_line lks_line_init(char *buffer, size_t size_bytes)
{
    buffer[0] = '\0';
    return (lks_line){.text = buffer, .size_bytes = size_bytes};
}

void lks_line_add(lks_line *line, const char *format, ...)
{
    size_t room = line->size_bytes - line->n_bytes;
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(line->text + line->n_bytes, room, format, args);
    va_end(args);
    if (n > 0)
        line->n_bytes += (size_t)n < room ? (size_t)n : room - 1;
}

/* Bytes of the UTF-8 sequence (RFC 3629: shortest form, no surrogates) at `s`, 0 if there
 * is none. Reads no further than the string's zero. */
static size_t utf8_length(const unsigned char *s)
{
    static const struct {
        unsigned char lead_first, lead_last, second_first, second_last;
        size_t length;
    } forms[] = {
        {0x01, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2},
        {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
        {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4},
        {0xf4, 0xf4, 0x80, 0x8f, 4},
    };

    for (size_t f = 0; f < sizeof forms / sizeof *forms; f++) {
        if (s[0] < forms[f].lead_first || s[0] > forms[f].lead_last)
            continue;
        if (forms[f].length == 1)
            return 1;
        if (s[1] < forms[f].second_first || s[1] > forms[f].second_last)
            return 0;
        for (size_t i = 2; i < forms[f].length; i++)
            if ((s[i] & 0xc0) != 0x80)
                return 0;
        return forms[f].length;
    }
    return 0;
}

void lks_line_copy(char *out, size_t size_bytes, const char *text)
{
    const unsigned char *s = (const unsigned char *)(text ? text : "");
    size_t n = 0;

    while (*s) {
        size_t length = utf8_length(s);
        size_t width = length ? length : 1;

        if (n + width >= size_bytes)
            break;
        if (length == 0)
            out[n] = '?';
        else if (length == 1 && (*s < 0x20 || *s == 0x7f))
            out[n] = ' ';
        else
            memcpy(out + n, s, length);
        n += width;
        s += width;
    }
    out[n] = '\0';
}
