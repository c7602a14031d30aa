#include "support/suite.h"

#include <stdio.h>

#include "base/alloc.h"
#include "data/data_record.h"
#include "support/temp_dir.h"

static const char table[] = "a,b\xe9,y\n0.1,2,caf\xe9\n,4,tea \"\"\n0.3,5,\xc3\xa9\n";
static const lks_csv_options mean = {.missing = LKS_CSV_MEAN};

static lks_status open_table(const char *name, const char *text, const lks_table *like,
                             lks_dataset **out)
{
    const lks_dataset_source source = {.format = "csv",
                                       .root = temp_dir,
                                       .n_files = 1,
                                       .files = {name},
                                       .csv = mean,
                                       .like = like};

    file_put(temp_path(name), text, strlen(text));
    return lks_dataset_open(&source, out);
}

/* Into the file "kept" and out of it. */
static lks_status keep(const lks_data_record *record, lks_data_record *out)
{
    char *text = NULL;

    ck_ok(lks_data_record_text(record, &text));
    file_put(temp_path("kept"), text, strlen(text));
    lks_free(text);
    return lks_data_record_read(temp_path("kept"), out);
}

static void check_floats(const float *got, const float *want, int64_t n)
{
    ck_assert_int_eq(memcmp(got, want, (size_t)n * sizeof *got), 0);
}

START_TEST(all_that_is_kept_reads_back_to_the_same_bits)
{
    lks_data_record record = {0}, back = {0};
    lks_input_scale *scale = NULL;
    lks_dataset *training;

    temp_dir_make();
    ck_ok(open_table("t.csv", table, NULL, &training));
    ck_ok(lks_input_scale_create(training, &scale));
    ck_ok(lks_data_record_init(training, scale, &record));
    ck_ok(keep(&record, &back));
    ck_assert_uint_eq(back.table.n_columns, 3);
    ck_assert_str_eq(back.table.columns[1], "b\xe9");
    ck_assert_uint_eq(back.table.n_classes, 3);
    ck_assert_str_eq(back.table.classes[0], "caf\xe9");
    ck_assert_str_eq(back.table.classes[1], "tea \"\"");
    ck_assert_str_eq(back.table.classes[2], "\xc3\xa9");
    ck_assert_uint_eq(back.table.n_fills, 2);
    ck_assert(memcmp(back.table.fills, record.table.fills, 2 * sizeof(double)) == 0);
    ck_assert_int_eq(lks_input_scale_n(back.scale), 2);
    ck_assert_uint_eq(lks_input_scale_numel(back.scale), 1);
    check_floats(lks_input_scale_mean(back.scale), lks_input_scale_mean(scale), 2);
    check_floats(lks_input_scale_std(back.scale), lks_input_scale_std(scale), 2);
    lks_data_record_release(&back);
    lks_data_record_release(&record);
    lks_input_scale_destroy(scale);
    lks_dataset_destroy(training);
    temp_dir_remove();
}
END_TEST

START_TEST(other_data_are_read_by_what_was_kept)
{
    lks_data_record record = {0}, back = {0};
    lks_dataset *training, *other;
    float got[2];
    int64_t class = -1;
    lks_field_place places[] = {{.data = got}, {.data = &class}};

    temp_dir_make();
    ck_ok(open_table("t.csv", "a,b,y\n1,2,u\n3,4,v\n", NULL, &training));
    ck_ok(lks_data_record_init(training, NULL, &record));
    ck_ok(keep(&record, &back));
    ck_assert_ptr_null(back.scale);
    ck_ok(open_table("o.csv", "y,b,a\nv,9,\n", &back.table, &other));
    ck_ok(lks_dataset_get(other, 0, places));
    ck_assert(got[0] == 2 && got[1] == 9 && class == 1);
    lks_dataset_destroy(other);
    lks_data_record_release(&back);
    lks_data_record_release(&record);
    lks_dataset_destroy(training);
    temp_dir_remove();
}
END_TEST

START_TEST(what_no_run_has_written_is_refused)
{
    static const char *const bad[] = {
        "",
        "[1]",
        "{}",
        "{\"columns\":[1],\"classes\":[],\"fills\":[]}",
        "{\"columns\":[],\"classes\":[],\"fills\":[1]}",
        "{\"columns\":[],\"classes\":[],\"fills\":[],\"mean\":[1],\"std\":[]}",
        "{\"columns\":[],\"classes\":[],\"fills\":[],\"mean\":[1],\"std\":[1]}"};
    lks_data_record record = {0};

    temp_dir_make();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        file_put(temp_path("kept"), bad[i], strlen(bad[i]));
        lks_error_clear();
        ck_fails(lks_data_record_read(temp_path("kept"), &record), LKS_FORMAT, "/kept: ");
        lks_data_record_release(&record);
    }
    ck_fails(lks_data_record_read(temp_path("nothere"), &record), LKS_IO, "/nothere");
    temp_dir_remove();
}
END_TEST

