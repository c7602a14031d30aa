/* Texts as datasets: running, labelled, in pairs. */
#include "support/suite.h"

#include <stdio.h>
#include <unistd.h>
#include <zlib.h>

#include "base/alloc.h"
#include "data/dataset.h"
#include "data/running.h"
#include "data/vocabularies.h"
#include "support/temp_dir.h"

static void put_text(const char *name, const char *text)
{
    file_put(temp_path(name), text, strlen(text));
}

static lks_dataset_source source_of(const char *format, const lks_text_options *options)
{
    lks_dataset_source source = {.format = format,
                                 .root = temp_dir,
                                 .n_files = 1,
                                 .files = {"a.txt"},
                                 .text = *options};

    if (strcmp(format, "pairs") == 0) {
        source.n_files = 2;
        source.files[1] = "b.txt";
    }
    return source;
}

static lks_status open_like(const char *format, const lks_text_options *options,
                            const lks_dataset *like, lks_dataset **out)
{
    const lks_table table = like ? lks_dataset_table(like) : (lks_table){0};
    lks_dataset_source source = source_of(format, options);

    source.like = like ? &table : NULL;
    return lks_dataset_open(&source, out);
}

static lks_status open_as(const char *format, const lks_text_options *options,
                          lks_dataset **out)
{
    return open_like(format, options, NULL, out);
}

/* "3 4 5": a field of a sample, as its tokens' numbers. */
static const char *numbers_in(const lks_dataset *dataset, uint64_t index,
                              const char *field)
{
    static char out[2048];
    int64_t values[3][256];
    lks_field_place places[] = {{values[0]}, {values[1]}, {values[2]}};
    const int f = lks_dataset_find(dataset, field);
    size_t n = 0;

    out[0] = '\0';
    ck_ok(lks_dataset_get(dataset, index, places));
    if (lks_dataset_field(dataset, f)->n_dims == 0)
        places[f].length = 1;
    for (int64_t i = 0; i < places[f].length; i++)
        n += (size_t)snprintf(out + n, sizeof out - n, "%s%lld", i ? " " : "",
                              (long long)values[f][i]);
    return out;
}

/* The text of a field of a sample, by vocabulary `side`. */
static const char *text_in(const lks_dataset *dataset, uint64_t index, const char *field,
                           int side)
{
    static char out[2048];
    int64_t values[3][256];
    lks_field_place places[] = {{values[0]}, {values[1]}, {values[2]}};
    const int f = lks_dataset_find(dataset, field);
    lks_text text = {0};
    char *made;

    ck_ok(lks_dataset_get(dataset, index, places));
    lks_vocab_put(lks_dataset_table(dataset).vocabs[side], values[f],
                  (size_t)places[f].length, true, &text);
    ck_ok(lks_text_take(&text, &made));
    snprintf(out, sizeof out, "%s", made);
    lks_free(made);
    return out;
}

static const lks_text_options chars = {.sequence_length = 4, .n_streams = 2},
                              words = {.tokens = LKS_TOKENS_WORD,
                                       .sequence_length = 3,
                                       .n_streams = 2};

/* ---- running text ---- */

START_TEST(a_text_is_streams_of_windows_whose_targets_are_the_next_tokens)
{
    lks_dataset *dataset;

    temp_dir_make();
    put_text("a.txt", "abcdefghijklmnopqrstuvwxyz"); /* streams a-m and n-z */
    ck_ok(open_as("text", &chars, &dataset));
    ck_assert_uint_eq(lks_dataset_n_streams(dataset), 2);
    ck_assert_uint_eq(lks_dataset_n_samples(dataset), 6);
    ck_assert_str_eq(text_in(dataset, 0, "inputs", 0), "abcd");
    ck_assert_str_eq(text_in(dataset, 0, "targets", 0), "bcde");
    ck_assert_str_eq(text_in(dataset, 1, "inputs", 0), "nopq");
    ck_assert_str_eq(text_in(dataset, 2, "inputs", 0), "efgh");
    ck_assert_str_eq(text_in(dataset, 4, "targets", 0), "jklm");
    ck_assert_str_eq(text_in(dataset, 5, "targets", 0), "wxyz");
    ck_assert_int_eq(lks_dataset_field(dataset, 0)->n_tokens, 26);
    ck_assert_int_eq(lks_dataset_field(dataset, 0)->sizes[0], 4);
    ck_assert_uint_eq(lks_running_n_tokens(dataset), 26);
    lks_dataset_destroy(dataset);
    temp_dir_remove();
}
END_TEST

