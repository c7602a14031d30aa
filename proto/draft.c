#include "proto/draft.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

static bool reserve(lks_draft *draft, size_t n)
{
    size_t capacity = draft->capacity ? draft->capacity : 256;
    char *grown;

    while (capacity < draft->length + n)
        capacity *= 2;
    if (capacity == draft->capacity)
        return true;
    if (!(grown = lks_realloc(draft->data, capacity, 1)))
        return false;
    draft->data = grown;
    draft->capacity = capacity;
    return true;
}

void lks_draft_add(lks_draft *draft, const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (draft->failed || n < 0 || !reserve(draft, (size_t)n + 1)) {
        draft->failed = true;
        return;
    }
    va_start(args, format);
    vsnprintf(draft->data + draft->length, (size_t)n + 1, format, args);
    va_end(args);
    draft->length += (size_t)n;
}

lks_status lks_draft_take(lks_draft *draft, char **out)
{
    if (!draft->data)
        lks_draft_add(draft, "%s", "");
    if (draft->failed) {
        lks_draft_release(draft);
        return LKS_NOMEM;
    }
    *out = draft->data;
    *draft = (lks_draft){0};
    return LKS_OK;
}

void lks_draft_release(lks_draft *draft)
{
    lks_free(draft->data);
    *draft = (lks_draft){0};
}

void lks_append(char *out, size_t size, const char *format, ...)
{
    size_t n = strlen(out);
    va_list args;

    va_start(args, format);
    vsnprintf(out + n, size - n, format, args);
    va_end(args);
}
