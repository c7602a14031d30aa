#include "daemon/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

void lks_text_release(lks_text *text)
{
    lks_free(text->bytes);
    *text = (lks_text){0};
}

/* Room for n_bytes more. */
static bool reserve(lks_text *text, size_t n_bytes)
{
    size_t needed = text->n_bytes + n_bytes;
    size_t capacity = text->capacity ? text->capacity : 512;
    char *bytes;

    if (text->failed || needed <= text->capacity)
        return !text->failed;
    while (capacity < needed)
        capacity *= 2;
    bytes = lks_realloc(text->bytes, capacity, 1);
    if (!bytes) {
        text->failed = true;
        return false;
    }
    text->bytes = bytes;
    text->capacity = capacity;
    return true;
}

void lks_text_append(lks_text *text, const char *bytes, size_t n_bytes)
{
    if (n_bytes == 0 || !reserve(text, n_bytes))
        return;
    memcpy(text->bytes + text->n_bytes, bytes, n_bytes);
    text->n_bytes += n_bytes;
}

void lks_text_add(lks_text *text, const char *format, ...)
{
    char piece[256];
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(piece, sizeof piece, format, args);
    va_end(args);
    if (n < 0)
        return;
    if ((size_t)n < sizeof piece) {
        lks_text_append(text, piece, (size_t)n);
        return;
    }
    if (!reserve(text, (size_t)n + 1))
        return;
    va_start(args, format);
    vsnprintf(text->bytes + text->n_bytes, (size_t)n + 1, format, args);
    va_end(args);
    text->n_bytes += (size_t)n;
}