/* All targets in order of the text, stream by stream. */
static void check_all_are_predicted_once(const lks_dataset *dataset, uint64_t n_tokens,
                                         int64_t length)
{
    const uint64_t n_streams = lks_dataset_n_streams(dataset);
    const uint64_t n_windows = lks_dataset_n_samples(dataset) / n_streams;

    for (uint64_t b = 0; b < n_streams; b++) {
        uint64_t at = b * n_tokens / n_streams;

        for (uint64_t w = 0; w < n_windows; w++) {
            int64_t inputs[64], targets[64];
            lks_field_place places[] = {{inputs}, {targets}};

            ck_ok(lks_dataset_get(dataset, w * n_streams + b, places));
            ck_assert_int_eq(places[0].length, places[1].length);
            ck_assert(places[0].length >= 1 && places[0].length <= length);
            ck_assert_int_eq(lks_dataset_length(dataset, w * n_streams + b),
                             places[0].length);
            for (int64_t i = 0; i < places[0].length; i++, at++) {
                ck_assert_int_eq(inputs[i], (int64_t)at); /* as the text is made */
                ck_assert_int_eq(targets[i], (int64_t)at + 1);
            }
        }
        ck_assert_uint_eq(at + 1, (b + 1) * n_tokens / n_streams);
    }
}

START_TEST(every_token_but_each_streams_first_is_a_target_once)
{
    char text[128];

    temp_dir_make();
    for (int i = 0; i < 100; i++)
        text[i] = (char)(i + 1); /* each character once, so in the order of their bytes */
    for (size_t n = 30; n <= 100; n++)
        for (uint64_t s = 1; s <= 5; s++)
            for (int64_t length = 2; length <= 5; length++) {
                const lks_text_options options = {.sequence_length = length,
                                                  .n_streams = s};
                lks_dataset *dataset;

                file_put(temp_path("a.txt"), text, n);
                ck_ok(open_as("text", &options, &dataset));
                check_all_are_predicted_once(dataset, n, length);
                lks_dataset_destroy(dataset);
            }
    temp_dir_remove();
}
END_TEST

START_TEST(characters_of_several_bytes_are_read_like_others)
{
    const lks_text_options options = {.sequence_length = 3, .n_streams = 1};
    lks_dataset *dataset;

    temp_dir_make();
    put_text("a.txt", "größe\r\n世界𝄞");
    ck_ok(open_as("text", &options, &dataset));
    ck_assert_uint_eq(lks_running_n_tokens(dataset), 10);
    ck_assert_str_eq(text_in(dataset, 0, "inputs", 0), "grö");
    ck_assert_str_eq(text_in(dataset, 0, "targets", 0), "röß");
    ck_assert_str_eq(text_in(dataset, 1, "inputs", 0), "ße\r");
    ck_assert_str_eq(text_in(dataset, 2, "targets", 0), "世界𝄞");
    lks_dataset_destroy(dataset);
    temp_dir_remove();
}
END_TEST

