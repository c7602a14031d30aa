#include "decode/ranking.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/alloc.h"

lks_status lks_ranking_init(lks_ranking *self, int64_t capacity)
{
    *self = (lks_ranking){.capacity = capacity};
    self->items = lks_calloc((size_t)capacity, sizeof *self->items);
    return self->items ? LKS_OK : LKS_NOMEM;
}

void lks_ranking_release(lks_ranking *self)
{
    lks_free(self->items);
    *self = (lks_ranking){0};
}

void lks_ranking_clear(lks_ranking *self)
{
    self->n = 0;
}

/* Below 0: x goes first. No two candidates have both row and token in common. */
static int compare(const void *x_, const void *y_)
{
    const lks_candidate *x = x_, *y = y_;

    if (x->log_p != y->log_p)
        return x->log_p > y->log_p ? -1 : 1;
    if (x->row != y->row)
        return x->row < y->row ? -1 : 1;
    return x->token < y->token ? -1 : 1;
}

static bool is_worse(const lks_candidate *x, const lks_candidate *y)
{
    return compare(x, y) > 0;
}

/* Put `candidate` at the place of the `at`-th or, while one is worse, above it. */
static void rise(lks_candidate *items, int64_t at, lks_candidate candidate)
{
    while (at > 0 && is_worse(&candidate, &items[(at - 1) / 2])) {
        items[at] = items[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    items[at] = candidate;
}

static void sink(lks_candidate *items, int64_t n, lks_candidate candidate)
{
    int64_t at = 0, child;

    while ((child = 2 * at + 1) < n) {
        if (child + 1 < n && is_worse(&items[child + 1], &items[child]))
            child++;
        if (!is_worse(&items[child], &candidate))
            break;
        items[at] = items[child];
        at = child;
    }
    items[at] = candidate;
}

void lks_ranking_offer(lks_ranking *self, lks_candidate candidate)
{
    if (self->n < self->capacity)
        rise(self->items, self->n++, candidate);
    else if (is_worse(&self->items[0], &candidate))
        sink(self->items, self->n, candidate);
}

void lks_ranking_sort(lks_ranking *self)
{
    qsort(self->items, (size_t)self->n, sizeof *self->items, compare);
}
