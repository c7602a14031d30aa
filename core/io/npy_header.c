#include "io/npy_header.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/try.h"

enum { MAX_WORD = 32, LITTLE_ENDIAN_HOST = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ };

/* numpy's codes: kind and bytes, as they follow the byte order in 'descr' */
static const struct {
    const char *code;
    lks_dtype dtype;
} codes[] = {
    {"f4", LKS_F32}, {"f8", LKS_F64}, {"i8", LKS_I64},  {"i4", LKS_I32},
    {"i2", LKS_I16}, {"u1", LKS_U8},  {"b1", LKS_BOOL}, {"f2", LKS_F16},
};
enum { N_CODES = sizeof codes / sizeof *codes };

/* What is left of the text. */
typedef struct cursor {
    const char *at, *end;
    const char *file;
} cursor;

static lks_status fail_here(const cursor *c, const char *want)
{
    const size_t left = (size_t)(c->end - c->at);

    return lks_fail(LKS_FORMAT, "%s: npy header: expected %s, found '%.*s'", c->file,
                    want, left < 16 ? (int)left : 16, c->at);
}

static void skip_space(cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\n' || *c->at == '\t'))
        c->at++;
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

static lks_status parse_text(cursor *c, const char *want, char out[MAX_WORD])
{
    const char *begin, *end;

    skip_space(c);
    if (c->at == c->end || (*c->at != '\'' && *c->at != '"'))
        return fail_here(c, want);
    begin = c->at + 1;
    end = memchr(begin, *c->at, (size_t)(c->end - begin));
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
    if (strchr("<>=|", descr[0]) && descr[0])
        byte_order = *code++;
    for (int i = 0; i < N_CODES; i++) {
        if (strcmp(code, codes[i].code) == 0) {
            out->dtype = codes[i].dtype;
            out->swapped = byte_order == (LITTLE_ENDIAN_HOST ? '>' : '<');
            return LKS_OK;
        }
    }
    return lks_fail(
        LKS_FORMAT,
        "%s: npy dtype '%s' is not supported; known are f8 f4 f2 i8 i4 i2 u1 b1", c->file,
        descr);
}

static lks_status parse_fortran_order(cursor *c, lks_npy_header *out)
{
    out->fortran_order = take(c, "True");
    return out->fortran_order || take(c, "False") ? LKS_OK
                                                  : fail_here(c, "True or False");
}

static lks_status parse_size(cursor *c, int64_t *out)
{
    int64_t size = 0;

    skip_space(c);
    if (c->at == c->end || *c->at < '0' || *c->at > '9')
        return fail_here(c, "a size");
    for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++)
        if (__builtin_mul_overflow(size, 10, &size) ||
            __builtin_add_overflow(size, *c->at - '0', &size))
            return lks_fail(LKS_FORMAT, "%s: npy header: a size overflows", c->file);
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

lks_status lks_npy_header_parse(const char *text, size_t n, const char *file,
                                lks_npy_header *out)
{
    cursor c = {text, text + n, file};
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
    for (int i = 0; i < N_CODES; i++)
        if (codes[i].dtype == dtype)
            return codes[i].code;
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
