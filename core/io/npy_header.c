#include "io/npy_header.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/try.h"

enum { MAX_WORD = 32, LITTLE_ENDIAN_HOST = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ };

#define WIDEN(from, to)                                                                  \
    static bool from##_to_##to(const void *data, size_t n, void *out, size_t *bad)       \
    {                                                                                    \
        for (size_t i = 0; i < n; i++) {                                                 \
            if (__builtin_add_overflow(((const from *)data)[i], 0, &((to *)out)[i])) {   \
                *bad = i;                                                                \
                return false;                                                            \
            }                                                                            \
        }                                                                                \
        return true;                                                                     \
    }
WIDEN(int8_t, int16_t)
WIDEN(uint16_t, int32_t)
WIDEN(uint32_t, int64_t)
WIDEN(uint64_t, int64_t)

static const lks_npy_stored known[] = {
    {"f2", "e", "float16", 2, LKS_F16, NULL},
    {"f4", "f", "float32", 4, LKS_F32, NULL},
    {"f8", "d", "float64", 8, LKS_F64, NULL},
    {"i1", "b", "int8", 1, LKS_I16, int8_t_to_int16_t},
    {"i2", "h", "int16", 2, LKS_I16, NULL},
    {"i4", "i", "int32", 4, LKS_I32, NULL},
    {"i8", "q", "int64", 8, LKS_I64, NULL},
    {"u1", "B", "uint8", 1, LKS_U8, NULL},
    {"u2", "H", "uint16", 2, LKS_I32, uint16_t_to_int32_t},
    {"u4", "I", "uint32", 4, LKS_I64, uint32_t_to_int64_t},
    {"u8", "Q", "uint64", 8, LKS_I64, uint64_t_to_int64_t},
    {"b1", "?", "bool", 1, LKS_BOOL, NULL},
};
enum { N_KNOWN = sizeof known / sizeof *known };

/* What is left of the text. */
typedef struct cursor {
    const char *at, *end;
    int version;
    const char *file;
} cursor;

static lks_status fail_here(const cursor *c, const char *want)
{
    const size_t left = (size_t)(c->end - c->at);

    return lks_fail(LKS_FORMAT, "%s: npy header: expected %s, found '%.*s'", c->file,
                    want, left < 16 ? (int)left : 16, c->at);
}

static bool is_one_of(const cursor *c, const char *characters)
{
    return c->at < c->end && *c->at && strchr(characters, *c->at);
}

/* Blanks, ends of lines and comments. */
static void skip_space(cursor *c)
{
    while (is_one_of(c, " \t\r\n\f#")) {
        const bool is_comment = *c->at == '#';

        while (is_comment && c->at < c->end && *c->at != '\n')
            c->at++;
        if (c->at < c->end)
            c->at++;
    }
}

static bool take(cursor *c, const char *token)
{
    const size_t n = strlen(token);

    skip_space(c);
    if ((size_t)(c->end - c->at) < n || memcmp(c->at, token, n) != 0)
        return false;
    c->at += n;
    return true;
}

/* A text begins: a quote, perhaps behind a prefix that changes nothing here. */
static bool is_text(cursor *c)
{
    cursor quote;

    skip_space(c);
    quote = *c;
    quote.at += is_one_of(c, "uUrR");
    return is_one_of(&quote, "'\"");
}

/* 'a', "a", u'a', r'a' */
static lks_status parse_text(cursor *c, const char *want, char out[MAX_WORD])
{
    const char *begin, *end;

    if (!is_text(c))
        return fail_here(c, want);
    begin = c->at + (is_one_of(c, "uUrR") ? 2 : 1);
    end = memchr(begin, begin[-1], (size_t)(c->end - begin));
    if (!end || end - begin >= MAX_WORD || memchr(begin, '\\', (size_t)(end - begin)))
        return fail_here(c, want);
    memcpy(out, begin, (size_t)(end - begin));
    out[end - begin] = '\0';
    c->at = end + 1;
    return LKS_OK;
}

static lks_status parse_descr(cursor *c, lks_npy_header *out)
{
    char descr[MAX_WORD];
    const char *code = descr;
    char byte_order = '=';

    LKS_TRY(parse_text(c, "a dtype text (records are not supported)", descr));
    if (descr[0] && strchr("<>=|", descr[0]))
        byte_order = *code++;
    for (int i = 0; i < N_KNOWN; i++) {
        if (strcmp(code, known[i].code) == 0 || strcmp(code, known[i].letter) == 0 ||
            strcmp(descr, known[i].name) == 0) {
            out->stored = &known[i];
            out->swapped = byte_order == (LITTLE_ENDIAN_HOST ? '>' : '<');
            return LKS_OK;
        }
    }
    return lks_fail(LKS_FORMAT,
                    "%s: npy dtype '%s' is not supported; known are f2 f4 f8 i1 i2 i4 i8 "
                    "u1 u2 u4 u8 b1",
                    c->file, descr);
}

static lks_status parse_fortran_order(cursor *c, lks_npy_header *out)
{
    out->fortran_order = take(c, "True");
    return out->fortran_order || take(c, "False") ? LKS_OK
                                                  : fail_here(c, "True or False");
}

/* The base that a prefix such as 0x says, which is taken. */
static unsigned take_base(cursor *c)
{
    static const struct {
        const char *prefixes[2];
        unsigned base;
    } bases[] = {{{"0x", "0X"}, 16}, {{"0o", "0O"}, 8}, {{"0b", "0B"}, 2}};

    for (size_t i = 0; i < sizeof bases / sizeof *bases; i++)
        if (take(c, bases[i].prefixes[0]) || take(c, bases[i].prefixes[1]))
            return bases[i].base;
    return 10;
}

