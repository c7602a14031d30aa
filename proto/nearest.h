/* "Did you mean …?": the known word nearest to a mistyped one. */
#ifndef LKS_PROTO_NEAREST_H
#define LKS_PROTO_NEAREST_H

#include <stddef.h>

/* The word of words[0..n) that is at most two slips away (one in a short word, none in
 * one of two letters), case aside; NULL if there is none. A slip is a letter added, left
 * out, changed, or swapped with its neighbour. Failing that, the first word that begins
 * with this one of three letters or more. */
const char *lks_nearest(const char *word, const char *const *words, size_t n);

#endif
