#include "support/suite.h"

#include <math.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "worker/evaluation.h"

static int64_t counts[] = {
    2, 1, 0, /* correct */ 1, 1, 0, /* confusion */ 1, 1, 0, 0, 1, 0, 0, 0, 0};
static lks_tally tally = {
    .n_classes = 3, .samples = counts, .correct = counts + 3, .confusion = counts + 6};
static const lks_evaluation classes = {.n_samples = 3,
                                       .loss = 0.1,
                                       .tally = &tally,
                                       .has_accuracy = true,
                                       .accuracy = 2.0 / 3};

static const char *json_of(const lks_evaluated *what, const lks_evaluation *e)
{
    static char text[8192];
    lks_text out = {0};
    char *got;

    lks_evaluation_put_json(&out, what, e);
    ck_ok(lks_text_take(&out, &got));
    snprintf(text, sizeof text, "%s", got);
    lks_free(got);
    return text;
}

static const char *table_of(const lks_evaluation *e)
{
    static char text[8192];
    lks_text out = {0};
    char *got;

    lks_evaluation_put_table(&out, e);
    ck_ok(lks_text_take(&out, &got));
    snprintf(text, sizeof text, "%s", got);
    lks_free(got);
    return text;
}

START_TEST(a_classifiers_evaluation_is_an_object_of_its_classes)
{
    const lks_evaluated what = {
        .split = "test", .has_step = true, .step = 938, .epoch = 2};

    ck_assert_str_eq(
        json_of(&what, &classes),
        "{\n  \"split\": \"test\",\n  \"step\": 938,\n  \"epoch\": 2,\n"
        "  \"samples\": 3,\n  \"loss\": 0.1,\n  \"accuracy\": 0.6666666666666666,\n"
        "  \"classes\": [\n"
        "    {\"class\": 0, \"name\": null, \"samples\": 2, \"correct\": 1, "
        "\"accuracy\": 0.5},\n"
        "    {\"class\": 1, \"name\": null, \"samples\": 1, \"correct\": 1, "
        "\"accuracy\": 1},\n"
        "    {\"class\": 2, \"name\": null, \"samples\": 0, \"correct\": 0, "
        "\"accuracy\": null}\n  ],\n"
        "  \"confusion\": [\n    [1, 1, 0],\n    [0, 1, 0],\n    [0, 0, 0]\n  ]\n}\n");
}
END_TEST

START_TEST(values_have_errors_and_names_are_escaped)
{
    const lks_evaluated what = {.run = "a \"b\"\n", .split = "train"};
    lks_evaluation e = {.n_samples = 4,
                        .loss = 0.375,
                        .has_errors = true,
                        .absolute_error = 0.5,
                        .r2 = NAN};

    ck_assert_str_eq(json_of(&what, &e),
                     "{\n  \"run\": \"a \\u0022b\\u0022\\u000a\",\n"
                     "  \"split\": \"train\",\n  \"samples\": 4,\n  \"loss\": 0.375,\n"
                     "  \"mean_absolute_error\": 0.5,\n  \"r2\": null\n}\n");
    ck_assert_str_eq(table_of(&e), "mean absolute error 0.5000\n");
    e.r2 = 0.75;
    ck_assert_str_eq(table_of(&e), "mean absolute error 0.5000, R2 0.7500\n");
}
END_TEST

START_TEST(a_language_model_has_a_perplexity_and_no_classes)
{
    const lks_evaluation e = {.n_samples = 2,
                              .loss = 1.5,
                              .has_tokens = true,
                              .n_tokens = 128,
                              .perplexity = 4.5,
                              .has_accuracy = true,
                              .accuracy = 0.25};
    lks_text line = {0};
    char *text;

    ck_assert_str_eq(json_of(&(lks_evaluated){.split = "test"}, &e),
                     "{\n  \"split\": \"test\",\n  \"samples\": 2,\n"
                     "  \"loss\": 1.5,\n  \"perplexity\": 4.5,\n  \"tokens\": 128,\n"
                     "  \"accuracy\": 0.25\n}\n");
    ck_assert_str_eq(table_of(&e), "");
    lks_evaluation_put_line(&line, &e);
    ck_ok(lks_text_take(&line, &text));
    ck_assert_str_eq(text, "loss 1.5000, perplexity 4.5000, accuracy 25.00 %");
    lks_free(text);
}
END_TEST

START_TEST(the_table_has_a_line_for_each_class)
{
    static const char *names[] = {"T-shirt\x1b", "coat", "b\xc3\xa4g"};

    ck_assert_str_eq(table_of(&classes), "class    samples   accuracy\n"
                                         "0              2    50.00 %\n"
                                         "1              1   100.00 %\n"
                                         "2              0          -\n");
    tally.class_names = names;
    ck_assert_str_eq(table_of(&classes), "class       samples   accuracy\n"
                                         "T-shirt?          2    50.00 %\n"
                                         "coat              1   100.00 %\n"
                                         "b\xc3\xa4g               0          -\n");
    tally.class_names = NULL;
}
END_TEST

/* As a table in Latin-1 names them. */
START_TEST(names_that_are_not_utf8_leave_the_json_valid)
{
    static const char *names[] = {"caf\xe9", "th\xe9", "b\xc3\xa4g"};
    const char *json;

    tally.class_names = names;
    json = json_of(&(lks_evaluated){.run = "r\xfcn", .split = "test"}, &classes);
    ck_assert(lks_utf8_is_valid(json));
    ck_assert_ptr_nonnull(strstr(json, "\"run\": \"r?n\""));
    ck_assert_ptr_nonnull(strstr(json, "\"name\": \"caf?\""));
    ck_assert_ptr_nonnull(strstr(json, "\"name\": \"b\xc3\xa4g\""));
    tally.class_names = NULL;
}
END_TEST

START_TEST(of_many_classes_the_table_has_the_least_accurate)
{
    enum { N = 300 };
    static int64_t many[2 * N];
    lks_tally large = {.n_classes = N, .samples = many, .correct = many + N};
    const lks_evaluation e = {.tally = &large, .has_accuracy = true};

    for (int i = 0; i < N; i++) {
        many[i] = i == 0 ? 0 : 100; /* class 0 has no samples */
        many[N + i] = i == 0 ? 0 : 7 * i % 50 + 50;
    }
    ck_assert_str_eq(table_of(&e), "class    samples   accuracy\n"
                                   "50           100    50.00 %\n"
                                   "100          100    50.00 %\n"
                                   "150          100    50.00 %\n"
                                   "200          100    50.00 %\n"
                                   "250          100    50.00 %\n"
                                   "43           100    51.00 %\n"
                                   "93           100    51.00 %\n"
                                   "143          100    51.00 %\n"
                                   "193          100    51.00 %\n"
                                   "243          100    51.00 %\n"
                                   "(of 300 classes the 10 least accurate)\n");
    ck_assert_ptr_null(
        strstr(json_of(&(lks_evaluated){.split = "test"}, &e), "confusion"));
}
END_TEST

LKS_SUITE("evaluation", a_classifiers_evaluation_is_an_object_of_its_classes,
          values_have_errors_and_names_are_escaped,
          a_language_model_has_a_perplexity_and_no_classes,
          the_table_has_a_line_for_each_class,
          names_that_are_not_utf8_leave_the_json_valid,
          of_many_classes_the_table_has_the_least_accurate)
