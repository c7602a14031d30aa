#include "support/suite.h"

#include "base/alloc.h"
#include "decode/sample.h"
#include "golden/sample.inc"
#include "support/tabulated.h"

/* ---- a model that always says the same ---- */

static lks_status say(void *self, const int64_t *tokens, int64_t n_rows, float *log_p)
{
    (void)tokens;
    for (int64_t i = 0; i < n_rows; i++)
        memcpy(log_p + i * GOLDEN_TOKENS, self, sizeof *golden_log_p);
    return LKS_OK;
}

static lks_status say_on(void *self, const int64_t *rows, int64_t n_rows)
{
    (void)self, (void)rows, (void)n_rows;
    return LKS_OK;
}

static const lks_decoder_ops saying = {say, say_on};

START_TEST(tokens_are_those_of_the_definition)
{
    for (size_t i = 0; i < sizeof golden / sizeof *golden; i++) {
        float log_p[GOLDEN_TOKENS];
        const lks_decoder decoder = {&saying, log_p, GOLDEN_TOKENS};
        const lks_decode_start start = {0, GOLDEN_LENGTH};
        const lks_sampling how = {.temperature = golden[i].temperature,
                                  .top_k = golden[i].top_k,
                                  .top_p = golden[i].top_p,
                                  .seed = golden[i].seed,
                                  .first_row = golden[i].row};
        lks_hypotheses out;

        memcpy(log_p, golden_log_p[golden[i].model], sizeof log_p);
        ck_ok(lks_sample(&decoder, &how, &start, 1, LKS_NO_TOKEN, NULL, &out));
        ck_assert_mem_eq(out.items[0].tokens, golden[i].tokens, sizeof golden[i].tokens);
        lks_hypotheses_release(&out);
    }
}
END_TEST

/* ---- models that remember ---- */

enum { START = 1, END = 0 };

typedef struct heard {
    int64_t tokens[8][TABULATED_LENGTH];
    int64_t n[8];
} heard;

static lks_status hear(void *context, size_t start, int64_t token)
{
    heard *self = context;

    self->tokens[start][self->n[start]++] = token;
    return LKS_OK;
}

START_TEST(a_row_in_a_batch_is_that_row_alone)
{
    enum { N = 8 };
    int n_short = 0;

    for (int seed = 0; seed < 50; seed++) {
        tabulated model = {.seed = 7, .memory = 3, .sharpness = 2, .n_tokens = 6};
        lks_sampling how = {.temperature = 1.2, .top_p = 1, .seed = seed};
        lks_decoder decoder = tabulated_begin(&model, 0, N);
        heard told = {0};
        const lks_token_sink sink = {hear, &told};
        lks_decode_start starts[N];
        lks_hypotheses out[N], alone;

        for (int i = 0; i < N; i++)
            starts[i] = (lks_decode_start){i % 6, 5 + i};
        ck_ok(lks_sample(&decoder, &how, starts, N, END, &sink, out));
        for (int i = 0; i < N; i++) {
            const lks_hypothesis *got = &out[i].items[0];

            how.first_row = (uint32_t)i;
            decoder = tabulated_begin(&model, (uint32_t)i, 1);
            ck_ok(lks_sample(&decoder, &how, &starts[i], 1, END, NULL, &alone));
            ck_assert_int_eq(alone.items[0].n_tokens, got->n_tokens);
            ck_assert_mem_eq(alone.items[0].tokens, got->tokens,
                             (size_t)got->n_tokens * sizeof *got->tokens);
            ck_assert_double_eq(alone.items[0].log_p, got->log_p);
            ck_assert_int_eq(told.n[i], got->n_tokens);
            ck_assert_mem_eq(told.tokens[i], got->tokens,
                             (size_t)got->n_tokens * sizeof *got->tokens);
            ck_assert(got->n_tokens == starts[i].max_length ||
                      got->tokens[got->n_tokens - 1] == END);
            n_short += got->n_tokens < starts[i].max_length;
            lks_hypotheses_release(&alone);
            lks_hypotheses_release(&out[i]);
        }
        free(model.rows);
    }
    ck_assert_int_gt(n_short, 50);
}
END_TEST

START_TEST(another_seed_draws_another_text)
{
    tabulated model = {.memory = 2, .sharpness = 1, .n_tokens = 9};
    const lks_decode_start start = {START, 30};
    lks_hypotheses out[2];

    for (int seed = 0; seed < 2; seed++) {
        const lks_sampling how = {.temperature = 1, .top_p = 1, .seed = seed};
        const lks_decoder decoder = tabulated_begin(&model, 0, 1);

        ck_ok(lks_sample(&decoder, &how, &start, 1, LKS_NO_TOKEN, NULL, &out[seed]));
        ck_assert_int_eq(out[seed].items[0].n_tokens, 30);
    }
    ck_assert_mem_ne(out[0].items[0].tokens, out[1].items[0].tokens,
                     30 * sizeof(int64_t));
    for (int seed = 0; seed < 2; seed++)
        lks_hypotheses_release(&out[seed]);
    free(model.rows);
}
END_TEST