START_TEST(words_have_an_end_of_each_line_and_files_follow_one_another)
{
    lks_text_options options = words;
    lks_dataset_source source;
    lks_dataset *dataset;

    temp_dir_make();
    put_text("a.txt", "the cat sat\r\nthe mat");
    put_text("b.txt", "the end\n");
    options.n_streams = 1;
    source = source_of("text", &options);
    source.n_files = 2;
    source.files[1] = "b.txt";
    ck_ok(lks_dataset_open(&source, &dataset));
    ck_assert_uint_eq(lks_running_n_tokens(dataset), 10);
    ck_assert_uint_eq(lks_dataset_n_samples(dataset), 3);
    ck_assert_str_eq(text_in(dataset, 0, "inputs", 0), "the cat sat");
    ck_assert_str_eq(text_in(dataset, 0, "targets", 0), "cat sat\n");
    ck_assert_str_eq(text_in(dataset, 2, "inputs", 0), "\nthe end");
    ck_assert_str_eq(text_in(dataset, 2, "targets", 0), "the end\n");
    ck_assert_str_eq(lks_dataset_origin(dataset, 0, 0, NULL), temp_path("a.txt"));
    lks_dataset_destroy(dataset);
    temp_dir_remove();
}
END_TEST

START_TEST(other_text_is_read_by_the_vocabulary_and_in_fewer_streams_if_it_is_short)
{
    lks_text_options options = {.sequence_length = 4, .n_streams = 4};
    lks_dataset *train, *test;

    temp_dir_make();
    put_text("a.txt", "aaaabbbccd aaaabbbccd aaaabbbccd");
    ck_ok(open_as("text", &options, &train));
    put_text("a.txt", "dcba dcba dcb");
    ck_ok(open_like("text", &options, train, &test));
    ck_assert_uint_eq(lks_dataset_n_streams(test), 2);
    ck_assert_str_eq(numbers_in(test, 0, "inputs"), "3 2 1 0");
    lks_dataset_destroy(test);
    put_text("a.txt", "dcb");
    ck_ok(open_like("text", &options, train, &test));
    ck_assert_uint_eq(lks_dataset_n_samples(test), 1);
    ck_assert_str_eq(numbers_in(test, 0, "targets"), "2 1");
    lks_dataset_destroy(test);
    put_text("a.txt", "dcb\nEcba");
    ck_fails(open_like("text", &options, train, &test), LKS_FORMAT,
             "a.txt, line 1: the character");
    put_text("a.txt", "dcba dcbaE");
    ck_fails(
        open_like("text", &options, train, &test), LKS_FORMAT,
        "the character 'E' at offset 9 is not in the vocabulary, which has no <unk>");
    lks_dataset_destroy(train);
    temp_dir_remove();
}
END_TEST

START_TEST(the_end_of_a_text_is_held_out)
{
    lks_dataset *all, *rest, *held_out;

    temp_dir_make();
    put_text("a.txt", "abcdefghijklmnopqrstuvwxyz");
    ck_ok(open_as("text", &chars, &all));
    ck_ok(lks_running_split(all, 6, &rest, &held_out));
    ck_assert_uint_eq(lks_running_n_tokens(rest), 20);
    ck_assert_uint_eq(lks_dataset_n_streams(rest), 2);
    ck_assert_str_eq(text_in(rest, 1, "inputs", 0), "klmn");
    ck_assert_uint_eq(lks_dataset_n_streams(held_out), 1);
    ck_assert_str_eq(text_in(held_out, 0, "inputs", 0), "uvwx");
    ck_assert_str_eq(text_in(held_out, 1, "targets", 0), "z");
    ck_assert_uint_ne(lks_dataset_fingerprint(rest), lks_dataset_fingerprint(all));
    lks_dataset_destroy(rest);
    lks_dataset_destroy(held_out);
    ck_fails(lks_running_split(all, 1, &rest, &held_out), LKS_INVALID,
             "1 tokens of 26 cannot be held out");
    ck_fails(lks_running_split(all, 26, &rest, &held_out), LKS_INVALID, "held out");
    ck_fails(lks_running_split(all, 20, &rest, &held_out), LKS_INVALID,
             "6 tokens in 2 streams are 3 each, and sequence_length 4 needs 5");
    lks_dataset_destroy(all);
    temp_dir_remove();
}
END_TEST

