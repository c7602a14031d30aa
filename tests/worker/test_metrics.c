#include "support/suite.h"

#include <math.h>
#include <stdio.h>
#include <sys/resource.h>
#include <signal.h>
#include <unistd.h>

#include "base/alloc.h"
#include "support/temp_dir.h"
#include "worker/metrics.h"

static lks_run_dir dir;
static char path[128];

static void new_dir(void)
{
    temp_dir_make();
    dir = (lks_run_dir){.n_files = 0};
    snprintf(dir.path, sizeof dir.path, "%s", temp_dir);
    snprintf(path, sizeof path, "%s/metrics.jsonl", temp_dir);
}

static const char *content(void)
{
    static char text[65536];
    FILE *file = fopen(path, "r");
    const size_t n = file ? fread(text, 1, sizeof text - 1, file) : 0;

    if (file)
        fclose(file);
    text[n] = '\0';
    return text;
}

static const lks_step_metrics sample = {.step = 50,
                                        .epoch = 1,
                                        .samples = 3200,
                                        .loss = 0.1,
                                        .lr = 0.01,
                                        .grad_norm = 1.0 / 3,
                                        .samples_per_s = 41200,
                                        .time = 1700000000.25};

START_TEST(a_step_is_one_line_of_json)
{
    lks_metrics *metrics = NULL;

    new_dir();
    ck_ok(lks_metrics_create(&dir, &metrics));
    ck_ok(lks_metrics_step(metrics, &sample));
    lks_metrics_destroy(metrics);
    ck_assert_str_eq(content(),
                     "{\"step\":50,\"epoch\":1,\"samples\":3200,\"loss\":0.1,\"lr\":0.01,"
                     "\"grad_norm\":0.3333333333333333,\"samples_per_s\":41200,"
                     "\"time\":1700000000.25}\n");
    temp_dir_remove();
}
END_TEST

START_TEST(an_evaluation_names_its_split)
{
    lks_metrics *metrics = NULL;
    lks_evaluation_metrics values = {.step = 938,
                                     .epoch = 0,
                                     .split = "test",
                                     .loss = 0.5,
                                     .has_accuracy = true,
                                     .accuracy = 0.875,
                                     .samples = 10000,
                                     .time = 2};

    new_dir();
    ck_ok(lks_metrics_create(&dir, &metrics));
    ck_ok(lks_metrics_evaluation(metrics, &values));
    values.has_accuracy = false;
    ck_ok(lks_metrics_evaluation(metrics, &values));
    values.has_errors = true;
    values.absolute_error = 0.25;
    values.r2 = NAN;
    ck_ok(lks_metrics_evaluation(metrics, &values));
    lks_metrics_destroy(metrics);
    ck_assert_str_eq(
        content(), "{\"step\":938,\"epoch\":0,\"split\":\"test\",\"samples\":10000,"
                   "\"loss\":0.5,\"accuracy\":0.875,\"time\":2}\n"
                   "{\"step\":938,\"epoch\":0,\"split\":\"test\",\"samples\":10000,"
                   "\"loss\":0.5,\"time\":2}\n"
                   "{\"step\":938,\"epoch\":0,\"split\":\"test\",\"samples\":10000,"
                   "\"loss\":0.5,\"mean_absolute_error\":0.25,\"r2\":null,\"time\":2}\n");
    temp_dir_remove();
}
END_TEST

START_TEST(a_language_model_has_tokens_and_a_perplexity)
{
    lks_metrics *metrics = NULL;
    lks_step_metrics step = sample;

    new_dir();
    ck_ok(lks_metrics_create(&dir, &metrics));
    step.tokens_per_s = 5000;
    ck_ok(lks_metrics_step(metrics, &step));
    ck_ok(lks_metrics_evaluation(metrics, &(lks_evaluation_metrics){.step = 1,
                                                                    .split = "validation",
                                                                    .loss = 1.5,
                                                                    .has_accuracy = true,
                                                                    .accuracy = 0.25,
                                                                    .has_tokens = true,
                                                                    .n_tokens = 128,
                                                                    .perplexity = 4.5,
                                                                    .samples = 2,
                                                                    .time = 3}));
    lks_metrics_destroy(metrics);
    ck_assert_ptr_nonnull(
        strstr(content(), "\"samples_per_s\":41200,\"tokens_per_s\":5000,\"time\""));
    ck_assert_ptr_nonnull(strstr(content(),
                                 "\"samples\":2,\"loss\":1.5,\"perplexity\":4.5,"
                                 "\"tokens\":128,\"accuracy\":0.25,\"time\":3}\n"));
    temp_dir_remove();
}
END_TEST