START_TEST(a_prompt_is_fed_before_a_start)
{
    static const int64_t prompt[] = {4, 2, 3};
    tabulated model = {.memory = 4, .sharpness = 3, .n_tokens = 5};
    const lks_decode_start start = {1, 1};
    const lks_sampling how = {.top_p = 1};
    const lks_decoder decoder = tabulated_begin(&model, 0, 1);
    const tabulated_row row = {.n = 4, .tokens = {4, 2, 3, 1}};
    float log_p[TABULATED_TOKENS];
    lks_hypotheses out;

    ck_ok(lks_decoder_feed(&decoder, prompt, 3));
    ck_ok(lks_sample(&decoder, &how, &start, 1, LKS_NO_TOKEN, NULL, &out));
    tabulated_log_p(&model, &row, log_p);
    ck_assert_double_eq(out.items[0].log_p, (double)log_p[out.items[0].tokens[0]]);
    for (int i = 0; i < 5; i++)
        ck_assert_float_le(log_p[i], log_p[out.items[0].tokens[0]]);
    lks_hypotheses_release(&out);
    free(model.rows);
}
END_TEST

START_TEST(what_is_never_to_come_out_does_not)
{
    static const int64_t never[] = {0, 3};
    tabulated model = {.memory = 2, .sharpness = 1, .n_tokens = 4};
    const lks_decode_start start = {START, 30};
    const lks_sampling how = {.temperature = 1, .top_p = 1};
    lks_decoder decoder = tabulated_begin(&model, 0, 1);
    lks_hypotheses out;

    decoder.never = never;
    decoder.n_never = 2;
    ck_ok(lks_sample(&decoder, &how, &start, 1, END, NULL, &out));
    ck_assert_int_eq(out.items[0].n_tokens, 30);
    for (int i = 0; i < 30; i++)
        ck_assert(out.items[0].tokens[i] == 1 || out.items[0].tokens[i] == 2);
    lks_hypotheses_release(&out);
    free(model.rows);
}
END_TEST

static void refuses(lks_sampling how, const char *why)
{
    tabulated model = {.memory = 1, .n_tokens = 3};
    const lks_decoder decoder = tabulated_begin(&model, 0, 1);
    const lks_decode_start start = {START, 3};
    lks_hypotheses out;

    ck_fails(lks_sample(&decoder, &how, &start, 1, END, NULL, &out), LKS_INVALID, why);
    free(model.rows);
}

START_TEST(a_wrong_number_is_refused_in_one_line)
{
    refuses((lks_sampling){.temperature = -1, .top_p = 1},
            "temperature -1: give 0 or more");
    refuses((lks_sampling){.temperature = NAN, .top_p = 1}, "temperature nan");
    refuses((lks_sampling){.temperature = INFINITY, .top_p = 1}, "temperature inf");
    refuses((lks_sampling){.top_k = -2, .top_p = 1}, "top_k -2: give 1 or more");
    refuses((lks_sampling){.top_p = 0}, "top_p 0: give more than 0");
    refuses((lks_sampling){.top_p = 1.5}, "top_p 1.5");
    refuses((lks_sampling){.top_p = NAN}, "top_p nan");
}
END_TEST

START_TEST(a_model_that_gives_no_token_a_probability_is_refused)
{
    float log_p[GOLDEN_TOKENS];
    const lks_decoder decoder = {&saying, log_p, GOLDEN_TOKENS};
    const lks_decode_start start = {0, 2};
    lks_hypotheses out;

    for (int i = 0; i < GOLDEN_TOKENS; i++)
        log_p[i] = -INFINITY;
    for (int temperature = 0; temperature < 2; temperature++) {
        const lks_sampling how = {.temperature = temperature, .top_p = 1};

        ck_fails(lks_sample(&decoder, &how, &start, 1, LKS_NO_TOKEN, NULL, &out),
                 LKS_NUMERIC, "no token a probability");
        lks_hypotheses_release(&out);
    }
}
END_TEST

START_TEST(every_failed_allocation_is_told_and_leaks_nothing)
{
    const lks_decode_start starts[] = {{START, 3}, {START, 4}};
    const lks_sampling how = {.temperature = 1, .top_p = 1};
    tabulated model = {.memory = 1, .sharpness = 2, .n_tokens = 4};
    lks_hypotheses out[2];
    lks_status st;

    for (long n = 0;; n++) {
        const lks_decoder decoder = tabulated_begin(&model, 0, 2);

        lks_alloc_fail_after(n);
        st = lks_sample(&decoder, &how, starts, 2, LKS_NO_TOKEN, NULL, out);
        for (int i = 0; i < 2; i++)
            lks_hypotheses_release(&out[i]);
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

LKS_SUITE("sample", tokens_are_those_of_the_definition,
          a_row_in_a_batch_is_that_row_alone, another_seed_draws_another_text,
          a_prompt_is_fed_before_a_start, what_is_never_to_come_out_does_not,
          a_wrong_number_is_refused_in_one_line,
          a_model_that_gives_no_token_a_probability_is_refused,
          every_failed_allocation_is_told_and_leaks_nothing)
