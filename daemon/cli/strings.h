/* A growing list of strings, NULL-terminated as execv and libuv want argv and envp. The
 * list owns copies. */
#ifndef LKS_DAEMON_CLI_STRINGS_H
#define LKS_DAEMON_CLI_STRINGS_H

#include <stddef.h>

#include "base/status.h"

typedef struct lks_strings {
    char **items; /* NULL while empty; else n_items strings and a NULL */
    size_t n_items;
    size_t capacity;
} lks_strings;

lks_status lks_strings_add(lks_strings *list, const char *text);

/* printf into a new item. */
lks_status lks_strings_addf(lks_strings *list, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Several at once; the list of arguments ends in NULL. */
lks_status lks_strings_add_all(lks_strings *list, const char *const *texts);

void lks_strings_release(lks_strings *list);

#endif
