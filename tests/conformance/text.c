#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/try.h"
#include "io/reader.h"

static lks_status read_all(lks_reader *reader, char **out, size_t *n_bytes)
{
    size_t room = 0, n = 0, n_read;

    do {
        char *more = lks_realloc(*out, room = 2 * room + 65536, 1);

        if (!more)
            return LKS_NOMEM;
        *out = more;
        LKS_TRY(lks_reader_read(reader, more + n, room - n - 1, &n_read));
        n += n_read;
    } while (n == room - 1);
    (*out)[ *n_bytes = n] = '\0';
    return lks_reader_expect_end(reader);
}

lks_status text_open(const char *path, text *out)
{
    text t = {.path = path};
    lks_reader *reader = NULL;
    size_t n_bytes = 0;
    lks_status st;

    LKS_GO(lks_reader_open(path, &reader));
    LKS_GO(read_all(reader, &t.bytes, &n_bytes));
    if (strlen(t.bytes) != n_bytes)
        LKS_FAIL(LKS_FORMAT, "%s: not a text: byte %zu is 0", path, strlen(t.bytes));
    t.rest = t.bytes;
    text_next(&t);
    *out = t;
    t.bytes = NULL;
cleanup:
    lks_free(t.bytes);
    lks_reader_destroy(reader);
    return st;
}

void text_close(text *t)
{
    lks_free(t->bytes);
    *t = (text){0};
}

void text_next(text *t)
{
    char *end;

    t->number++;
    if (*t->rest == '\0') {
        t->line = NULL;
        return;
    }
    t->line = t->rest;
    end = strchr(t->line, '\n');
    t->rest = end ? end + 1 : t->line + strlen(t->line);
    if (end)
        *end = '\0';
}

lks_status text_fail(const text *t, const char *format, ...)
{
    char why[256];
    va_list args;

    va_start(args, format);
    vsnprintf(why, sizeof why, format, args);
    va_end(args);
    return lks_fail(LKS_FORMAT, "%s, line %d: %s", t->path, t->number, why);
}

size_t text_left(const text *t)
{
    return strlen(t->rest);
}

char *word_of(char **rest)
{
    char *word = *rest + strspn(*rest, " ");
    char *end = word + strcspn(word, " ");

    *rest = *end ? end + 1 : end;
    *end = '\0';
    return word;
}

bool number_of(const char *word, double *out)
{
    char *end;

    *out = strtod(word, &end);
    return end != word && *end == '\0';
}

bool integer_of(const char *word, int64_t *out)
{
    char *end;

    *out = strtoll(word, &end, 10);
    return end != word && *end == '\0';
}
