/* What a job says of tables of text, of validation and of normalisation by the data. */
#include "support/suite.h"

#include <stdio.h>

#include "base/alloc.h"
#include "proto/job_yaml.h"

static const char table_job[] = "job: prices\n"
                                "data:\n"
                                "  format: csv\n"
                                "  train: [a.csv, b.csv.gz]\n"
                                "  test: c.csv\n"
                                "  validation: 0.25\n"
                                "  inputs: [age, \"no\"]\n"
                                "  target: price\n"
                                "  dtype: float32\n"
                                "  header: first_line\n"
                                "  delimiter: semicolon\n"
                                "  missing: mean\n"
                                "  normalize: true\n"
                                "model: [linear: {out_features: 1}]\n"
                                "loss: mse_loss\n"
                                "optimizer: sgd\n"
                                "train: {epochs: 3, batch_size: 64}\n";

static lks_status parse(const char *text, lks_job *out)
{
    return lks_job_parse(text, strlen(text), "j.yaml", NULL, 0, out);
}

/* The job with the first `from` replaced by `to`. */
static lks_status parse_with(const char *from, const char *to, lks_job *out)
{
    const char *at = strstr(table_job, from);
    char text[1024];

    ck_assert_ptr_nonnull(at);
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - table_job), table_job, to,
             at + strlen(from));
    return parse(text, out);
}

static void check_table_job(const lks_job *job)
{
    ck_assert_str_eq(job->data.format, "csv");
    ck_assert_uint_eq(job->data.train.n_files, 2);
    ck_assert_uint_eq(job->data.test.n_files, 1);
    ck_assert(job->data.validation == 0.25);
    ck_assert_uint_eq(job->data.inputs.n, 2);
    ck_assert_str_eq(job->data.inputs.names[1], "no");
    ck_assert_uint_eq(job->data.target.n, 1);
    ck_assert_str_eq(job->data.target.names[0], "price");
    ck_assert_str_eq(job->data.dtype, "float32");
    ck_assert_str_eq(job->data.header, "first_line");
    ck_assert_str_eq(job->data.delimiter, "semicolon");
    ck_assert_int_eq(job->data.missing.rule, LKS_JOB_MISSING_MEAN);
    ck_assert(job->data.standardise);
    ck_assert_uint_eq(job->data.n_channels, 0);
}

START_TEST(a_table_is_described_and_written_back)
{
    lks_job job, again;
    char *text, *twice;

    ck_ok(parse(table_job, &job));
    check_table_job(&job);
    ck_ok(lks_job_format(&job, &text));
    ck_assert_ptr_nonnull(strstr(text, "\n  normalize: true\n"));
    ck_assert_ptr_nonnull(strstr(text, "\n  inputs: [age, \"no\"]\n"));
    ck_ok(parse(text, &again));
    check_table_job(&again);
    ck_ok(lks_job_format(&again, &twice));
    ck_assert_str_eq(text, twice);
    lks_free(text);
    lks_free(twice);
    lks_job_release(&job);
    lks_job_release(&again);
}
END_TEST

START_TEST(what_is_not_said_is_not_written)
{
    lks_job job;
    char *text;

    ck_ok(parse(
        "job: a\ndata: {format: csv, train: a.csv, normalize: false}\nmodel: [relu]\n"
        "loss: mse_loss\noptimizer: sgd\ntrain: {epochs: 1, batch_size: 1}\n",
        &job));
    ck_ok(lks_job_format(&job, &text));
    for (const char *const *word =
             (const char *const[]){"validation", "inputs", "target", "dtype", "header",
                                   "delimiter", "missing", "normalize", NULL};
         *word; word++)
        ck_assert_msg(strstr(text, *word) == NULL, "%s", text);
    lks_free(text);
    lks_job_release(&job);
}
END_TEST

START_TEST(missing_values_are_filled_with_a_number)
{
    lks_job job;
    char *text;

    ck_ok(parse_with("missing: mean", "missing: -0.5", &job));
    ck_assert_int_eq(job.data.missing.rule, LKS_JOB_MISSING_NUMBER);
    ck_assert(job.data.missing.number == -0.5);
    ck_ok(lks_job_format(&job, &text));
    ck_assert_ptr_nonnull(strstr(text, "missing: -0.5\n"));
    lks_free(text);
    lks_job_release(&job);
}
END_TEST