START_TEST(a_text_that_cannot_be_read_is_refused)
{
    lks_text_options options = chars;
    lks_dataset *dataset;

    temp_dir_make();
    put_text("a.txt", "");
    ck_fails(open_as("text", &chars, &dataset), LKS_FORMAT, "a.txt: the file is empty");
    put_text("a.txt", "abcdef\nabc\xff"
                      "defghijklmnop");
    ck_fails(open_as("text", &chars, &dataset), LKS_FORMAT,
             "a.txt, line 2: byte 0xff at offset 10 is not UTF-8");
    put_text("a.txt", "abcdefgh");
    ck_fails(open_as("text", &chars, &dataset), LKS_INVALID,
             "a.txt: 8 tokens in 2 streams are 4 each, and sequence_length 4 needs 5");
    put_text("a.txt", "  \n \n");
    ck_fails(open_as("text", &words, &dataset), LKS_FORMAT, "the text has no tokens");
    options.sequence_length = 1;
    ck_fails(open_as("text", &options, &dataset), LKS_INVALID, "sequence_length of 1");
    options.sequence_length = 4;
    options.max_size = 1;
    put_text("a.txt", "abcdefghijk");
    ck_fails(open_as("text", &options, &dataset), LKS_INVALID, "max_size is 1");
    temp_dir_remove();
}
END_TEST

START_TEST(a_compressed_text_is_the_same)
{
    const char *text = "abcdefghijklmnopqrstuvwxyz";
    lks_dataset_source source = source_of("text", &chars);
    lks_dataset *plain, *packed;
    gzFile file;

    temp_dir_make();
    put_text("a.txt", text);
    ck_ok(lks_dataset_open(&source, &plain));
    file = gzopen(temp_path("a.txt.gz"), "wb");
    ck_assert_int_eq(gzwrite(file, text, (unsigned)strlen(text)), (int)strlen(text));
    ck_assert_int_eq(gzclose(file), Z_OK);
    source.files[0] = "a.txt.gz";
    ck_ok(lks_dataset_open(&source, &packed));
    ck_assert_uint_eq(lks_dataset_fingerprint(plain), lks_dataset_fingerprint(packed));
    ck_assert_str_eq(text_in(packed, 3, "targets", 0), "stuv");
    lks_dataset_destroy(plain);
    lks_dataset_destroy(packed);
    temp_dir_remove();
}
END_TEST

/* ---- vocabularies in parts ---- */

/* Counted in n parts by the functions that ranks use. */
static uint64_t hash_in_parts(const lks_dataset_source *source, uint64_t n_parts,
                              int side)
{
    lks_token_counts *all[2], *part[2];
    const int n = lks_dataset_n_vocabs(source);
    lks_vocab *vocab;
    uint64_t hash;

    ck_ok(lks_dataset_count_tokens(source, 0, n_parts, all));
    for (uint64_t i = 1; i < n_parts; i++) {
        ck_ok(lks_dataset_count_tokens(source, i, n_parts, part));
        for (int k = 0; k < n; k++) {
            void *bytes;
            size_t n_bytes;

            ck_ok(lks_token_counts_save(part[k], &bytes, &n_bytes));
            ck_ok(lks_token_counts_merge(all[k], bytes, n_bytes));
            lks_free(bytes);
            lks_token_counts_destroy(part[k]);
        }
    }
    ck_ok(lks_dataset_make_vocab(source, all[side], &vocab));
    hash = lks_vocab_hash(vocab);
    lks_vocab_unref(vocab);
    for (int k = 0; k < n; k++)
        lks_token_counts_destroy(all[k]);
    return hash;
}

