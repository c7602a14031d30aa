#include "proto/nearest.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { MAX_WORD = 32 };

static int differ(char a, char b)
{
    return tolower((unsigned char)a) != tolower((unsigned char)b);
}

static size_t min(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Optimal string alignment distance. d[i][j] is that of a's first i and b's first j
 * letters. source: Boytsov, "Indexing methods for approximate dictionary searching",
 * section 2.2 */
static size_t distance(const char *a, size_t n_a, const char *b, size_t n_b)
{
    size_t d[MAX_WORD + 1][MAX_WORD + 1];

    for (size_t i = 0; i <= n_a; i++)
        d[i][0] = i;
    for (size_t j = 0; j <= n_b; j++)
        d[0][j] = j;
    for (size_t i = 1; i <= n_a; i++)
        for (size_t j = 1; j <= n_b; j++) {
            size_t change = d[i - 1][j - 1] + (size_t)differ(a[i - 1], b[j - 1]);

            d[i][j] = min(change, min(d[i - 1][j], d[i][j - 1]) + 1);
            if (i > 1 && j > 1 && !differ(a[i - 1], b[j - 2]) &&
                !differ(a[i - 2], b[j - 1]))
                d[i][j] = min(d[i][j], d[i - 2][j - 2] + 1);
        }
    return d[n_a][n_b];
}

const char *lks_nearest(const char *word, const char *const *words, size_t n)
{
    size_t length = strlen(word);
    size_t best = min(2, length / 3) + 1;
    const char *nearest = NULL;

    if (length > MAX_WORD)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        size_t n_i = strlen(words[i]);
        size_t slips = n_i > MAX_WORD ? best : distance(word, length, words[i], n_i);

        if (slips < best) {
            best = slips;
            nearest = words[i];
        }
    }
    for (size_t i = 0; i < n && !nearest && length >= 3; i++)
        if (strncasecmp(word, words[i], length) == 0)
            nearest = words[i];
    return nearest;
}
