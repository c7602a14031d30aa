/* "Did you mean …?": the known word that a mistyped one plainly stands for. */
#ifndef LKS_PROTO_NEAREST_H
#define LKS_PROTO_NEAREST_H

#include <stddef.h>

/* The word of words[0..n) that is at most two slips away (one in a word of less than six
 * letters, none in one of less than three), whatever its capitals, '_' and '-'. A slip is
 * a letter added, left out, changed, or swapped with its neighbour. Failing that, the
 * only word that begins with this one.
 *
 * NULL if there is none, and where the word may well be meant as it stands: where its
 * digits are others (conv3d), where it is a name of PyTorch's or its kind's that we do
 * not have (adamp, swish), or is nearer to such a name. */
const char *lks_nearest(const char *word, const char *const *words, size_t n);

enum { LKS_NEAREST_MAX = 4 };

/* The same into out, and where several words begin with this one, all of them that are
 * about as short as the shortest: how many there are. 0: none, or more than LKS_NEAREST_MAX. */
size_t lks_nearest_words(const char *word, const char *const *words, size_t n,
                         const char *out[LKS_NEAREST_MAX]);

#endif
