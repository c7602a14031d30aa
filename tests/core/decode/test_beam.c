#include "support/suite.h"

#include "base/alloc.h"
#include "decode/beam.h"
#include "decode/sample.h"
#include "support/tabulated.h"

/* ---- everything there is ---- */

typedef struct everything {
    const tabulated *model;
    int64_t end, max_length;
    double penalty;
    lks_hypothesis
        best[8]; /* the best first; of equals what comes first in the alphabet */
    int n, n_best;
    int64_t tokens[8][TABULATED_LENGTH];
} everything;

static double penalised(double log_p, int64_t n, double penalty)
{
    return log_p / pow((5.0 + (double)n) / 6.0, penalty);
}

static void note(everything *all, const tabulated_row *row, double log_p)
{
    const int64_t n = row->n - 1;
    const double score = penalised(log_p, n, all->penalty);
    int at = all->n;

    while (at > 0 && all->best[at - 1].score < score)
        at--;
    if (at == all->n_best)
        return;
    if (all->n < all->n_best)
        all->n++;
    for (int i = all->n - 1; i > at; i--) {
        all->best[i] = all->best[i - 1];
        memcpy(all->tokens[i], all->tokens[i - 1], sizeof *all->tokens);
    }
    all->best[at] = (lks_hypothesis){.n_tokens = n, .log_p = log_p, .score = score};
    memcpy(all->tokens[at], row->tokens + 1, (size_t)n * sizeof(int64_t));
}

static void try_all(everything *all, const tabulated_row *row, double log_p)
{
    float next[TABULATED_TOKENS];

    tabulated_log_p(all->model, row, next);
    for (int64_t t = 0; t < all->model->n_tokens; t++) {
        tabulated_row longer = *row;

        longer.tokens[longer.n++] = t;
        if (t == all->end || longer.n - 1 == all->max_length)
            note(all, &longer, log_p + (double)next[t]);
        else
            try_all(all, &longer, log_p + (double)next[t]);
    }
}

/* ---- what a beam finds ---- */

enum { START = 1, END = 0 };

/* A model, and a question to it, by the number of a trial. */
typedef struct trial {
    tabulated model;
    int64_t end;
    lks_beam beam;
    lks_decode_start start;
} trial;

static trial make_trial(int number)
{
    static const double penalties[] = {0, 0.6, 1, 2.5};
    trial t = {
        .model = {.seed = (uint64_t)number,
                  .memory = 1 + number % 4,
                  .sharpness = number % 7,
                  .n_tokens = 2 + number % 4},
        .end = number % 5 == 0 ? LKS_NO_TOKEN : END,
        .beam = {.n_best = 1 + number % 6, .length_penalty = penalties[number / 2 % 4]},
        .start = {START, 1 + number % 5},
    };

    t.beam.width = 1;
    for (int64_t i = 0; i < t.start.max_length; i++)
        t.beam.width *= t.model.n_tokens;
    if (t.beam.n_best > t.beam.width)
        t.beam.n_best = t.beam.width;
    return t;
}

static lks_hypotheses search(trial *t, uint32_t sentence)
{
    const lks_decoder decoder = tabulated_begin(&t->model, sentence, 1);
    lks_hypotheses found;

    ck_ok(lks_beam_search(&decoder, &t->beam, &t->start, 1, t->end, &found));
    return found;
}

static lks_hypotheses greedy(trial *t, uint32_t sentence)
{
    const lks_decoder decoder = tabulated_begin(&t->model, sentence, 1);
    const lks_sampling how = {.top_p = 1};
    lks_hypotheses found;

    ck_ok(lks_sample(&decoder, &how, &t->start, 1, t->end, NULL, &found));
    return found;
}

static bool are_equal(const lks_hypothesis *x, const lks_hypothesis *y)
{
    return x->n_tokens == y->n_tokens && x->log_p == y->log_p &&
           memcmp(x->tokens, y->tokens, (size_t)x->n_tokens * sizeof *x->tokens) == 0;
}

/* Sentences differ in what the model says, not in what is asked. */
static void compare(const lks_hypotheses *found, everything *all)
{
    ck_assert_int_eq(found->n, all->n);
    for (int i = 0; i < all->n; i++) {
        all->best[i].tokens = all->tokens[i];
        ck_assert(are_equal(&found->items[i], &all->best[i]));
        ck_assert_double_eq_tol(found->items[i].score, all->best[i].score, 1e-12);
    }
}

START_TEST(a_beam_that_holds_all_finds_the_best_of_all_sequences)
{
    for (int number = 0; number < 240; number++) {
        trial t = make_trial(number);
        everything all = {.model = &t.model,
                          .end = t.end,
                          .max_length = t.start.max_length,
                          .penalty = t.beam.length_penalty,
                          .n_best = (int)t.beam.n_best};
        const tabulated_row row = {.n = 1, .tokens = {START}};
        lks_hypotheses found;

        if (t.model.sharpness == 0)
            continue; /* all are equal: see the ties */
        found = search(&t, 0);
        try_all(&all, &row, 0);
        compare(&found, &all);
        lks_hypotheses_release(&found);
        free(t.model.rows);
    }
}
END_TEST

