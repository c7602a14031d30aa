/* Sorting lines of elements of type DTYPE, which compute in T (reference/for_elements.h).
 */
#include "reference/sort_of.h"

typedef struct FOR(keyed) {
    T key;
    int64_t at; /* its place in the line */
} FOR(keyed);

/* The runs [first, middle) and [middle, last) of `from`, each in order, as one in `to`.
 */
static void FOR(merge)(const FOR(keyed) * from, int64_t first, int64_t middle,
                       int64_t last, bool descending, FOR(keyed) * to)
{
    int64_t a = first, b = middle;

    for (int64_t i = first; i < last; i++) {
        const bool takes_b =
            b < last &&
            (a == middle || FOR(sorts_before)(from[b].key, from[a].key, descending));

        to[i] = from[takes_b ? b++ : a++];
    }
}

/* The n in order, where they were or in `spare`. */
static FOR(keyed) *
    FOR(merge_all)(FOR(keyed) * some, FOR(keyed) * spare, int64_t n, bool descending)
{
    for (int64_t width = 1; width < n; width *= 2) {
        FOR(keyed) *const from = some;

        for (int64_t first = 0; first < n; first += 2 * width) {
            const int64_t middle = n - first < width ? n : first + width;
            const int64_t last = n - middle < width ? n : middle + width;

            FOR(merge)(from, first, middle, last, descending, spare);
        }
        some = spare;
        spare = from;
    }
    return some;
}

/* data: values, index, x */
static void FOR(sort_line)(int64_t n, char *const *data, const int64_t *strides,
                           const void *context)
{
    const sorting *s = context;
    FOR(keyed) *some = lks_malloc(2 * (size_t)n * sizeof *some), *sorted;

    if (!some) {
        atomic_store(s->failed, true);
        return;
    }
    for (int64_t i = 0; i < n; i++)
        some[i] = (FOR(keyed)){FOR(sort_load)(data[2] + i * strides[2]), i};
    sorted = FOR(merge_all)(some, some + n, n, s->descending);
    for (int64_t i = 0; i < n; i++) {
        *(FOR(lks_stored) *)(data[0] + i * strides[0]) =
            *(const FOR(lks_stored) *)(data[2] + sorted[i].at * strides[2]);
        *(int64_t *)(data[1] + i * strides[1]) = sorted[i].at;
    }
    lks_free(some);
}
