#include "support/suite.h"

#include "golden/bleu.inc"
#include "text/bleu.h"

/* A sentence of golden_tokens: how many tokens, then these. */
static const int64_t *next_sentence(const int64_t **at, size_t *n)
{
    const int64_t *tokens = *at + 1;

    *n = (size_t) * *at;
    *at += 1 + *n;
    return tokens;
}

START_TEST(scores_and_counts_are_those_of_sacrebleu)
{
    const int64_t *at = golden_tokens;

    for (size_t i = 0; i < sizeof golden / sizeof *golden; i++) {
        lks_bleu bleu = {0};

        for (int k = 0; k < golden[i].n_sentences; k++) {
            size_t n, n_reference;
            const int64_t *translation = next_sentence(&at, &n);
            const int64_t *reference = next_sentence(&at, &n_reference);

            lks_bleu_add(&bleu, translation, n, reference, n_reference);
        }
        ck_assert_uint_eq(bleu.n_tokens, golden[i].n_tokens);
        ck_assert_uint_eq(bleu.n_reference, golden[i].n_reference);
        ck_assert_mem_eq(bleu.n_grams, golden[i].n_grams, sizeof bleu.n_grams);
        ck_assert_mem_eq(bleu.n_matched, golden[i].n_matched, sizeof bleu.n_matched);
        ck_assert_double_eq_tol(lks_bleu_score(&bleu), golden[i].score, 1e-11);
        ck_assert_double_eq_tol(lks_bleu_brevity(&bleu), golden[i].brevity, 1e-13);
    }
}
END_TEST

START_TEST(parts_of_a_corpus_add_up)
{
    static const int64_t a[] = {1, 2, 3, 4, 5, 6}, b[] = {1, 2, 3, 9, 5, 6, 7};
    lks_bleu whole = {0}, first = {0}, second = {0};

    lks_bleu_add(&whole, a, 6, b, 7);
    lks_bleu_add(&whole, b, 7, a, 6);
    lks_bleu_add(&first, a, 6, b, 7);
    lks_bleu_add(&second, b, 7, a, 6);
    lks_bleu_merge(&first, &second);
    ck_assert_mem_eq(&first, &whole, sizeof whole);
}
END_TEST

START_TEST(what_a_vocabulary_lacks_matches_nothing)
{
    static const int64_t a[] = {1, -1, 3, 4}, b[] = {1, -1, 3, 4};
    lks_bleu bleu = {0};

    lks_bleu_add(&bleu, a, 4, b, 4);
    ck_assert_uint_eq(bleu.n_matched[0], 3);
    ck_assert_uint_eq(bleu.n_matched[1], 1);
    ck_assert_uint_eq(bleu.n_matched[2], 0);
}
END_TEST

START_TEST(nothing_scores_0)
{
    const lks_bleu nothing = {0};

    ck_assert_double_eq(lks_bleu_score(&nothing), 0);
}
END_TEST

LKS_SUITE("bleu", scores_and_counts_are_those_of_sacrebleu, parts_of_a_corpus_add_up,
          what_a_vocabulary_lacks_matches_nothing, nothing_scores_0)