START_TEST(no_beam_scores_below_greedy)
{
    int n_better = 0;

    for (int number = 0; number < 600; number++) {
        trial t = make_trial(number);
        lks_hypotheses found, alone;

        t.start.max_length = 12;
        t.beam.width = 1 + number % 5;
        t.beam.n_best = 1 + number % t.beam.width;
        found = search(&t, 3);
        alone = greedy(&t, 3);
        ck_assert_double_ge(found.items[0].score,
                            penalised(alone.items[0].log_p, alone.items[0].n_tokens,
                                      t.beam.length_penalty) -
                                1e-12);
        n_better += !are_equal(&found.items[0], &alone.items[0]);
        lks_hypotheses_release(&found);
        lks_hypotheses_release(&alone);
        free(t.model.rows);
    }
    ck_assert_int_gt(n_better, 50);
}
END_TEST

START_TEST(a_beam_of_one_without_a_penalty_is_greedy)
{
    for (int number = 0; number < 200; number++) {
        trial t = make_trial(number);
        lks_hypotheses found, alone;

        t.start.max_length = 12;
        t.beam = (lks_beam){.width = 1, .n_best = 1};
        found = search(&t, 1);
        alone = greedy(&t, 1);
        ck_assert(are_equal(&found.items[0], &alone.items[0]));
        lks_hypotheses_release(&found);
        lks_hypotheses_release(&alone);
        free(t.model.rows);
    }
}
END_TEST

START_TEST(the_n_best_are_distinct_and_sorted)
{
    for (int number = 0; number < 200; number++) {
        trial t = make_trial(number);
        lks_hypotheses found;

        t.start.max_length = 10;
        t.beam.width = t.beam.n_best = 6;
        found = search(&t, 2);
        ck_assert_int_ge(found.n, 1);
        for (size_t i = 1; i < found.n; i++) {
            ck_assert_double_le(found.items[i].score, found.items[i - 1].score);
            for (size_t k = 0; k < i; k++)
                ck_assert(!are_equal(&found.items[i], &found.items[k]));
        }
        lks_hypotheses_release(&found);
        free(t.model.rows);
    }
}
END_TEST

/* The textbook's search, which gives up nothing before max_length: the same results. */
START_TEST(what_is_given_up_early_would_not_have_been_kept)
{
    for (int number = 0; number < 200; number++) {
        trial t = make_trial(number), last;
        lks_hypotheses few, all;

        t.start.max_length = 12;
        t.model.sharpness += 3;
        t.beam.width = 4;
        last = t;
        t.beam.n_best = 1 + number % 3;
        last.beam.n_best = 4; /* so that more is carried on */
        few = search(&t, 5);
        all = search(&last, 5);
        ck_assert_int_le(t.model.n_steps, last.model.n_steps);
        ck_assert_int_le(few.n, all.n);
        for (size_t i = 0; i < few.n; i++)
            ck_assert(are_equal(&few.items[i], &all.items[i]));
        lks_hypotheses_release(&few);
        lks_hypotheses_release(&all);
        free(t.model.rows);
        free(last.model.rows);
    }
}
END_TEST

START_TEST(a_sentence_in_a_batch_is_that_sentence_alone)
{
    enum { N = 7 };

    for (int number = 0; number < 60; number++) {
        trial t = make_trial(number);
        lks_decode_start starts[N];
        lks_hypotheses found[N], alone;
        lks_decoder decoder = tabulated_begin(&t.model, 0, N);

        t.beam.width = 4;
        t.beam.n_best = 2;
        for (int i = 0; i < N; i++)
            starts[i] = (lks_decode_start){i % t.model.n_tokens, 1 + 3 * i % 11};
        ck_ok(lks_beam_search(&decoder, &t.beam, starts, N, t.end, found));
        ck_assert_int_le(t.model.most_rows, N * 5);
        for (int i = 0; i < N; i++) {
            t.start = starts[i];
            alone = search(&t, (uint32_t)i);
            ck_assert_int_eq(alone.n, found[i].n);
            for (size_t k = 0; k < alone.n; k++)
                ck_assert(are_equal(&alone.items[k], &found[i].items[k]));
            lks_hypotheses_release(&alone);
            lks_hypotheses_release(&found[i]);
        }
        free(t.model.rows);
    }
}
END_TEST

START_TEST(rows_that_have_ended_leave_the_batch)
{
    const lks_decode_start starts[] = {{START, 1}, {START, 9}, {START, 2}};
    const lks_beam beam = {.width = 3, .n_best = 3};
    tabulated model = {.seed = 4, .memory = 2, .sharpness = 1, .n_tokens = 5};
    const lks_decoder decoder = tabulated_begin(&model, 0, 3);
    lks_hypotheses found[3];

    ck_ok(lks_beam_search(&decoder, &beam, starts, 3, LKS_NO_TOKEN, found));
    ck_assert_int_eq(model.n_steps, 9);
    ck_assert_int_le(model.n_rows, 4);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(found[i].items[0].n_tokens, starts[i].max_length);
        lks_hypotheses_release(&found[i]);
    }
    free(model.rows);
}
END_TEST