static lks_status keep_all(const lks_dataset *training, const lks_input_scale *scale)
{
    lks_data_record record = {0};
    char *text = NULL;
    lks_status st = lks_data_record_init(training, scale, &record);

    if (st == LKS_OK)
        st = lks_data_record_text(&record, &text);
    lks_free(text);
    lks_data_record_release(&record);
    if (st == LKS_OK)
        st = lks_data_record_read(temp_path("kept"), &record);
    lks_data_record_release(&record);
    return st;
}

START_TEST(no_memory_is_an_error_wherever_it_happens)
{
    lks_data_record record = {0}, back = {0};
    lks_input_scale *scale = NULL;
    lks_dataset *training;
    lks_status st = LKS_NOMEM;

    temp_dir_make();
    ck_ok(open_table("t.csv", table, NULL, &training));
    ck_ok(lks_input_scale_create(training, &scale));
    ck_ok(lks_data_record_init(training, scale, &record));
    ck_ok(keep(&record, &back));
    for (long n = 0; st != LKS_OK; n++) {
        lks_error_clear();
        lks_alloc_fail_after(n);
        st = keep_all(training, scale);
        ck_assert(st == LKS_OK || lks_error_status() == LKS_NOMEM);
    }
    lks_alloc_fail_after(-1);
    lks_data_record_release(&back);
    lks_data_record_release(&record);
    lks_input_scale_destroy(scale);
    lks_dataset_destroy(training);
    temp_dir_remove();
}
END_TEST

static lks_status open_text(const char *format, const char *text, size_t n,
                            const lks_table *like, lks_dataset **out)
{
    const lks_dataset_source source = {.format = format,
                                       .root = temp_dir,
                                       .n_files = strcmp(format, "pairs") == 0 ? 2 : 1,
                                       .files = {"a.txt", "a.txt"},
                                       .text = {.sequence_length = 2, .n_streams = 1},
                                       .like = like};

    file_put(temp_path("a.txt"), text, n);
    return lks_dataset_open(&source, out);
}

START_TEST(vocabularies_read_back_as_the_same_and_texts_are_read_by_them)
{
    static const char *const formats[] = {"text", "labelled", "pairs"};
    static const char text[] = "\"gr\xc3\xb6\xc3\x9f"
                               "e\" \0 \xf0\x9d\x84\x9e\tx\r\nzwei\ty\n";

    temp_dir_make();
    for (int f = 0; f < 3; f++) {
        lks_data_record record = {0}, back = {0};
        lks_dataset *training, *other;

        ck_ok(open_text(formats[f], text, sizeof text - 1, NULL, &training));
        ck_ok(lks_data_record_init(training, NULL, &record));
        ck_assert(!lks_data_record_is_empty(&record));
        lks_dataset_destroy(training);
        ck_ok(keep(&record, &back));
        for (int i = 0; i < (f == 2 ? 2 : 1); i++)
            ck_assert_uint_eq(lks_vocab_hash(back.table.vocabs[i]),
                              lks_vocab_hash(record.table.vocabs[i]));
        ck_assert_int_eq(back.table.vocabs[1] != NULL, f == 2);
        ck_assert_uint_eq(back.table.n_classes, f == 1 ? 2 : 0);
        ck_ok(open_text(formats[f], "zwei\tx\n", 7, &back.table, &other));
        lks_dataset_destroy(other);
        lks_data_record_release(&back);
        lks_data_record_release(&record);
    }
    temp_dir_remove();
}
END_TEST

START_TEST(vocabularies_that_no_run_has_written_are_refused)
{
    static const char *const bad[] = {
        "[]",
        "[{}]",
        "3",
        "[{\"tokens\": \"byte\", \"list\": [\"a\"]}]",
        "[{\"tokens\": \"char\", \"list\": []}]",
        "[{\"tokens\": \"char\", \"list\": [\"a\", 3]}]",
        "[{\"tokens\": \"char\", \"list\": [\"a\", \"a\"]}]",
        "[{\"tokens\": \"char\", \"list\": [\"a\"]}, 1]"};
    char text[256];

    temp_dir_make();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        lks_data_record back = {0};

        snprintf(
            text, sizeof text,
            "{\"columns\": [], \"classes\": [], \"fills\": [], \"vocabularies\": %s}",
            bad[i]);
        file_put(temp_path("kept"), text, strlen(text));
        ck_fails(lks_data_record_read(temp_path("kept"), &back), LKS_FORMAT,
                 "'vocabularies' is not what a run writes there");
        lks_data_record_release(&back);
    }
    temp_dir_remove();
}
END_TEST

LKS_SUITE("data_record", all_that_is_kept_reads_back_to_the_same_bits,
          other_data_are_read_by_what_was_kept, what_no_run_has_written_is_refused,
          vocabularies_read_back_as_the_same_and_texts_are_read_by_them,
          vocabularies_that_no_run_has_written_are_refused,
          no_memory_is_an_error_wherever_it_happens)
