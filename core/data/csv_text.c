#define _GNU_SOURCE /* strtod_l */
#include "data/csv_text.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

/* ---- records ---- */

lks_status lks_csv_begin(lks_csv_text *text, const void *bytes, size_t n_bytes,
                         const char *name, char delimiter)
{
    *text = (lks_csv_text){.name = name,
                           .at = bytes,
                           .end = (const char *)bytes + n_bytes,
                           .delimiter = delimiter,
                           .line = 1};
    if (n_bytes >= 2 &&
        (memcmp(bytes, "\xff\xfe", 2) == 0 || memcmp(bytes, "\xfe\xff", 2) == 0))
        return lks_fail(LKS_FORMAT, "%s: the text is UTF-16; save it as UTF-8", name);
    if (n_bytes >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
        text->at += 3;
    return LKS_OK;
}

static bool is_line_end(char c)
{
    return c == '\n' || c == '\r';
}

/* A space as the delimiter stands for blanks, any number of them. */
static bool are_blanks(const lks_csv_text *text)
{
    return text->delimiter == ' ';
}

static bool is_delimiter(const lks_csv_text *text, char c)
{
    return c == text->delimiter || (are_blanks(text) && c == '\t');
}

static void skip_blanks(lks_csv_text *text)
{
    while (text->at < text->end && is_delimiter(text, *text->at))
        text->at++;
}

/* Behind the end of a line, LF, CR LF or CR. */
static void skip_line_end(lks_csv_text *text)
{
    text->at +=
        text->end - text->at >= 2 && text->at[0] == '\r' && text->at[1] == '\n' ? 2 : 1;
    text->line++;
}

static lks_csv_field trimmed(const lks_csv_field *field)
{
    lks_csv_field f = *field;

    for (; f.n > 0 && (*f.text == ' ' || *f.text == '\t'); f.n--)
        f.text++;
    while (f.n > 0 && (f.text[f.n - 1] == ' ' || f.text[f.n - 1] == '\t'))
        f.n--;
    return f;
}

/* From behind the first quote to behind the last. */
static lks_status read_quoted(lks_csv_text *text, lks_csv_field *out)
{
    const uint64_t line = text->line;

    *out = (lks_csv_field){.text = text->at, .quoted = true};
    for (; text->at < text->end; text->at++) {
        text->line += *text->at == '\n';
        if (*text->at != '"')
            continue;
        if (text->at + 1 == text->end || text->at[1] != '"')
            break;
        text->at++;
    }
    if (text->at == text->end)
        return lks_fail(LKS_FORMAT, "%s, line %llu: a field in quotes does not end",
                        text->name, (unsigned long long)line);
    out->n = (size_t)(text->at++ - out->text);
    if (text->at < text->end && !is_delimiter(text, *text->at) && !is_line_end(*text->at))
        return lks_fail(LKS_FORMAT,
                        "%s, line %llu: a field goes on behind its closing quote; quotes "
                        "within quotes are written twice",
                        text->name, (unsigned long long)text->line);
    return LKS_OK;
}

static lks_status read_field(lks_csv_text *text, lks_csv_field *out)
{
    if (text->at < text->end && *text->at == '"') {
        text->at++;
        return read_quoted(text, out);
    }
    *out = (lks_csv_field){.text = text->at};
    while (text->at < text->end && !is_delimiter(text, *text->at) &&
           !is_line_end(*text->at))
        text->at++;
    out->n = (size_t)(text->at - out->text);
    *out = trimmed(out);
    return LKS_OK;
}

/* With blanks as delimiters, those before the first field too. */
static void skip_empty_lines(lks_csv_text *text)
{
    do {
        if (are_blanks(text))
            skip_blanks(text);
        if (text->at == text->end || !is_line_end(*text->at))
            return;
        skip_line_end(text);
    } while (true);
}

lks_status lks_csv_next(lks_csv_text *text, lks_csv_field *fields, size_t room, size_t *n,
                        uint64_t *line)
{
    bool more = true;

    *n = 0;
    skip_empty_lines(text);
    *line = text->line;
    if (text->at == text->end)
        return LKS_OK;
    for (; more; ++*n) {
        lks_csv_field field;
        const lks_status st = read_field(text, &field);

        if (st != LKS_OK)
            return st;
        if (*n < room)
            fields[*n] = field;
        more = text->at < text->end && is_delimiter(text, *text->at);
        text->at += more;
        if (more && are_blanks(text)) {
            skip_blanks(text);
            more = text->at < text->end && !is_line_end(*text->at);
        }
    }
    if (text->at < text->end)
        skip_line_end(text);
    return LKS_OK;
}

/* ---- fields ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A decimal taken apart: sign, digits as a whole number, power of ten. */
typedef struct decimal {
    bool negative, exact; /* exact: `digits` holds them all */
    bool whole;
    uint64_t digits;
    int exponent;
} decimal;

static size_t take_digits(const char *text, size_t n, decimal *d, int step)
{
    size_t i = 0;

    for (; i < n && is_digit(text[i]); i++) {
        if (d->digits > (UINT64_MAX - 9) / 10)
            d->exact = false;
        else
            d->digits = d->digits * 10 + (uint64_t)(text[i] - '0');
        d->exponent -= step;
    }
    return i;
}

static bool take_exponent(const char *text, size_t n, decimal *d)
{
    const bool negative = n > 0 && text[0] == '-';
    size_t i = n > 0 && (text[0] == '-' || text[0] == '+');
    int value = 0;

    if (i == n)
        return false;
    for (; i < n; i++) {
        if (!is_digit(text[i]))
            return false;
        value = value < 100000 ? value * 10 + (text[i] - '0') : value;
    }
    d->exponent += negative ? -value : value;
    return true;
}

static bool take_apart(const char *text, size_t n, decimal *d)
{
    size_t at, n_digits;

    *d = (decimal){.negative = n > 0 && text[0] == '-', .exact = true, .whole = true};
    at = n > 0 && (text[0] == '-' || text[0] == '+');
    at += n_digits = take_digits(text + at, n - at, d, 0);
    if (at < n && text[at] == '.') {
        const size_t more = take_digits(text + at + 1, n - at - 1, d, 1);

        d->whole = false;
        n_digits += more;
        at += 1 + more;
    }
    if (n_digits == 0)
        return false;
    if (at == n)
        return true;
    d->whole = false;
    return (text[at] == 'e' || text[at] == 'E') &&
           take_exponent(text + at + 1, n - at - 1, d);
}

/* What is beyond the quick way, whatever the program's locale is. */
static bool read_slowly(const char *text, size_t n, double *out)
{
    char short_text[64], *copy = n < sizeof short_text ? short_text : lks_malloc(n + 1);
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    const bool fits = copy && c;

    if (fits) {
        memcpy(copy, text, n);
        copy[n] = '\0';
        *out = strtod_l(copy, NULL, c);
    }
    if (c)
        freelocale(c);
    if (copy != short_text)
        lks_free(copy);
    return fits && isfinite(*out);
}

bool lks_csv_number(const lks_csv_field *field, double *out, bool *whole)
{
    static const double tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                  1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    const lks_csv_field f = trimmed(field);
    double value;
    decimal d;

    if (!take_apart(f.text, f.n, &d))
        return false;
    *whole = d.whole;
    /* Both are exact then, so that one operation rounds right (Clinger 1990). */
    if (!d.exact || d.digits > UINT64_C(1) << 53 || d.exponent < -22 || d.exponent > 22)
        return read_slowly(f.text, f.n, out);
    value = (double)d.digits;
    value = d.exponent < 0 ? value / tens[-d.exponent] : value * tens[d.exponent];
    *out = d.negative ? -value : value;
    return true;
}

bool lks_csv_integer(const lks_csv_field *field, int64_t *out)
{
    const lks_csv_field f = trimmed(field);
    double value;
    bool whole;
    decimal d;

    if (!take_apart(f.text, f.n, &d))
        return false;
    if (d.whole) {
        if (!d.exact || d.digits > (uint64_t)INT64_MAX)
            return false;
        *out = d.negative ? -(int64_t)d.digits : (int64_t)d.digits;
        return true;
    }
    if (!lks_csv_number(field, &value, &whole) || value != trunc(value) ||
        fabs(value) > 0x1p53)
        return false;
    *out = (int64_t)value;
    return true;
}

bool lks_csv_is_missing(const lks_csv_field *field)
{
    static const char *const words[] = {"",    "NA",   "N/A",  "NaN",
                                        "nan", "null", "NULL", "?"};

    for (size_t i = 0; !field->quoted && i < sizeof words / sizeof *words; i++)
        if (strlen(words[i]) == field->n && memcmp(words[i], field->text, field->n) == 0)
            return true;
    return false;
}

/* The i-th byte of its text, which becomes the next one's place. */
static char byte_at(const lks_csv_field *field, size_t *i)
{
    const char c = field->text[(*i)++];

    *i += field->quoted && c == '"'; /* the second of two */
    return c;
}

char *lks_csv_word(const lks_csv_field *field)
{
    char *word = lks_malloc(field->n + 1);
    size_t n = 0;

    for (size_t i = 0; word && i < field->n;)
        word[n++] = byte_at(field, &i);
    if (word)
        word[n] = '\0';
    return word;
}

int lks_csv_compare(const lks_csv_field *field, const char *word)
{
    for (size_t i = 0; i < field->n; word++) {
        const char c = byte_at(field, &i);

        if (c != *word || c == '\0')
            return c == *word ? 0 : (unsigned char)c < (unsigned char)*word ? -1 : 1;
    }
    return *word == '\0' ? 0 : -1;
}
