#include "text/bleu.h"

#include <stdbool.h>

#include "numerics.h"

static bool are_equal(const int64_t *a, const int64_t *b, size_t order)
{
    for (size_t i = 0; i < order; i++)
        if (a[i] != b[i] || a[i] < 0)
            return false;
    return true;
}

/* How often `gram` begins in text[0..n_begins). */
static size_t count(const int64_t *gram, size_t order, const int64_t *text,
                    size_t n_begins)
{
    size_t n = 0;

    for (size_t i = 0; i < n_begins; i++)
        n += are_equal(gram, text + i, order);
    return n;
}

static size_t n_grams_of(size_t n, size_t order)
{
    return n < order ? 0 : n - order + 1;
}

/* The first ones of a gram match, as many as the reference has. */
static size_t match(const int64_t *translation, size_t n, const int64_t *reference,
                    size_t n_reference, size_t order)
{
    const size_t there = n_grams_of(n_reference, order);
    size_t matched = 0;

    for (size_t i = 0; i < n_grams_of(n, order); i++) {
        const int64_t *gram = translation + i;

        matched +=
            count(gram, order, translation, i) < count(gram, order, reference, there);
    }
    return matched;
}

void lks_bleu_add(lks_bleu *self, const int64_t *translation, size_t n,
                  const int64_t *reference, size_t n_reference)
{
    self->n_tokens += n;
    self->n_reference += n_reference;
    for (size_t order = 1; order <= LKS_BLEU_ORDER; order++) {
        self->n_grams[order - 1] += n_grams_of(n, order);
        self->n_matched[order - 1] +=
            match(translation, n, reference, n_reference, order);
    }
}

void lks_bleu_merge(lks_bleu *self, const lks_bleu *other)
{
    self->n_tokens += other->n_tokens;
    self->n_reference += other->n_reference;
    for (int i = 0; i < LKS_BLEU_ORDER; i++) {
        self->n_grams[i] += other->n_grams[i];
        self->n_matched[i] += other->n_matched[i];
    }
}

double lks_bleu_brevity(const lks_bleu *self)
{
    if (self->n_tokens == 0)
        return self->n_reference > 0 ? 0 : 1;
    return self->n_tokens < self->n_reference
               ? lks_exp_f64(1 - (double)self->n_reference / (double)self->n_tokens)
               : 1;
}

double lks_bleu_score(const lks_bleu *self)
{
    double smoothed = 1, sum = 0;

    if (self->n_matched[0] == 0 || self->n_grams[LKS_BLEU_ORDER - 1] == 0)
        return 0; /* longer grams match only where shorter ones do, and are rarer */
    for (int i = 0; i < LKS_BLEU_ORDER; i++) {
        const double n = (double)self->n_grams[i];

        if (self->n_matched[i] == 0)
            smoothed *= 2;
        sum += lks_log_f64(self->n_matched[i] > 0 ? (double)self->n_matched[i] / n
                                                  : 1 / (smoothed * n));
    }
    return 100 * lks_bleu_brevity(self) * lks_exp_f64(sum / LKS_BLEU_ORDER);
}