START_TEST(vocabularies_of_files_do_not_depend_on_the_number_of_parts)
{
    static const char *const formats[] = {"text", "labelled", "pairs"};
    static const uint64_t n_parts[] = {1, 2, 3, 5, 100};

    temp_dir_make();
    put_text("a.txt", "Müller\tde\r\nO'Brien du lac\ten\nŁuczak\tpl\nSmith\ten");
    put_text("b.txt", "eine Zeile\nnoch eine\nund eine dritte\n世界\n");
    for (int f = 0; f < 3; f++)
        for (lks_token_kind kind = LKS_TOKENS_CHAR; kind <= LKS_TOKENS_WORD; kind++) {
            const lks_text_options options = {
                .tokens = kind, .sequence_length = 2, .n_streams = 1};
            lks_dataset_source source = source_of(formats[f], &options);
            lks_dataset *dataset;

            source.n_files = 2;
            source.files[1] = f == 1 ? "a.txt" : "b.txt";
            ck_ok(lks_dataset_open(&source, &dataset));
            for (int side = 0; side < lks_dataset_n_vocabs(&source); side++)
                for (size_t i = 0; i < sizeof n_parts / sizeof *n_parts; i++)
                    ck_assert_uint_eq(
                        hash_in_parts(&source, n_parts[i], side),
                        lks_vocab_hash(lks_dataset_table(dataset).vocabs[side]));
            lks_dataset_destroy(dataset);
        }
    temp_dir_remove();
}
END_TEST

/* ---- labelled ---- */

static const lks_text_options letters = {0};

START_TEST(labelled_lines_are_texts_and_classes_with_names)
{
    lks_dataset *dataset;

    temp_dir_make();
    put_text("a.txt", "anna\tfi\r\nbob a\ten\nan\tde");
    ck_ok(open_as("labelled", &letters, &dataset));
    ck_assert_uint_eq(lks_dataset_n_samples(dataset), 3);
    ck_assert_uint_eq(lks_dataset_n_streams(dataset), 0);
    ck_assert_int_eq(lks_dataset_field(dataset, 0)->sizes[0], 5);
    ck_assert_int_eq(lks_dataset_field(dataset, 0)->n_tokens, 9);
    ck_assert_str_eq(numbers_in(dataset, 0, "inputs"), "4 5 5 4"); /* a n b " " o */
    ck_assert_str_eq(numbers_in(dataset, 1, "inputs"), "6 8 6 7 4");
    ck_assert_str_eq(numbers_in(dataset, 2, "targets"), "0");
    ck_assert_str_eq(numbers_in(dataset, 1, "targets"), "1");
    ck_assert_str_eq(lks_dataset_class_name(dataset, 2), "fi");
    ck_assert_ptr_null(lks_dataset_class_name(dataset, 3));
    ck_assert_int_eq(lks_dataset_length(dataset, 1), 5);
    lks_dataset_destroy(dataset);
    temp_dir_remove();
}
END_TEST

START_TEST(many_lines_are_found_by_their_numbers)
{
    static char text[1 << 16];
    lks_text_options options = {.tokens = LKS_TOKENS_WORD, .max_length = 3};
    lks_dataset *dataset;
    size_t n = 0;
    uint64_t row = 0;

    temp_dir_make();
    for (int i = 0; i < 1000; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "w%d b%s\t%d\n", i,
                              i % 7 == 3 ? " c d" : "", i % 10);
    file_put(temp_path("a.txt"), text, n);
    ck_ok(open_as("labelled", &options, &dataset));
    ck_assert_uint_eq(lks_dataset_n_samples(dataset), 857);
    ck_assert_uint_eq(lks_dataset_row(dataset, 857),
                      1000); /* of which so many are left */
    for (uint64_t i = 0; i < 857; i++, row++) {
        char want[32];

        row += row % 7 == 3;
        snprintf(want, sizeof want, "w%d b", (int)row);
        ck_assert_uint_eq(lks_dataset_row(dataset, i), row);
        ck_assert_str_eq(text_in(dataset, i, "inputs", 0), want);
        ck_assert_int_eq(atoi(numbers_in(dataset, i, "targets")), (int)row % 10);
    }
    lks_dataset_destroy(dataset);
    temp_dir_remove();
}
END_TEST