/* One digit of the base; an underscore may stand before it unless it is the first. */
static bool take_digit(cursor *c, unsigned base, bool is_first, unsigned *out)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c->at, *digit;

    at += !is_first && at < c->end && *at == '_';
    if (at == c->end || !isxdigit((unsigned char)*at))
        return false;
    digit = strchr(digits, tolower((unsigned char)*at));
    if ((unsigned)(digit - digits) >= base)
        return false;
    *out = (unsigned)(digit - digits);
    c->at = at + 1;
    return true;
}

/* A whole number of Python's: 2, +2, 0x2, 1_000; 7L of Python 2; not 02, which Python 2
 * took for octal. */
static lks_status parse_size(cursor *c, int64_t *out)
{
    int64_t size = 0;
    unsigned base, digit;
    size_t n_digits = 0;
    cursor begin;

    take(c, "+");
    skip_space(c);
    begin = *c;
    base = take_base(c);
    for (; take_digit(c, base, n_digits == 0 && base == 10, &digit); n_digits++)
        if (__builtin_mul_overflow(size, (int64_t)base, &size) ||
            __builtin_add_overflow(size, (int64_t)digit, &size))
            return lks_fail(LKS_FORMAT, "%s: npy header: a size overflows", c->file);
    if (n_digits == 0 || (base == 10 && *begin.at == '0' && size > 0))
        return fail_here(&begin, "a size");
    if (c->version <= 2)
        take(c, "L");
    *out = size;
    return LKS_OK;
}

/* (), (3,) or (3, 2) */
static lks_status parse_shape(cursor *c, lks_npy_header *out)
{
    bool comma = true;

    if (!take(c, "("))
        return fail_here(c, "a shape");
    out->ndim = 0;
    while (!take(c, ")")) {
        if (!comma)
            return fail_here(c, "',' or ')'");
        if (out->ndim == LKS_NPY_MAX_DIMS)
            return lks_fail(LKS_FORMAT, "%s: more than %d dimensions", c->file,
                            LKS_NPY_MAX_DIMS);
        LKS_TRY(parse_size(c, &out->sizes[out->ndim++]));
        comma = take(c, ",");
    }
    if (out->ndim == 1 && !comma)
        return fail_here(c, "',' in a shape of one size"); /* (3) is no tuple */
    return LKS_OK;
}

static const struct {
    const char *key;
    lks_status (*parse)(cursor *c, lks_npy_header *out);
} fields[] = {
    {"descr", parse_descr},
    {"fortran_order", parse_fortran_order},
    {"shape", parse_shape},
};
enum { N_FIELDS = sizeof fields / sizeof *fields };

static lks_status parse_field(cursor *c, bool *seen, lks_npy_header *out)
{
    char key[MAX_WORD];

    LKS_TRY(parse_text(c, "a key", key));
    for (int i = 0; i < N_FIELDS; i++) {
        if (strcmp(key, fields[i].key) != 0)
            continue;
        if (seen[i])
            return lks_fail(LKS_FORMAT, "%s: npy header: '%s' comes twice", c->file, key);
        seen[i] = true;
        if (!take(c, ":"))
            return fail_here(c, "':'");
        return fields[i].parse(c, out);
    }
    return lks_fail(LKS_FORMAT, "%s: npy header: unknown key '%s'", c->file, key);
}

lks_status lks_npy_header_parse(const char *text, size_t n, int version, const char *file,
                                lks_npy_header *out)
{
    cursor c = {text, text + n, version, file};
    bool seen[N_FIELDS] = {false}, comma = true;

    if (!take(&c, "{"))
        return fail_here(&c, "'{'");
    while (!take(&c, "}")) {
        if (!comma)
            return fail_here(&c, "',' or '}'");
        LKS_TRY(parse_field(&c, seen, out));
        comma = take(&c, ",");
    }
    skip_space(&c);
    if (c.at != c.end)
        return fail_here(&c, "the end");
    for (int i = 0; i < N_FIELDS; i++)
        if (!seen[i])
            return lks_fail(LKS_FORMAT, "%s: npy header: '%s' is missing", file,
                            fields[i].key);
    return LKS_OK;
}

static const char *code_of(lks_dtype dtype)
{
    for (int i = 0; i < N_KNOWN; i++)
        if (known[i].dtype == dtype && !known[i].widen)
            return known[i].code;
    return NULL;
}

lks_status lks_npy_header_print(const lks_npy *array, char *text, size_t size)
{
    const char *code = code_of(array->dtype);
    const char byte_order = lks_dtype_size_bytes(array->dtype) == 1 ? '|'
                            : LITTLE_ENDIAN_HOST                    ? '<'
                                                                    : '>';
    char shape[LKS_NPY_MAX_DIMS * 22 + 1] = "";
    size_t n = 0;

    if (!code)
        return lks_fail(LKS_INVALID, "npy has no dtype for %s",
                        lks_dtype_name(array->dtype));
    if (array->ndim < 0 || array->ndim > LKS_NPY_MAX_DIMS)
        return lks_fail(LKS_INVALID, "npy: %d dimensions; 0 to %d are allowed",
                        array->ndim, LKS_NPY_MAX_DIMS);
    for (int d = 0; d < array->ndim; d++) {
        if (array->sizes[d] < 0)
            return lks_fail(LKS_INVALID, "npy: size %" PRId64 " in dimension %d",
                            array->sizes[d], d);
        n += (size_t)snprintf(shape + n, sizeof shape - n, "%" PRId64 "%s",
                              array->sizes[d],
                              array->ndim == 1      ? ","
                              : d + 1 < array->ndim ? ", "
                                                    : "");
    }
    snprintf(text, size, "{'descr': '%c%s', 'fortran_order': False, 'shape': (%s), }",
             byte_order, code, shape);
    return LKS_OK;
}
