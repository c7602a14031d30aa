#include "base/utf8.h"

#include <string.h>

size_t lks_utf8_next(const char *text, size_t n, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const uint8_t *bytes = (const uint8_t *)text;
    size_t length = bytes[0] < 0x80         ? 1
                    : bytes[0] >> 5 == 0x6  ? 2
                    : bytes[0] >> 4 == 0xe  ? 3
                    : bytes[0] >> 3 == 0x1e ? 4
                                            : 0;
    uint32_t value;

    if (length == 0 || length > n)
        return 0;
    value = length == 1 ? bytes[0] : bytes[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if (bytes[i] >> 6 != 0x2)
            return 0;
        value = value << 6 | (bytes[i] & 0x3fu);
    }
    if (value < least[length] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
        return 0;
    *code = value;
    return length;
}

bool lks_utf8_is_valid_of(const char *bytes, size_t n)
{
    size_t step;
    uint32_t code;

    for (; n > 0; bytes += step, n -= step)
        if ((step = lks_utf8_next(bytes, n, &code)) == 0)
            return false;
    return true;
}

bool lks_utf8_is_valid(const char *text)
{
    return lks_utf8_is_valid_of(text, strlen(text));
}

/* Bytes that a sequence with this lead byte has; 0 if none begins so. */
static size_t length_of_lead(uint8_t lead)
{
    return lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 0;
}

void lks_utf8_uncut(char *text, size_t size_bytes)
{
    size_t n = strlen(text), n_tail = 1;

    if (n + 1 < size_bytes)
        return;
    while (n_tail < 4 && n_tail < n && ((uint8_t)text[n - n_tail] & 0xc0) == 0x80)
        n_tail++;
    if (n > 0 && length_of_lead((uint8_t)text[n - n_tail]) > n_tail)
        text[n - n_tail] = '\0';
}
