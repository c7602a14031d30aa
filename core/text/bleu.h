/* BLEU: how near translations come to references, by the n-grams, up to four tokens, that
 * they share. Counted sentence by sentence, in any parts, of tokens by their numbers. */
#ifndef LKS_TEXT_BLEU_H
#define LKS_TEXT_BLEU_H

#include <stddef.h>
#include <stdint.h>

enum { LKS_BLEU_ORDER = 4 };

/* What has been counted of a corpus; all zero is nothing. Whole numbers that add up, so
 * that it does not matter who has counted what. */
typedef struct lks_bleu {
    uint64_t n_tokens, n_reference;   /* in translations, in references */
    uint64_t n_grams[LKS_BLEU_ORDER]; /* of 1, 2 … tokens, in translations */
    uint64_t
        n_matched[LKS_BLEU_ORDER]; /* of these, each as often as its reference has it */
} lks_bleu;

/* Count a translation[n] and its reference[n_reference]. A number below 0 is equal to no
 * other: so are the words of a reference that its vocabulary lacks, which no translation
 * can have. */
void lks_bleu_add(lks_bleu *bleu, const int64_t *translation, size_t n,
                  const int64_t *reference, size_t n_reference);

/* And what somebody else has counted. */
void lks_bleu_merge(lks_bleu *bleu, const lks_bleu *other);

/* From 0 to 100, of the whole corpus: the brevity penalty times the geometric mean of the
 * four precisions; the k-th of these that is 0 counts as 1 / (2^k n_grams), and 0 it is
 * where nothing matches, or where no translation has four tokens.
 *   source  Papineni, Roukos, Ward & Zhu 2002; smoothing: Chen & Cherry 2014, method 3;
 *           the same as sacrebleu's (Post 2018) with tokenize none and its defaults */
double lks_bleu_score(const lks_bleu *bleu);

/* e^(1 - n_reference / n_tokens) of translations that are shorter, else 1. */
double lks_bleu_brevity(const lks_bleu *bleu);

#endif