START_TEST(numbers_read_back_as_the_same_doubles)
{
    static const double values[] = {0.1,     1.0 / 3, 1e-300, 5e-324, 123456789.123456789,
                                    2.2884f, 1.7e308, -0.0,   1e21};
    lks_metrics *metrics = NULL;

    new_dir();
    ck_ok(lks_metrics_create(&dir, &metrics));
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        lks_step_metrics m = sample;

        m.loss = values[i];
        ck_ok(lks_metrics_step(metrics, &m));
    }
    lks_metrics_destroy(metrics);
    const char *at = content();
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        double got;

        at = strstr(at, "\"loss\":") + strlen("\"loss\":");
        got = strtod(at, NULL);
        ck_assert_mem_eq(&got, &values[i], sizeof got);
    }
    temp_dir_remove();
}
END_TEST

START_TEST(what_is_not_finite_is_null)
{
    lks_metrics *metrics = NULL;
    lks_step_metrics m = sample;

    new_dir();
    ck_ok(lks_metrics_create(&dir, &metrics));
    m.grad_norm = INFINITY;
    m.samples_per_s = NAN;
    ck_ok(lks_metrics_step(metrics, &m));
    lks_metrics_destroy(metrics);
    ck_assert_ptr_nonnull(strstr(content(), "\"grad_norm\":null,\"samples_per_s\":null"));
    temp_dir_remove();
}
END_TEST

START_TEST(an_existing_file_is_not_touched)
{
    lks_metrics *metrics = NULL;
    FILE *file;

    new_dir();
    file = fopen(path, "w");
    fputs("of another run\n", file);
    fclose(file);
    ck_fails(lks_metrics_create(&dir, &metrics), LKS_INVALID, path);
    ck_assert_str_eq(content(), "of another run\n");
    temp_dir_remove();
    ck_fails(lks_metrics_create(&dir, &metrics), LKS_IO, "No such file");
}
END_TEST

/* A limit on the file's size stands for a full disk: the kernel writes what fits. */
START_TEST(on_a_full_disk_the_half_line_is_taken_back)
{
    lks_metrics *metrics = NULL;
    struct rlimit limit;
    size_t whole;

    new_dir();
    ck_ok(lks_metrics_create(&dir, &metrics));
    for (int i = 0; i < 20; i++) /* the limit holds for Check's own file, too */
        ck_ok(lks_metrics_step(metrics, &sample));
    whole = strlen(content());
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &limit);
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){whole + 20, limit.rlim_max});
    ck_fails(lks_metrics_step(metrics, &sample), LKS_IO, "File too large");
    setrlimit(RLIMIT_FSIZE, &limit);
    ck_assert_uint_eq(strlen(content()), whole);
    ck_ok(lks_metrics_step(metrics, &sample)); /* once there is room again */
    ck_assert_uint_eq(strlen(content()), whole / 20 * 21);
    lks_metrics_destroy(metrics);
    temp_dir_remove();
}
END_TEST

START_TEST(without_memory_there_is_no_file)
{
    lks_metrics *metrics = NULL;

    new_dir();
    for (long n = 0; n < 2; n++) {
        lks_alloc_fail_after(n);
        ck_assert_int_eq(lks_metrics_create(&dir, &metrics), LKS_NOMEM);
        lks_alloc_fail_after(-1);
        lks_error_clear();
        ck_assert_int_ne(access(path, F_OK), 0);
    }
    temp_dir_remove();
}
END_TEST

LKS_SUITE("metrics", a_step_is_one_line_of_json, an_evaluation_names_its_split,
          a_language_model_has_tokens_and_a_perplexity,
          numbers_read_back_as_the_same_doubles, what_is_not_finite_is_null,
          an_existing_file_is_not_touched, on_a_full_disk_the_half_line_is_taken_back,
          without_memory_there_is_no_file)
