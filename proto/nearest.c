#include "proto/nearest.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* What slips cost. A letter changed costs a bit more than one that was added, left out or
 * swapped: it is more often another word. */
enum { SLIP = 4, CHANGE = 5, NEVER = 1000, MAX_WORD = 32, FEW_LETTERS = 2 };

/* A word as it is compared: small letters and digits, "MaxPool2d" and "max_pool2d" being
 * the same. */
typedef struct bare_word {
    char text[MAX_WORD + 1];
    size_t length; /* 0 also for one that is too long */
} bare_word;

static bare_word bare(const char *word)
{
    bare_word out = {.length = 0};

    for (; *word; word++) {
        if (!isalnum((unsigned char)*word))
            continue;
        if (out.length == MAX_WORD)
            return (bare_word){.length = 0};
        out.text[out.length++] = (char)tolower((unsigned char)*word);
    }
    out.text[out.length] = '\0';
    return out;
}

static int min(int a, int b)
{
    return a < b ? a : b;
}

/* Optimal string alignment distance. d[i][j] is that of a's first i and b's first j
 * letters. source: Boytsov, "Indexing methods for approximate dictionary searching",
 * section 2.2 */
static int distance(const bare_word *a, const bare_word *b)
{
    int d[MAX_WORD + 1][MAX_WORD + 1];
    const char *s = a->text, *t = b->text;

    for (size_t i = 0; i <= a->length; i++)
        d[i][0] = (int)i * SLIP;
    for (size_t j = 0; j <= b->length; j++)
        d[0][j] = (int)j * SLIP;
    for (size_t i = 1; i <= a->length; i++)
        for (size_t j = 1; j <= b->length; j++) {
            int change = d[i - 1][j - 1] + (s[i - 1] == t[j - 1] ? 0 : CHANGE);

            d[i][j] = min(change, min(d[i - 1][j], d[i][j - 1]) + SLIP);
            if (i > 1 && j > 1 && s[i - 1] == t[j - 2] && s[i - 2] == t[j - 1])
                d[i][j] = min(d[i][j], d[i - 2][j - 2] + SLIP);
        }
    return d[a->length][b->length];
}

static const char *next_digit(const char *text)
{
    while (*text && !isdigit((unsigned char)*text))
        text++;
    return text;
}

/* A number in a name means something: conv3d is no slip of conv2d. */
static bool digits_differ(const bare_word *a, const bare_word *b)
{
    const char *s = next_digit(a->text), *t = next_digit(b->text);

    for (; *s && *s == *t; s = next_digit(s + 1), t = next_digit(t + 1))
        ;
    return *s != *t;
}

/* What it costs to mean `known` by `word`; NEVER if that cannot be. */
static int cost(const bare_word *word, const char *known)
{
    bare_word other = bare(known);

    if (other.length == 0 || digits_differ(word, &other))
        return NEVER;
    return distance(word, &other);
}

/* One slip in a word of three letters, two in one of six. */
static int allowance(size_t length)
{
    return length < 3 ? -1 : length < 6 ? CHANGE : 2 * CHANGE;
}

/* What the nearest name costs that we do not have. */
static int cost_of_foreign(const bare_word *word)
{
    static const char *const foreign[] = {
#include "proto/nearest_foreign.def"
    };
    int least = NEVER;

    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
        least = min(least, cost(word, foreign[i]));
    return least;
}

/* "loss" may be left out or added. */
static bool begins(const bare_word *word, const bare_word *known)
{
    const bool has_loss_beside = known->length > 0 && known->length + 4 == word->length &&
                                 strncmp(known->text, word->text, known->length) == 0 &&
                                 strcmp(word->text + known->length, "loss") == 0;

    return strncmp(known->text, word->text, word->length) == 0 || has_loss_beside;
}

/* In the order of their letters, into a list of n of them. */
static void insert(const char *word, const char **list, size_t n)
{
    while (n > 0 && strcmp(word, list[n - 1]) < 0) {
        list[n] = list[n - 1];
        n--;
    }
    list[n] = word;
}

/* The words that begin with this one, the shortest and those little longer: conv1d and
 * conv2d of conv, which conv_transpose1d is far from. 0 if they are more than LKS_NEAREST_MAX. */
static size_t longer_words(const bare_word *word, const char *const *words, size_t n,
                           const char **out)
{
    size_t shortest = MAX_WORD, n_found = 0;

    for (size_t i = 0; i < n; i++) {
        const bare_word known = bare(words[i]);

        if (known.length > 0 && known.length < shortest && begins(word, &known))
            shortest = known.length;
    }
    for (size_t i = 0; i < n; i++) {
        const bare_word known = bare(words[i]);

        if (known.length > shortest + FEW_LETTERS || !begins(word, &known))
            continue;
        if (n_found == LKS_NEAREST_MAX)
            return 0;
        insert(words[i], out, n_found++);
    }
    return n_found;
}

size_t lks_nearest_words(const char *word, const char *const *words, size_t n,
                         const char *out[LKS_NEAREST_MAX])
{
    const bare_word meant = bare(word);
    const char *nearest = NULL;
    int best = allowance(meant.length), foreign;

    if (best < 0)
        return 0;
    for (size_t i = 0; i < n; i++) {
        int slips = cost(&meant, words[i]);

        if (slips < best || (slips == best && !nearest)) {
            best = slips;
            nearest = words[i];
        }
    }
    foreign = cost_of_foreign(&meant);
    if (foreign == 0 && best > 0)
        return 0;
    if (!nearest)
        return longer_words(&meant, words, n, out);
    out[0] = nearest;
    return foreign < best ? 0 : 1;
}

const char *lks_nearest(const char *word, const char *const *words, size_t n)
{
    const char *nearest[LKS_NEAREST_MAX];

    return lks_nearest_words(word, words, n, nearest) == 1 ? nearest[0] : NULL;
}
