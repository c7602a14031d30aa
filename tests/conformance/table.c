#include "table.h"

#include <string.h>

/* One file in ops/ each. */
#define FAMILIES(X)                                                                      \
    X(pointwise)                                                                         \
    X(reductions)                                                                        \
    X(shapes)                                                                            \
    X(indexing)                                                                          \
    X(products)                                                                          \
    X(convolutions)                                                                      \
    X(pooling)                                                                           \
    X(padding)                                                                           \
    X(resampling)                                                                        \
    X(norms)                                                                             \
    X(activations)                                                                       \
    X(losses)                                                                            \
    X(modules)                                                                           \
    X(attention)                                                                         \
    X(recurrent)

#define DECLARE(name) extern const family name;
FAMILIES(DECLARE)

static const family *const families[] = {
#define ADDRESS(name) &name,
    FAMILIES(ADDRESS)};
enum { N_FAMILIES = sizeof families / sizeof *families };

const row *table_at(size_t i)
{
    for (int f = 0; f < N_FAMILIES; f++) {
        if (i < families[f]->n_rows)
            return &families[f]->rows[i];
        i -= families[f]->n_rows;
    }
    return NULL;
}

const row *table_find(const char *name)
{
    const row *r;

    for (size_t i = 0; (r = table_at(i)) != NULL; i++)
        if (strcmp(r->name, name) == 0)
            return r;
    return NULL;
}