START_TEST(normalize_is_true_or_numbers)
{
    lks_job job;

    ck_ok(parse_with("normalize: true", "normalize: {mean: [1, 2], std: [3, 4]}", &job));
    ck_assert(!job.data.standardise && job.data.n_channels == 2 && job.data.std[1] == 4);
    lks_job_release(&job);
    ck_fails(parse_with("normalize: true", "normalize: 5", &job), LKS_INVALID,
             "j.yaml:13:14: normalize is '5', it must be true or false");
}
END_TEST

START_TEST(mistakes_are_told)
{
    static const char *const list[][3] = {
        {"validation: 0.25", "validation: 1.5",
         "j.yaml:6:15: validation is 1.5, it must be a part below 1 or a whole number of "
         "samples"},
        {"validation: 0.25", "validation: 0",
         "j.yaml:6:15: validation is '0', it must be a number above 0"},
        {"format: csv", "format: cifar10",
         "j.yaml:7:3: inputs is of the format csv, not of cifar10"},
        {"missing: mean", "missing: median",
         "j.yaml:12:12: missing is 'median', it must be error, skip, mean or a number"},
        {"missing: mean", "missing: 1e39",
         "j.yaml:12:12: missing is '1e39', it must be a number that the inputs hold"},
        {"dtype: float32\n  header: first_line\n  delimiter: semicolon\n  missing: mean",
         "dtype: int64\n  missing: -1e20", "it must be a number that the inputs hold"},
        {"inputs: [age, \"no\"]", "inputs: [age, \"no\", age]",
         "j.yaml:7:23: inputs has 'age' twice"},
        {"target: price", "target: [a, a]", "target has 'a' twice"},
        {"delimiter: semicolon", "delimiter: \";\"",
         "delimiter is ';', it must be one of comma, semicolon, tab, space, bar"},
        {"inputs: [age, \"no\"]", "inputs: {age: 1}",
         "j.yaml:7:11: inputs is a map, it must be a name or a list of names"},
        {"inputs: [age, \"no\"]", "inputs: []", "it must be a name or a list of names"},
        {"dtype: float32", "dtype: float16",
         "dtype is 'float16', it must be one of float32, float64, int64"},
    };
    lks_job job;

    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        ck_fails(parse_with(list[i][0], list[i][1], &job), LKS_INVALID, list[i][2]);
}
END_TEST

START_TEST(transforms_are_a_list_of_items)
{
    lks_job job;
    char *text;

    ck_ok(parse_with("normalize: true",
                     "transforms: [random_crop: {size: 32, padding: 4}, "
                     "random_horizontal_flip, to_float, normalize: {mean: [0.5, 0.25], "
                     "std: 1}]",
                     &job));
    ck_assert_uint_eq(job.data.n_transforms, 4);
    ck_assert_str_eq(job.data.transforms[0].type, "random_crop");
    ck_ok(lks_job_format(&job, &text));
    ck_assert_msg(strstr(text, "\n  transforms:\n"
                               "    - random_crop: {size: 32, padding: 4, fill: 0.0}\n"
                               "    - random_horizontal_flip: {p: 0.5}\n"
                               "    - to_float: {divisor: 255.0}\n"
                               "    - normalize: {mean: [0.5, 0.25], std: 1.0}\n"
                               "  shuffle: true\n") != NULL,
                  "%s", text);
    lks_job_release(&job);
    ck_ok(parse(text, &job));
    ck_assert_uint_eq(job.data.n_transforms, 4);
    lks_job_release(&job);
    lks_free(text);
    ck_fails(parse_with("normalize: true", "transforms: [random_crop: {}]", &job),
             LKS_INVALID, "random_crop needs the option 'size'");
    ck_fails(parse_with("normalize: true", "transforms: [rotate]", &job), LKS_INVALID,
             "j.yaml:13:16: unknown transform 'rotate'; known are to_float, normalize, "
             "random_crop, random_horizontal_flip");
    ck_fails(parse_with("normalize: true",
                        "transforms: [random_horizontal_flip: {name: a}]", &job),
             LKS_INVALID, "random_horizontal_flip has no option 'name'; it has p");
    ck_fails(
        parse_with("normalize: true", "normalize: true\n  transforms: [to_float]", &job),
        LKS_INVALID,
        "j.yaml:14:3: transforms has to_float, so normalize belongs behind it in the "
        "list");
}
END_TEST