START_TEST(several_labelled_files_follow_one_another)
{
    lks_dataset_source source = source_of("labelled", &letters);
    lks_dataset *dataset;
    uint64_t at;

    temp_dir_make();
    put_text("a.txt", "a\tx\nb\ty\n");
    put_text("b.txt", "c\tx\nd\tz");
    source.n_files = 2;
    source.files[1] = "b.txt";
    ck_ok(lks_dataset_open(&source, &dataset));
    ck_assert_uint_eq(lks_dataset_n_samples(dataset), 4);
    ck_assert_str_eq(text_in(dataset, 2, "inputs", 0), "c");
    ck_assert_str_eq(lks_dataset_origin(dataset, 0, 2, &at), temp_path("b.txt"));
    ck_assert_uint_eq(at, 0);
    ck_assert_uint_eq(lks_dataset_row(dataset, 3), 3);
    lks_dataset_destroy(dataset);
    put_text("b.txt", "c\tx\nd");
    ck_fails(lks_dataset_open(&source, &dataset), LKS_FORMAT,
             "b.txt, line 2: there is no");
    temp_dir_remove();
}
END_TEST

START_TEST(other_labelled_lines_have_the_classes_of_the_training_data)
{
    lks_dataset_source source = source_of("labelled", &letters);
    lks_dataset *train, *test;
    lks_table table;

    temp_dir_make();
    put_text("a.txt", "anna\tfi\nbob\ten\n");
    ck_ok(open_as("labelled", &letters, &train));
    put_text("a.txt", "nab\tfi\nq\tfi\n");
    ck_ok(open_like("labelled", &letters, train, &test));
    ck_assert_str_eq(numbers_in(test, 0, "targets"), "1");
    ck_assert_str_eq(numbers_in(test, 1, "inputs"), "1"); /* <unk> */
    lks_dataset_destroy(test);
    put_text("a.txt", "nab\tfi\nnab\tKlingon\n");
    ck_fails(open_like("labelled", &letters, train, &test), LKS_FORMAT,
             "a.txt, line 2: the label 'Klingon' is not one of the training data's");
    put_text("a.txt", "nab\nbab\tKlingon\n");
    table = lks_dataset_table(train);
    source.like = &table;
    source.inputs_only = true;
    ck_ok(lks_dataset_open(&source, &test));
    ck_assert_int_eq(lks_dataset_n_fields(test), 1);
    ck_assert_uint_eq(lks_dataset_n_samples(test), 2);
    lks_dataset_destroy(test);
    lks_dataset_destroy(train);
    temp_dir_remove();
}
END_TEST

START_TEST(labelled_lines_that_cannot_be_are_refused)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"a\tx\nb x\n", "a.txt, line 2: there is no tab between a text and its label"},
        {"a\tx\nb\t\r\n", "a.txt, line 2: there is no label behind the tab"},
        {"a\tx\n\tx\n", "a.txt, line 2: there is no text: a sequence of length 0"},
        {"a\tx\n\nb\tx\n", "a.txt, line 2: there is no text: a sequence of length 0"},
        {"a\tx\nb\xe9\tx\n", "a.txt, line 2: byte 0xe9 at offset 5 is not UTF-8"},
        {"", "a.txt: the file is empty"},
    };
    lks_dataset *dataset;

    temp_dir_make();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put_text("a.txt", cases[i].text);
        ck_fails(open_as("labelled", &letters, &dataset), LKS_FORMAT, cases[i].says);
    }
    temp_dir_remove();
}
END_TEST

/* ---- pairs ---- */

