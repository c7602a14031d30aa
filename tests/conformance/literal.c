#include "literal.h"

#include <string.h>

#include "base/alloc.h"
#include "base/try.h"

static const struct {
    const char *name;
    form form;
} forms[] = {
    {"int", INT},   {"float", FLOAT}, {"bool0", BOOL},    {"str", STR},
    {"none", NONE}, {"ints", INTS},   {"floats", FLOATS}, {"list", LIST},
};

static bool form_of(const char *name, form *out)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (strcmp(forms[i].name, name) == 0) {
            *out = forms[i].form;
            return true;
        }
    return false;
}

static lks_status put_text(item *it, const char *value)
{
    it->form = STR;
    it->text = lks_strdup(value);
    return it->text ? LKS_OK : LKS_NOMEM;
}

/* n words that are numbers, and nothing behind them. */
static lks_status put_numbers(text *t, char *rest, item *it, int64_t n)
{
    int64_t whole;

    if (n < 0 || n > 64)
        return text_fail(t, "%s is a list of 0 to 64 numbers", it->name);
    it->numbers = lks_calloc((size_t)n + 1, sizeof *it->numbers);
    if (!it->numbers)
        return LKS_NOMEM;
    for (it->n = 0; it->n < n; it->n++) {
        const char *word = word_of(&rest);

        if (!number_of(word, &it->numbers[it->n]) ||
            ((it->form == INT || it->form == INTS || it->form == BOOL) &&
             !integer_of(word, &whole)))
            return text_fail(t, "%s: '%.30s' is not a number of its kind", it->name,
                             word);
    }
    if (*word_of(&rest))
        return text_fail(t, "%s has more than %lld numbers", it->name, (long long)n);
    return LKS_OK;
}

lks_status scalar_read(text *t, const char *type, char *rest, item *it)
{
    int64_t n = 1;

    if (!form_of(type, &it->form))
        return text_fail(t, "%s: '%.30s' is no kind of value", it->name, type);
    switch (it->form) {
    case STR:
        return put_text(it, rest);
    case NONE:
        return LKS_OK;
    case LIST:
    case INTS:
    case FLOATS:
        if (!integer_of(word_of(&rest), &n) || n < 0)
            return text_fail(t, "%s does not say how many it is", it->name);
        it->n = (int)n;
        return it->form == LIST ? LKS_OK : put_numbers(t, rest, it, n);
    default:
        return put_numbers(t, rest, it, 1);
    }
}

/* "(2, 3)" in place to " 2  3 ", counted. */
static int64_t bare_list(char *list)
{
    int64_t n = 0;

    for (char *c = list; *c; c++)
        if (strchr("()[],", *c))
            *c = ' ';
    for (const char *c = list; *c; c++)
        n += *c != ' ' && (c == list || c[-1] == ' ');
    return n;
}

lks_status literal_read(text *t, char *rest, item *it)
{
    const size_t length = strlen(rest);
    int64_t whole;
    double real;

    it->form = NONE;
    if (strcmp(rest, "None") == 0)
        return LKS_OK;
    if (strncmp(rest, "tensor ", 7) == 0) {
        it->form = STATED;
        return LKS_OK;
    }
    if (strcmp(rest, "True") == 0 || strcmp(rest, "False") == 0) {
        it->form = BOOL;
        return put_numbers(t, (char[]){*rest == 'T' ? '1' : '0', '\0'}, it, 1);
    }
    if (length >= 2 && rest[0] == '\'' && rest[length - 1] == '\'') {
        rest[length - 1] = '\0';
        return put_text(it, rest + 1);
    }
    it->form = integer_of(rest, &whole) ? INT : FLOAT;
    if (number_of(rest, &real))
        return put_numbers(t, rest, it, 1);
    if (*rest != '(' && *rest != '[')
        return text_fail(t, "%s: '%.30s' is no value", it->name, rest);
    it->form = strchr(rest, '.') ? FLOATS : INTS;
    whole = bare_list(rest);
    return put_numbers(t, rest, it, whole);
}