START_TEST(a_mean_may_be_zero)
{
    lks_job job;

    ck_ok(parse_with("normalize: true",
                     "transforms: [normalize: {mean: 0, std: 1}, "
                     "normalize: {mean: [0, 0, 0], std: [1, 2, 3]}]",
                     &job));
    ck_assert(job.data.transforms[0].options[0].values[0] == 0);
    ck_assert_int_eq(job.data.transforms[1].options[0].n_values, 3);
    lks_job_release(&job);
    ck_fails(parse_with("normalize: true",
                        "transforms: [normalize: {mean: 0, std: [1, 0]}]", &job),
             LKS_INVALID, "std is '0', it must be a number of at least 1e-30 or a list");
}
END_TEST

START_TEST(every_failed_allocation_is_reported)
{
    for (long n = 0;; n++) {
        lks_job job;
        lks_status st;

        lks_error_clear();
        lks_alloc_fail_after(n);
        st = parse(table_job, &job);
        lks_alloc_fail_after(-1);
        if (st == LKS_OK) {
            lks_job_release(&job);
            break;
        }
        ck_assert_int_eq(st, LKS_NOMEM);
    }
}
END_TEST

/* ---- text ---- */

static const char running[] = "job: t\n"
                              "data:\n"
                              "  format: text\n"
                              "  train: [a.txt]\n"
                              "  tokens: char\n"
                              "  sequence_length: 64\n"
                              "  vocabulary: {min_count: 2, max_size: 100}\n"
                              "model: [flatten]\n"
                              "loss: cross_entropy\n"
                              "optimizer: sgd\n"
                              "train: {epochs: 1, batch_size: 8}\n";

static lks_status parse_running_with(const char *from, const char *to, lks_job *out)
{
    char text[1024];
    const char *at = strstr(running, from);

    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - running), running, to,
             at + strlen(from));
    return lks_job_parse(text, strlen(text), "j.yaml", NULL, 0, out);
}

START_TEST(text_has_keys_of_its_own)
{
    lks_job job;

    ck_ok(parse_running_with("", "", &job));
    ck_assert_str_eq(job.data.tokens, "char");
    ck_assert_uint_eq(job.data.sequence_length, 64);
    ck_assert(job.data.min_count == 2 && job.data.max_size == 100);
    lks_job_release(&job);
    ck_ok(parse_running_with("format: text\n  train: [a.txt]\n  tokens: char\n"
                             "  sequence_length: 64",
                             "format: pairs\n  train: {source: a.de, target: a.en}\n"
                             "  max_length: 50\n  bucket: 100",
                             &job));
    ck_assert_str_eq(job.data.train.files[1], "a.en");
    ck_assert(job.data.max_length == 50 && job.data.bucket == 100 && !job.data.tokens);
    lks_job_release(&job);
}
END_TEST

START_TEST(mistakes_about_text_are_told)
{
    static const char *const list[][3] = {
        {"  sequence_length: 64\n", "",
         "j.yaml:3:3: the format text needs sequence_length"},
        {"sequence_length: 64", "sequence_length: 1", "j.yaml:6:20: sequence_length is "},
        {"tokens: char", "tokens: byte",
         "tokens is 'byte', it must be one of char, word"},
        {"format: text", "format: labelled",
         "j.yaml:6:3: sequence_length is of the format text, not of labelled"},
        {"sequence_length: 64", "sequence_length: 64\n  max_length: 3",
         "max_length is of the formats labelled, pairs, not of text"},
        {"sequence_length: 64", "sequence_length: 64\n  normalize: true",
         "j.yaml:7:3: normalize is not of text, whose inputs are tokens"},
        {"format: text", "format: pairs",
         "train is a list, it must be a map {source: FILE, target: FILE} (format pairs)"},
        {"min_count: 2", "min_count: 0", "min_count is "},
        {"max_size: 100", "size: 100", "unknown key 'size'"},
    };
    lks_job job;

    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        ck_fails(parse_running_with(list[i][0], list[i][1], &job), LKS_INVALID,
                 list[i][2]);
}
END_TEST

LKS_SUITE("job_tables", a_table_is_described_and_written_back,
          what_is_not_said_is_not_written, missing_values_are_filled_with_a_number,
          normalize_is_true_or_numbers, mistakes_are_told, transforms_are_a_list_of_items,
          a_mean_may_be_zero, every_failed_allocation_is_reported,
          text_has_keys_of_its_own, mistakes_about_text_are_told)