START_TEST(pairs_have_a_source_and_a_target_that_begins_and_ends)
{
    lks_dataset *dataset;
    lks_table table;
    int64_t values[3][8], lengths[3][2];
    lks_field_batch fields[] = {
        {values[0], lengths[0]}, {values[1], lengths[1]}, {values[2], lengths[2]}};

    temp_dir_make();
    put_text("a.txt", "ein Haus\nein\n");
    put_text("b.txt", "a house\na nice house");
    ck_ok(open_as("pairs", &words, &dataset));
    ck_assert_uint_eq(lks_dataset_n_samples(dataset), 2);
    table = lks_dataset_table(dataset);
    ck_assert_uint_eq(lks_vocab_size(table.vocabs[0]), 6);
    ck_assert_uint_eq(lks_vocab_size(table.vocabs[1]), 7);
    ck_assert_str_eq(numbers_in(dataset, 0, "source"), "4 5");
    ck_assert_str_eq(numbers_in(dataset, 0, "inputs"), "2 4 5");
    ck_assert_str_eq(numbers_in(dataset, 0, "targets"), "4 5 3");
    ck_assert_str_eq(numbers_in(dataset, 1, "targets"), "4 6 5 3");
    ck_assert_int_eq(lks_dataset_length(dataset, 1), 4);
    ck_ok(lks_dataset_gather(dataset, (uint64_t[]){0, 1}, 2, fields));
    ck_assert_int_eq(fields[0].longest, 2);
    ck_assert_int_eq(values[0][3], 0);
    ck_assert_int_eq(fields[2].longest, 4);
    ck_assert_int_eq(values[2][3], -100);
    ck_assert_int_eq(lengths[2][0], 3);
    lks_dataset_destroy(dataset);
    temp_dir_remove();
}
END_TEST

START_TEST(pairs_that_are_too_long_are_left_out_of_training)
{
    lks_text_options options = words;
    lks_dataset *train, *test;

    temp_dir_make();
    put_text("a.txt", "eins\neins zwei drei\neins\neins zwei\n");
    put_text("b.txt", "one\none\none two three\none two\n");
    options.max_length = 2;
    ck_ok(open_as("pairs", &options, &train));
    ck_assert_uint_eq(lks_dataset_n_samples(train), 2);
    ck_assert_uint_eq(lks_dataset_row(train, 1), 3);
    ck_assert_uint_eq(lks_dataset_row(train, 2), 4);
    ck_assert_int_eq(lks_dataset_field(train, 1)->sizes[0], 3);
    options.max_length = 0;
    ck_ok(open_like("pairs", &options, train, &test));
    ck_assert_uint_eq(lks_dataset_n_samples(test), 4);
    lks_dataset_destroy(test);
    lks_dataset_destroy(train);
    options.max_length = 2;
    put_text("a.txt", "eins zwei drei\n");
    put_text("b.txt", "one\n");
    ck_fails(open_as("pairs", &options, &train), LKS_INVALID,
             "a.txt: all texts are longer than max_length, which is 2");
    temp_dir_remove();
}
END_TEST

START_TEST(sources_alone_are_read_by_the_vocabulary)
{
    lks_dataset_source source = source_of("pairs", &words);
    lks_dataset *train, *inputs;
    lks_table table;

    temp_dir_make();
    put_text("a.txt", "ein Haus\nein\n");
    put_text("b.txt", "a house\na\n");
    ck_ok(open_as("pairs", &words, &train));
    table = lks_dataset_table(train);
    put_text("a.txt", "Haus neu\n");
    source.n_files = 1;
    source.inputs_only = true;
    ck_fails(lks_dataset_open(&source, &inputs), LKS_INVALID,
             "a.txt: there is no vocabulary to read it by");
    source.like = &table;
    ck_ok(lks_dataset_open(&source, &inputs));
    ck_assert_int_eq(lks_dataset_n_fields(inputs), 1);
    ck_assert_str_eq(numbers_in(inputs, 0, "source"), "5 1");
    lks_dataset_destroy(inputs);
    lks_dataset_destroy(train);
    temp_dir_remove();
}
END_TEST