/* All tokens are alike, so all sequences of a length are: those stand in the order of
 * their tokens. */
START_TEST(of_equals_the_smaller_tokens_go_first)
{
    static const int64_t expected[4][3] = {{0, 0, 0}, {0, 0, 1}, {0, 0, 2}, {0, 1, 0}};
    const lks_decode_start start = {START, 3};
    const lks_beam beam = {.width = 4, .n_best = 4};
    tabulated model = {.memory = 1, .n_tokens = 3};
    const lks_decoder decoder = tabulated_begin(&model, 0, 1);
    lks_hypotheses found;

    ck_ok(lks_beam_search(&decoder, &beam, &start, 1, LKS_NO_TOKEN, &found));
    ck_assert_int_eq(found.n, 4);
    for (int i = 0; i < 4; i++)
        ck_assert_mem_eq(found.items[i].tokens, expected[i], sizeof expected[i]);
    lks_hypotheses_release(&found);
    free(model.rows);
}
END_TEST

START_TEST(a_wrong_number_is_refused_in_one_line)
{
    const lks_decode_start start = {START, 3}, none = {START, 0};
    tabulated model = {.memory = 1, .n_tokens = 3};
    const lks_decoder decoder = tabulated_begin(&model, 0, 1);
    lks_beam beam = {.width = 0, .n_best = 1};
    lks_hypotheses found;

    ck_fails(lks_beam_search(&decoder, &beam, &start, 1, END, &found), LKS_INVALID,
             "a beam of width 0: give 1 to 65536");
    beam = (lks_beam){.width = 2, .n_best = 3};
    ck_fails(lks_beam_search(&decoder, &beam, &start, 1, END, &found), LKS_INVALID,
             "3 best of a beam of width 2: give 1 to 2");
    beam = (lks_beam){.width = 2, .n_best = 1, .length_penalty = -1};
    ck_fails(lks_beam_search(&decoder, &beam, &start, 1, END, &found), LKS_INVALID,
             "length penalty -1: give 0 or more");
    beam.length_penalty = 0;
    ck_fails(lks_beam_search(&decoder, &beam, &none, 1, END, &found), LKS_INVALID,
             "a length of 0 tokens: give 1 or more");
    free(model.rows);
}
END_TEST

START_TEST(what_is_no_probability_is_refused)
{
    const lks_decode_start start = {START, 5};
    const lks_beam beam = {.width = 2, .n_best = 1};
    tabulated model = {.memory = 1, .n_tokens = 3, .poison = NAN, .poison_at = 2};
    lks_decoder decoder = tabulated_begin(&model, 0, 1);
    lks_hypotheses found;

    ck_fails(lks_beam_search(&decoder, &beam, &start, 1, LKS_NO_TOKEN, &found),
             LKS_NUMERIC, "nan as the logarithm of a probability");
    decoder = tabulated_begin(&model, 0, 1);
    model.poison = 0.5f;
    ck_fails(lks_beam_search(&decoder, &beam, &start, 1, LKS_NO_TOKEN, &found),
             LKS_NUMERIC, "0.5 as the logarithm of a probability");
    decoder = tabulated_begin(&model, 0, 1);
    model.poison = -INFINITY; /* one token of three is never taken */
    ck_ok(lks_beam_search(&decoder, &beam, &start, 1, LKS_NO_TOKEN, &found));
    ck_assert_int_eq(found.items[0].n_tokens, 5);
    lks_hypotheses_release(&found);
    free(model.rows);
}
END_TEST

START_TEST(every_failed_allocation_is_told_and_leaks_nothing)
{
    const lks_decode_start starts[] = {{START, 3}, {START, 4}};
    const lks_beam beam = {.width = 3, .n_best = 2};
    tabulated model = {.memory = 1, .sharpness = 2, .n_tokens = 4};
    lks_hypotheses found[2];
    lks_status st;

    for (long n = 0;; n++) {
        const lks_decoder decoder = tabulated_begin(&model, 0, 2);

        lks_alloc_fail_after(n);
        st = lks_beam_search(&decoder, &beam, starts, 2, END, found);
        for (int i = 0; i < 2; i++)
            lks_hypotheses_release(&found[i]);
        if (!lks_alloc_has_failed())
            break;
        ck_assert_int_eq(st, LKS_NOMEM);
        lks_error_clear();
    }
    lks_alloc_fail_after(-1);
    ck_ok(st);
    free(model.rows);
}
END_TEST

LKS_SUITE("beam", a_beam_that_holds_all_finds_the_best_of_all_sequences,
          no_beam_scores_below_greedy, a_beam_of_one_without_a_penalty_is_greedy,
          the_n_best_are_distinct_and_sorted,
          what_is_given_up_early_would_not_have_been_kept,
          a_sentence_in_a_batch_is_that_sentence_alone,
          rows_that_have_ended_leave_the_batch, of_equals_the_smaller_tokens_go_first,
          a_wrong_number_is_refused_in_one_line, what_is_no_probability_is_refused,
          every_failed_allocation_is_told_and_leaks_nothing)
