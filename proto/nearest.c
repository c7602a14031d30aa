#include "proto/nearest.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* What slips cost. A letter changed costs a bit more than one that was added, left out or
 * swapped: it is more often another word. */
enum { SLIP = 4, CHANGE = 5, NEVER = 1000, MAX_WORD = 32 };

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

/* The only word that begins with this one; "loss" may be left out or added. NULL if none
 * or several do. */
static const char *only_longer(const bare_word *word, const char *const *words, size_t n)
{
    const char *found = NULL;

    for (size_t i = 0; i < n; i++) {
        bare_word known = bare(words[i]);
        bool begins = strncmp(known.text, word->text, word->length) == 0;
        bool is_with_loss = known.length > 0 && known.length + 4 == word->length &&
                            strncmp(known.text, word->text, known.length) == 0 &&
                            strcmp(word->text + known.length, "loss") == 0;

        if (!begins && !is_with_loss)
            continue;
        if (found)
            return NULL;
        found = words[i];
    }
    return found;
}

const char *lks_nearest(const char *word, const char *const *words, size_t n)
{
    const bare_word meant = bare(word);
    const char *nearest = NULL;
    int best = allowance(meant.length), foreign;

    if (best < 0)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        int slips = cost(&meant, words[i]);

        if (slips < best || (slips == best && !nearest)) {
            best = slips;
            nearest = words[i];
        }
    }
    foreign = cost_of_foreign(&meant);
    if (foreign == 0 && best > 0)
        return NULL;
    if (!nearest)
        return only_longer(&meant, words, n);
    return foreign < best ? NULL : nearest;
}