START_TEST(pairs_that_do_not_go_together_are_refused)
{
    lks_dataset *dataset;

    temp_dir_make();
    put_text("a.txt", "eins\nzwei\ndrei\n");
    put_text("b.txt", "one\ntwo\n");
    ck_fails(open_as("pairs", &words, &dataset), LKS_FORMAT, "a.txt has 3 lines and ");
    ck_fails(open_as("pairs", &words, &dataset), LKS_FORMAT,
             "b.txt has 2: each line of one goes with one of the other");
    put_text("b.txt", "one\n \nthree\n");
    ck_fails(open_as("pairs", &words, &dataset), LKS_FORMAT,
             "b.txt, line 2: there is no text: a sequence of length 0");
    temp_dir_remove();
}
END_TEST

/* ---- trouble ---- */

START_TEST(a_text_that_is_cut_while_it_is_in_use_is_refused)
{
    static char text[3 * 4096];
    lks_dataset *dataset;
    int64_t values[2][8];
    lks_field_place places[] = {{values[0]}, {values[1]}};

    temp_dir_make();
    lks_block_guard();
    memset(text, 'a', sizeof text);
    text[5] = 'b';
    file_put(temp_path("a.txt"), text, sizeof text);
    ck_ok(open_as("text", &chars, &dataset));
    ck_ok(lks_dataset_get(dataset, 0, places));
    ck_assert_int_eq(truncate(temp_path("a.txt"), 4096), 0);
    ck_fails(lks_dataset_get(dataset, lks_dataset_n_samples(dataset) - 1, places), LKS_IO,
             "a.txt: the file has become shorter while it was in use");
    lks_dataset_destroy(dataset);
    temp_dir_remove();
}
END_TEST

START_TEST(no_memory_is_an_error_wherever_it_happens)
{
    static const char *const formats[] = {"text", "labelled", "pairs"};

    temp_dir_make();
    put_text("a.txt", "eins\tx\nzwei\ty\ndrei\tx\n");
    put_text("b.txt", "one\ntwo\nthree\n");
    for (int f = 0; f < 3; f++) {
        bool has_failed = true;

        for (long n = 0; has_failed; n++) {
            lks_dataset *dataset = NULL;
            lks_status st;

            lks_error_clear();
            lks_alloc_fail_after(n);
            st = open_as(formats[f], &chars, &dataset);
            has_failed = lks_alloc_has_failed();
            lks_alloc_fail_after(-1);
            ck_assert_int_eq(st, has_failed ? LKS_NOMEM : LKS_OK);
            lks_dataset_destroy(dataset);
        }
    }
    temp_dir_remove();
}
END_TEST

LKS_SUITE("text_formats", a_text_is_streams_of_windows_whose_targets_are_the_next_tokens,
          every_token_but_each_streams_first_is_a_target_once,
          characters_of_several_bytes_are_read_like_others,
          words_have_an_end_of_each_line_and_files_follow_one_another,
          other_text_is_read_by_the_vocabulary_and_in_fewer_streams_if_it_is_short,
          the_end_of_a_text_is_held_out, a_text_that_cannot_be_read_is_refused,
          a_compressed_text_is_the_same,
          vocabularies_of_files_do_not_depend_on_the_number_of_parts,
          labelled_lines_are_texts_and_classes_with_names,
          many_lines_are_found_by_their_numbers,
          several_labelled_files_follow_one_another,
          other_labelled_lines_have_the_classes_of_the_training_data,
          labelled_lines_that_cannot_be_are_refused,
          pairs_have_a_source_and_a_target_that_begins_and_ends,
          pairs_that_are_too_long_are_left_out_of_training,
          sources_alone_are_read_by_the_vocabulary,
          pairs_that_do_not_go_together_are_refused,
          a_text_that_is_cut_while_it_is_in_use_is_refused,
          no_memory_is_an_error_wherever_it_happens)
