#include "base/text.h"

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

lks_status lks_text_take(lks_text *text, char **out)
{
    lks_text_append(text, "", 1);
    if (text->failed) {
        lks_text_release(text);
        return LKS_NOMEM;
    }
    *out = text->bytes;
    *text = (lks_text){0};
    return LKS_OK;
}

void lks_text_put(lks_text *text, const char *string)
{
    lks_text_append(text, string, strlen(string));
}

enum { COUNT_DIGITS = 20 }; /* of 2^64 - 1 */

void lks_text_add_count(lks_text *text, uint64_t value)
{
    char digits[COUNT_DIGITS];
    size_t i = sizeof digits;

    do {
        digits[--i] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    lks_text_append(text, digits + i, sizeof digits - i);
}

void lks_text_add_real(lks_text *text, double value)
{
    lks_text_add(text, "%.9g", value);
}

void lks_text_add_decimal(lks_text *text, double value)
{
    enum { DECIMALS = 6 };
    const uint64_t scale = 1000000;
    char fraction[1 + DECIMALS] = ".";
    uint64_t scaled;
    size_t n = 0;

    if (value != 0 && !(value >= 1e-3 && value < 1e9)) {
        lks_text_add_real(text, value);
        return;
    }
    scaled = (uint64_t)(value * (double)scale + 0.5);
    lks_text_add_count(text, scaled / scale);
    scaled %= scale;
    for (size_t i = DECIMALS; i > 0; i--, scaled /= 10) {
        fraction[i] = (char)('0' + scaled % 10);
        if (n == 0 && fraction[i] != '0')
            n = i;
    }
    lks_text_append(text, fraction, n ? n + 1 : 0);
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

void lks_append(char *out, size_t size, const char *format, ...)
{
    size_t n = strlen(out);
    va_list args;

    va_start(args, format);
    vsnprintf(out + n, size - n, format, args);
    va_end(args);
}
