#include "base/option.h"

#include <string.h>

const lks_option *lks_option_find(lks_options options, const char *key)
{
    for (size_t i = 0; i < options.n_items; i++)
        if (strcmp(options.items[i].key, key) == 0)
            return &options.items[i];
    return NULL;
}

double lks_option_get(lks_options options, const char *key, double fallback)
{
    const lks_option *option = lks_option_find(options, key);
    return option && option->n_values > 0 ? option->values[0] : fallback;
}

void lks_option_get_n(lks_options options, const char *key, int n, double fallback,
                      double *out)
{
    const lks_option *option = lks_option_find(options, key);

    for (int i = 0; i < n; i++) {
        if (!option || option->n_values == 0)
            out[i] = fallback;
        else
            out[i] = option->values[option->n_values == n ? i : 0];
    }
}
