#include "daemon/cli/strings.h"

#include <stdarg.h>

#include "base/alloc.h"
#include "base/try.h"

static lks_status reserve_one(lks_strings *list)
{
    size_t capacity = list->capacity ? list->capacity * 2 : 16;
    char **items;

    if (list->n_items + 1 < list->capacity)
        return LKS_OK;
    items = lks_realloc(list->items, capacity, sizeof *items);
    if (!items)
        return LKS_NOMEM;
    list->items = items;
    list->capacity = capacity;
    return LKS_OK;
}

/* Takes over `text`, also on failure; NULL is an allocation that failed. */
static lks_status add_owned(lks_strings *list, char *text)
{
    if (!text || reserve_one(list) != LKS_OK) {
        lks_free(text);
        return LKS_NOMEM;
    }
    list->items[list->n_items++] = text;
    list->items[list->n_items] = NULL;
    return LKS_OK;
}

lks_status lks_strings_add(lks_strings *list, const char *text)
{
    return add_owned(list, lks_strdup(text));
}

lks_status lks_strings_addf(lks_strings *list, const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    text = lks_vasprintf(format, args);
    va_end(args);
    return add_owned(list, text);
}

lks_status lks_strings_add_all(lks_strings *list, const char *const *texts)
{
    for (; *texts; texts++)
        LKS_TRY(lks_strings_add(list, *texts));
    return LKS_OK;
}

void lks_strings_release(lks_strings *list)
{
    for (size_t i = 0; i < list->n_items; i++)
        lks_free(list->items[i]);
    lks_free(list->items);
    *list = (lks_strings){0};
}
