#include "sample.h"

#include <string.h>

#include "base/alloc.h"
#include "base/try.h"
#include "literal.h"

const char *const role_names[N_ROLES] = {"ctor",      "state", "arg",     "output",
                                         "cotangent", "grad",  "newstate"};

static const struct {
    const char *name;
    lks_dtype dtype;
} dtypes[] = {
    {"f64", LKS_F64}, {"f32", LKS_F32}, {"i64", LKS_I64},   {"i32", LKS_I32},
    {"i16", LKS_I16}, {"u8", LKS_U8},   {"bool", LKS_BOOL},
};

static bool dtype_of(const char *name, lks_dtype *out)
{
    for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++)
        if (strcmp(dtypes[i].name, name) == 0) {
            *out = dtypes[i].dtype;
            return true;
        }
    return false;
}

static bool role_of(const char *name, role *out)
{
    for (role r = 0; r < N_ROLES; r++)
        if (strcmp(role_names[r], name) == 0) {
            *out = r;
            return true;
        }
    return false;
}

/* False: not a number, or none of the dtype. */
static bool put_value(item *it, int64_t i, const char *word)
{
    double real = 0;
    int64_t whole = 0;

    if (lks_dtype_is_float(it->dtype) ? !number_of(word, &real)
                                      : !integer_of(word, &whole))
        return false;
    switch (it->dtype) {
    case LKS_F64:
        ((double *)it->values)[i] = real;
        return true;
    case LKS_F32:
        ((float *)it->values)[i] = (float)real;
        return true;
    case LKS_I64:
        ((int64_t *)it->values)[i] = whole;
        return true;
    case LKS_I32:
        ((int32_t *)it->values)[i] = (int32_t)whole;
        return whole == (int32_t)whole;
    case LKS_I16:
        ((int16_t *)it->values)[i] = (int16_t)whole;
        return whole == (int16_t)whole;
    default:
        ((uint8_t *)it->values)[i] = (uint8_t)whole;
        return whole >= 0 && whole <= (it->dtype == LKS_BOOL ? 1 : UINT8_MAX);
    }
}

static lks_status read_shape(text *t, char *rest, item *it)
{
    int64_t rank, n;

    if (!integer_of(word_of(&rest), &rank) || rank < 0 || rank > LKS_MAX_DIMS)
        return text_fail(t, "%s has no rank from 0 to %d", it->name, LKS_MAX_DIMS);
    it->shape.ndim = (int)rank;
    for (int64_t i = 0; i < rank; i++)
        if (!integer_of(word_of(&rest), &it->shape.sizes[i]) || it->shape.sizes[i] < 0)
            return text_fail(t, "size %d of %s is not one", (int)i, it->name);
    if (*word_of(&rest))
        return text_fail(t, "%s has more sizes than its rank, %d", it->name, (int)rank);
    LKS_TRY(lks_shape_numel(&it->shape, &n));
    if (n > (int64_t)text_left(t))
        return text_fail(t, "%s has %lld elements, more than the file", it->name,
                         (long long)n);
    it->values = lks_calloc((size_t)n + 1, lks_dtype_size_bytes(it->dtype));
    return it->values ? LKS_OK : LKS_NOMEM;
}

/* Ends at the line behind the last value. */
static lks_status read_tensor(text *t, char *rest, item *it)
{
    int64_t n, i = 0;
    char *word;

    LKS_TRY(read_shape(t, rest, it));
    LKS_TRY(lks_shape_numel(&it->shape, &n));
    for (text_next(t); i < n && t->line; text_next(t))
        for (rest = t->line; *(word = word_of(&rest)) != '\0'; i++)
            if (i == n || !put_value(it, i, word))
                return text_fail(t, "%s: '%.30s' is not one of its %lld values", it->name,
                                 word, (long long)n);
    return i == n ? LKS_OK
                  : text_fail(t, "the file ends after %lld of the %lld values of %s",
                              (long long)i, (long long)n, it->name);
}

static lks_status read_value(text *t, char *rest, item *it)
{
    char *type;

    if (it->role == CTOR) {
        LKS_TRY(literal_read(t, rest, it));
    } else {
        type = word_of(&rest);
        if (dtype_of(type, &it->dtype))
            return read_tensor(t, rest, it);
        if (it->role != ARG)
            return text_fail(t, "%s %s: '%.30s' is no dtype", role_names[it->role],
                             it->name, type);
        LKS_TRY(scalar_read(t, type, rest, it));
    }
    text_next(t);
    return LKS_OK;
}

/* One more item, without a value. */
static lks_status add_item(text *t, sample *s, char **rest, item **out)
{
    item *more, it = {0};
    const char *word = word_of(rest), *name = word_of(rest);

    if (!role_of(word, &it.role))
        return text_fail(t, "'%.30s' begins no line of a case", word);
    if (!*name)
        return text_fail(t, "%s of no name", word);
    if (sample_find(s, it.role, name))
        return text_fail(t, "%s %s is given twice", word, name);
    more = lks_realloc(s->items, s->n_items + 1, sizeof *more);
    if (!more)
        return LKS_NOMEM;
    s->items = more;
    if (!(it.name = lks_strdup(name)))
        return LKS_NOMEM;
    s->items[s->n_items] = it;
    *out = &s->items[s->n_items++];
    return LKS_OK;
}

static lks_status read_header(text *t, sample *s)
{
    char *rest = t->line, *name;

    word_of(&rest);
    name = word_of(&rest);
    if (!*name || !integer_of(word_of(&rest), &s->number))
        return text_fail(t, "a case has a name and a number");
    s->training =
        strcmp(word_of(&rest), "training") == 0 && strcmp(word_of(&rest), "1") == 0;
    s->name = lks_strdup(name);
    return s->name ? LKS_OK : LKS_NOMEM;
}

/* What a case must have for its outcome to mean anything. */
static lks_status check(const text *t, const sample *s)
{
    bool any = false;

    for (size_t i = 0; i < s->n_items; i++) {
        any |= s->items[i].role == OUTPUT;
        if (s->items[i].role == COTANGENT && !sample_find(s, OUTPUT, s->items[i].name))
            return text_fail(t, "cotangent %s is of no output", s->items[i].name);
    }
    return any ? LKS_OK
               : text_fail(t, "%s %lld has no output", s->name, (long long)s->number);
}

lks_status sample_read(text *t, sample **out)
{
    sample *s = lks_calloc(1, sizeof *s);
    item *it = NULL;
    char *rest;
    lks_status st = LKS_OK;

    if (!s)
        return LKS_NOMEM;
    LKS_GO(read_header(t, s));
    text_next(t);
    while (t->line && strcmp(t->line, "end") != 0) {
        rest = t->line;
        LKS_GO(add_item(t, s, &rest, &it));
        LKS_GO(read_value(t, rest, it));
    }
    if (!t->line)
        LKS_GO(text_fail(t, "the file ends within case %lld of %s", (long long)s->number,
                         s->name));
    LKS_GO(check(t, s));
    text_next(t);
    *out = s;
    s = NULL;
cleanup:
    sample_destroy(s);
    return st;
}

void sample_destroy(sample *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->n_items; i++) {
        lks_free(s->items[i].name);
        lks_free(s->items[i].values);
        lks_free(s->items[i].numbers);
        lks_free(s->items[i].text);
    }
    lks_free(s->items);
    lks_free(s->name);
    lks_free(s);
}

item *sample_find(const sample *s, role r, const char *name)
{
    for (size_t i = 0; i < s->n_items; i++)
        if (s->items[i].role == r && strcmp(s->items[i].name, name) == 0)
            return &s->items[i];
    return NULL;
}
