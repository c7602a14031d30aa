#include "proto/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

static bool reserve(lks_text *text, size_t n)
{
    size_t capacity = text->capacity ? text->capacity : 256;
    char *grown;

    while (capacity < text->length + n)
        capacity *= 2;
    if (capacity == text->capacity)
        return true;
    if (!(grown = lks_realloc(text->data, capacity, 1)))
        return false;
    text->data = grown;
    text->capacity = capacity;
    return true;
}

void lks_text_add(lks_text *text, const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (text->failed || n < 0 || !reserve(text, (size_t)n + 1)) {
        text->failed = true;
        return;
    }
    va_start(args, format);
    vsnprintf(text->data + text->length, (size_t)n + 1, format, args);
    va_end(args);
    text->length += (size_t)n;
}

lks_status lks_text_take(lks_text *text, char **out)
{
    if (!text->data)
        lks_text_add(text, "%s", "");
    if (text->failed) {
        lks_text_release(text);
        return LKS_NOMEM;
    }
    *out = text->data;
    *text = (lks_text){0};
    return LKS_OK;
}

void lks_text_release(lks_text *text)
{
    lks_free(text->data);
    *text = (lks_text){0};
}

void lks_append(char *out, size_t size, const char *format, ...)
{
    size_t n = strlen(out);
    va_list args;

    va_start(args, format);
    vsnprintf(out + n, size - n, format, args);
    va_end(args);
}
