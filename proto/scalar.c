#include "proto/scalar.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t count_digits(const char *text)
{
    size_t n = 0;

    while (isdigit((unsigned char)text[n]))
        n++;
    return n;
}

bool lks_scalar_whole(const char *text, lks_whole *out)
{
    lks_whole whole = {.negative = text[0] == '-'};
    const char *digits = text + whole.negative;
    size_t n = count_digits(digits);

    if (n == 0 || digits[n] != '\0' || (digits[0] == '0' && n > 1))
        return false;
    for (size_t i = 0; i < n && !whole.huge; i++)
        whole.huge = __builtin_mul_overflow(whole.magnitude, 10u, &whole.magnitude) ||
                     __builtin_add_overflow(whole.magnitude, (uint64_t)(digits[i] - '0'),
                                            &whole.magnitude);
    if (whole.huge)
        whole.magnitude = UINT64_MAX;
    *out = whole;
    return true;
}

/* [-+] digits [. digits] [e [-+] digits], with a digit before or after the point. */
static bool is_decimal(const char *text)
{
    size_t before, after = 0;

    text += *text == '-' || *text == '+';
    before = count_digits(text);
    text += before;
    if (*text == '.') {
        after = count_digits(++text);
        text += after;
    }
    if (before + after == 0)
        return false;
    if (*text == 'e' || *text == 'E') {
        text++;
        text += *text == '-' || *text == '+';
        if (count_digits(text) == 0)
            return false;
        text += count_digits(text);
    }
    return *text == '\0';
}

bool lks_scalar_real(const char *text, double *out)
{
    double value;

    if (!is_decimal(text))
        return false;
    value = strtod(text, NULL);
    if (!isfinite(value))
        return false;
    *out = value;
    return true;
}

bool lks_scalar_flag(const char *text, bool *out)
{
    bool is_true = strcmp(text, "true") == 0;

    if (!is_true && strcmp(text, "false") != 0)
        return false;
    *out = is_true;
    return true;
}

bool lks_scalar_is_null(const char *text)
{
    return *text == '\0' || strcmp(text, "~") == 0 || strcmp(text, "null") == 0;
}

void lks_real_text(double value, char out[LKS_REAL_TEXT])
{
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(out, LKS_REAL_TEXT, "%.*g", digits, value);
        if (strtod(out, NULL) == value)
            return;
    }
}
