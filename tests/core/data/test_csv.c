/* Tables of text as datasets. */
#include "support/suite.h"

#include <zlib.h>

#include "base/alloc.h"
#include "data/csv_text.h"
#include "data/dataset.h"
#include "data/standardise.h"
#include "support/temp_dir.h"

static void put_text(const char *name, const char *text)
{
    file_put(temp_path(name), text, strlen(text));
}

static lks_status open_as(const lks_csv_options *options, const char *name,
                          const lks_dataset *like, lks_dataset **out)
{
    const lks_table table = like ? lks_dataset_table(like) : (lks_table){0};
    const lks_dataset_source source = {.format = "csv",
                                       .root = temp_dir,
                                       .n_files = 1,
                                       .files = {name},
                                       .csv = *options,
                                       .like = like ? &table : NULL};

    return lks_dataset_open(&source, out);
}

/* A table of that text, opened. */
static lks_status open_text(const lks_csv_options *options, const char *text,
                            lks_dataset **out)
{
    put_text("t.csv", text);
    return open_as(options, "t.csv", NULL, out);
}

static const lks_field *field_of(const lks_dataset *dataset, const char *name)
{
    return lks_dataset_field(dataset, lks_dataset_find(dataset, name));
}

/* Sample `index` has these inputs, f32. */
static void check_inputs(const lks_dataset *dataset, uint64_t index, int n,
                         const float *want)
{
    float got[8];
    lks_field_place places[] = {{.data = got}, {.data = NULL}};

    ck_assert_int_eq(field_of(dataset, "inputs")->dtype, LKS_F32);
    ck_assert_int_eq(field_of(dataset, "inputs")->sizes[0], n);
    ck_ok(lks_dataset_get(dataset, index, places));
    ck_assert_int_eq(memcmp(got, want, (size_t)n * sizeof *got), 0);
}

static int64_t class_of(const lks_dataset *dataset, uint64_t index)
{
    int64_t got = -1;
    lks_field_place places[] = {{.data = NULL}, {.data = &got}};

    ck_assert_int_eq(field_of(dataset, "targets")->dtype, LKS_I64);
    ck_assert_int_eq(field_of(dataset, "targets")->n_dims, 0);
    ck_ok(lks_dataset_get(dataset, index, places));
    return got;
}

static float target_of(const lks_dataset *dataset, uint64_t index)
{
    float got = -1;
    lks_field_place places[] = {{.data = NULL}, {.data = &got}};

    ck_assert_int_eq(field_of(dataset, "targets")->dtype, LKS_F32);
    ck_ok(lks_dataset_get(dataset, index, places));
    return got;
}

static const lks_csv_options plain;

#define NAMES(...)                                                                       \
    (const char *const[])                                                                \
    {                                                                                    \
        __VA_ARGS__                                                                      \
    }

START_TEST(all_columns_but_the_last_are_inputs)
{
    lks_dataset *dataset;

    temp_dir_make();
    ck_ok(open_text(&plain, "a,b,y\n1,2.5,0.5\n-3,4e1,1\n", &dataset));
    ck_assert_uint_eq(lks_dataset_n_samples(dataset), 2);
    check_inputs(dataset, 0, 2, (float[]){1, 2.5f});
    check_inputs(dataset, 1, 2, (float[]){-3, 40});
    ck_assert(target_of(dataset, 0) == 0.5f && target_of(dataset, 1) == 1);
    ck_assert_int_eq(field_of(dataset, "targets")->n_dims, 0);
    lks_dataset_destroy(dataset);
    temp_dir_remove();
}
END_TEST

START_TEST(columns_are_taken_by_name)
{
    const lks_csv_options one = {
        .inputs = NAMES("c", "a"), .n_inputs = 2, .targets = NAMES("b"), .n_targets = 1};
    const lks_csv_options two = {.targets = NAMES("c", "a"), .n_targets = 2};
    float values[2];
    lks_dataset *dataset;

    temp_dir_make();
    ck_ok(open_text(&one, "a,b,c\n1,2.5,3\n4,5.5,6\n", &dataset));
    check_inputs(dataset, 1, 2, (float[]){6, 4});
    ck_assert(target_of(dataset, 1) == 5.5f);
    lks_dataset_destroy(dataset);
    ck_ok(open_text(&two, "a,b,c\n1,2.5,3\n4,5.5,6\n", &dataset));
    check_inputs(dataset, 1, 1, (float[]){5.5f});
    ck_assert_int_eq(field_of(dataset, "targets")->sizes[0], 2);
    ck_ok(lks_dataset_get(dataset, 1, (lks_field_place[]){{0}, {.data = values}}));
    ck_assert(values[0] == 6 && values[1] == 4);
    lks_dataset_destroy(dataset);
    temp_dir_remove();
}
END_TEST

START_TEST(columns_that_are_not_there_are_named)
{
    const lks_csv_options no = {.inputs = NAMES("bmii"), .n_inputs = 1};
    const lks_csv_options both = {
        .inputs = NAMES("bmi"), .n_inputs = 1, .targets = NAMES("bmi"), .n_targets = 1};
    lks_dataset *dataset;

    temp_dir_make();
    ck_fails(open_text(&no, "age,bmi,y\n1,2,3\n", &dataset), LKS_INVALID,
             "/t.csv: no column is called 'bmii'; there are 'age', 'bmi', 'y'");
    ck_fails(open_text(&both, "age,bmi,y\n1,2,3\n", &dataset), LKS_INVALID,
             "/t.csv: the column 'bmi' is an input and a target");
    ck_fails(open_text(&plain, "a,a,y\n1,2,3\n", &dataset), LKS_FORMAT,
             "/t.csv: 2 columns are called 'a'");
    ck_fails(open_text(&plain, "a,y,y\n1,2,3\n", &dataset), LKS_FORMAT,
             "/t.csv: several columns are called as the target, 'y'");
    ck_fails(open_text(&plain, "5.1,0.2,0.2\n4.9,0.2,0.4\n", &dataset), LKS_FORMAT,
             "/t.csv: several columns are called as the target, '0.2', a number; "
             "data.header: none says that the first line is a row");
    ck_fails(open_text(&plain, "5.1,5.1,setosa\n4.9,0.2,setosa\n", &dataset), LKS_FORMAT,
             "/t.csv: 2 columns are called '5.1', a number; data.header: none says");
    ck_fails(open_text(&plain, "a;y\n1;2\n", &dataset), LKS_FORMAT,
             "/t.csv: its first line has 1 column, too few for inputs and target; "
             "data.delimiter says what is between columns");
    temp_dir_remove();
}
END_TEST

START_TEST(texts_are_classes_in_the_order_of_their_bytes_and_keep_their_names)
{
    lks_dataset *dataset;

    temp_dir_make();
    ck_ok(open_text(&plain,
                    "a,y\n1,rose\n2,\"lily, \"\"white\"\"\"\n3,rose\n4,7\n5,\"\"\n",
                    &dataset));
    ck_assert_int_eq(class_of(dataset, 0), 3);
    ck_assert_int_eq(class_of(dataset, 1), 2);
    ck_assert_int_eq(class_of(dataset, 2), 3);
    ck_assert_int_eq(class_of(dataset, 3), 1);
    ck_assert_int_eq(class_of(dataset, 4), 0);
    ck_assert_str_eq(lks_dataset_class_name(dataset, 0), "");
    ck_assert_str_eq(lks_dataset_class_name(dataset, 1), "7");
    ck_assert_str_eq(lks_dataset_class_name(dataset, 2), "lily, \"white\"");
    ck_assert_str_eq(lks_dataset_class_name(dataset, 3), "rose");
    ck_assert_ptr_null(lks_dataset_class_name(dataset, 4));
    lks_dataset_destroy(dataset);
    temp_dir_remove();
}
END_TEST

START_TEST(whole_numbers_are_classes_unless_values_are_wanted)
{
    const lks_csv_options values = {.kind = LKS_CSV_VALUES};
    const lks_csv_options classes = {.kind = LKS_CSV_CLASSES};
    lks_dataset *dataset;

    temp_dir_make();
    ck_ok(open_text(&plain, "a,y\n1,2\n2,0\n", &dataset));
    ck_assert_int_eq(class_of(dataset, 0), 2);
    ck_assert_ptr_null(lks_dataset_class_name(dataset, 0));
    lks_dataset_destroy(dataset);
    ck_ok(open_text(&values, "a,y\n1,2\n2,0\n", &dataset));
    ck_assert(target_of(dataset, 0) == 2);
    lks_dataset_destroy(dataset);
    ck_ok(open_text(&classes, "a,y\n1,2.0\n2,0\n", &dataset));
    ck_assert_int_eq(class_of(dataset, 0), 2);
    lks_dataset_destroy(dataset);
    ck_fails(open_text(&classes, "a,y\n1,2\n2,0.5\n", &dataset), LKS_FORMAT,
             "/t.csv, line 3, column 'y': values with a fraction are no classes");
    ck_fails(open_text(&values, "a,y\n1,2\n2,rose\n", &dataset), LKS_FORMAT,
             "/t.csv, line 3, column 'y': 'rose' is no number");
    temp_dir_remove();
}
END_TEST

START_TEST(test_data_have_the_columns_and_classes_of_training_data)
{
    lks_dataset *train, *test;

    temp_dir_make();
    put_text("train.csv", "a,b,y\n1,2,x\n3,4,y\n5,6,z\n");
    put_text("test.csv", "y,b,other,a\nz,8,0,7\ny,10,0,9\n");
    ck_ok(open_as(&plain, "train.csv", NULL, &train));
    ck_ok(open_as(&plain, "test.csv", train, &test));
    check_inputs(test, 0, 2, (float[]){7, 8});
    ck_assert_int_eq(class_of(test, 0), 2);
    ck_assert_int_eq(class_of(test, 1), 1);
    ck_assert_str_eq(lks_dataset_class_name(test, 0), "x");
    lks_dataset_destroy(test);
    put_text("test.csv", "a,b,y\n1,2,x\n3,4,w\n");
    ck_fails(open_as(&plain, "test.csv", train, &test), LKS_FORMAT,
             "/test.csv, line 3, column 'y': 'w' is no class of the training data");
    put_text("test.csv", "a,y\n1,x\n");
    ck_fails(open_as(&plain, "test.csv", train, &test), LKS_INVALID,
             "/test.csv: no column is called 'b'");
    lks_dataset_destroy(train);
    temp_dir_remove();
}
END_TEST

static lks_status open_inputs(const lks_csv_options *options, const char *text,
                              const lks_dataset *like, lks_dataset **out)
{
    const lks_table table = lks_dataset_table(like);
    const lks_dataset_source source = {.format = "csv",
                                       .root = temp_dir,
                                       .n_files = 1,
                                       .files = {"new.csv"},
                                       .csv = *options,
                                       .inputs_only = true,
                                       .like = &table};

    put_text("new.csv", text);
    return lks_dataset_open(&source, out);
}

START_TEST(inputs_alone_need_no_targets)
{
    static const char *const tables[] = {"b,a\n2,1\n4,3\n",      /* without them */
                                         "a,b,y\n1,2,\n3,4,?\n", /* empty */
                                         "y,b,a\nnever seen,2,1\n,4,3\n"}; /* unknown */
    const lks_csv_options skip = {.missing = LKS_CSV_SKIP};
    lks_dataset *training, *inputs;

    temp_dir_make();
    ck_ok(open_text(&skip, "a,b,y\n1,2,red\n3,4,green\n", &training));
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        ck_ok(open_inputs(i == 1 ? &skip : &plain, tables[i], training, &inputs));
        ck_assert_uint_eq(lks_dataset_n_samples(inputs), 2);
        ck_assert_int_eq(lks_dataset_n_fields(inputs), 1);
        check_inputs(inputs, 0, 2, (float[]){1, 2});
        check_inputs(inputs, 1, 2, (float[]){3, 4});
        ck_assert_str_eq(lks_dataset_class_name(inputs, 1), "red");
        lks_dataset_destroy(inputs);
    }
    ck_fails(open_inputs(&plain, "a,y\n1,red\n", training, &inputs), LKS_INVALID,
             "no column is called 'b'");
    lks_dataset_destroy(training);
    temp_dir_remove();
}
END_TEST

/* By nobody's names but the options'. */
START_TEST(inputs_alone_of_no_training_data_are_all_but_the_targets)
{
    const lks_csv_options twice = {.targets = NAMES("y", "y"), .n_targets = 2};
    const lks_dataset_source source = {.format = "csv",
                                       .root = temp_dir,
                                       .n_files = 1,
                                       .files = {"t.csv"},
                                       .csv = twice,
                                       .inputs_only = true};
    lks_dataset *inputs;

    temp_dir_make();
    put_text("t.csv", "a,y,b\n1,x,2\n");
    ck_ok(lks_dataset_open(&source, &inputs));
    check_inputs(inputs, 0, 2, (float[]){1, 2});
    lks_dataset_destroy(inputs);
    put_text("t.csv", "y\nx\n");
    ck_fails(lks_dataset_open(&source, &inputs), LKS_FORMAT,
             "it has no column of inputs");
    temp_dir_remove();
}
END_TEST

START_TEST(inputs_alone_without_a_header_stand_in_the_order_of_their_numbers)
{
    const lks_csv_options first = {
        .no_header = true, .targets = NAMES("0"), .n_targets = 1};
    lks_dataset *training, *inputs;

    temp_dir_make();
    ck_ok(open_text(&first, "7.5,1,2\n8.5,3,4\n", &training));
    ck_ok(open_inputs(&first, "5,6\n", training, &inputs));
    check_inputs(inputs, 0, 2, (float[]){5, 6});
    lks_dataset_destroy(inputs);
    ck_ok(open_inputs(&first, "?,5,6\n", training, &inputs));
    check_inputs(inputs, 0, 2, (float[]){5, 6});
    lks_dataset_destroy(inputs);
    lks_dataset_destroy(training);
    temp_dir_remove();
}
END_TEST

START_TEST(what_is_missing_is_refused_skipped_or_filled)
{
    static const char text[] = "a,b,y\n1,2,0.5\n,4,1.5\n5,NA,2.5\n7,8,3.5\n";
    const lks_csv_options skip = {.missing = LKS_CSV_SKIP};
    const lks_csv_options mean = {.missing = LKS_CSV_MEAN};
    const lks_csv_options fill = {.missing = LKS_CSV_FILL, .fill = -1};
    lks_dataset *dataset, *test;

    temp_dir_make();
    ck_fails(open_text(&plain, text, &dataset), LKS_FORMAT,
             "/t.csv, line 3, column 'a': a value is missing; data.missing: skip");
    ck_ok(open_text(&skip, text, &dataset));
    ck_assert_uint_eq(lks_dataset_n_samples(dataset), 2);
    check_inputs(dataset, 1, 2, (float[]){7, 8});
    lks_dataset_destroy(dataset);
    ck_ok(open_text(&fill, text, &dataset));
    check_inputs(dataset, 1, 2, (float[]){-1, 4});
    lks_dataset_destroy(dataset);
    ck_ok(open_text(&mean, text, &dataset));
    check_inputs(dataset, 1, 2, (float[]){13.0f / 3, 4});
    check_inputs(dataset, 2, 2, (float[]){5, 14.0f / 3});
    put_text("test.csv", "a,b,y\n?,null,1\n");
    ck_ok(open_as(&mean, "test.csv", dataset, &test)); /* with the training data's */
    check_inputs(test, 0, 2, (float[]){13.0f / 3, 14.0f / 3});
    lks_dataset_destroy(test);
    lks_dataset_destroy(dataset);
    ck_fails(open_text(&fill, "a,y\n1,\n", &dataset), LKS_FORMAT,
             "/t.csv, line 2, column 'y': a value is missing");
    ck_fails(open_text(&mean, "a,y\n,1\n", &dataset), LKS_FORMAT,
             "/t.csv: column 'a' has no value to take a mean of");
    ck_fails(open_text(&skip, "a,y\n,1\n", &dataset), LKS_FORMAT, "holds no samples");
    temp_dir_remove();
}
END_TEST

START_TEST(samples_know_which_rows_they_are)
{
    const lks_csv_options skip = {.missing = LKS_CSV_SKIP};
    const lks_dataset_source both = {.format = "csv",
                                     .root = temp_dir,
                                     .n_files = 2,
                                     .files = {"1.csv", "2.csv"},
                                     .csv = skip};
    static const uint64_t rows[] = {1, 3, 5};
    lks_input_scale *scale = NULL;
    lks_dataset *dataset, *scaled;

    temp_dir_make();
    put_text("1.csv", "a,y\n,0\n2,0\n3,\n4,1\n?,1\n");
    put_text("2.csv", "a,y\n6,1\n,0\n");
    ck_ok(lks_dataset_open(&both, &dataset));
    ck_assert_uint_eq(lks_dataset_n_samples(dataset), 3);
    ck_ok(lks_input_scale_create(dataset, &scale));
    ck_ok(lks_dataset_standardise(dataset, scale, &scaled));
    for (uint64_t i = 0; i < 3; i++)
        ck_assert_uint_eq(lks_dataset_row(scaled, i), rows[i]);
    ck_assert_uint_eq(lks_dataset_row(scaled, 3), 7);
    lks_dataset_destroy(scaled);
    lks_input_scale_destroy(scale);
    lks_dataset_destroy(dataset);
    ck_ok(open_text(&plain, "a,y\n1,0\n2,1\n", &dataset));
    ck_assert_uint_eq(lks_dataset_row(dataset, 1), 1);
    ck_assert_uint_eq(lks_dataset_row(dataset, 2), 2);
    lks_dataset_destroy(dataset);
    temp_dir_remove();
}
END_TEST

START_TEST(bad_rows_are_told_with_file_line_and_column)
{
    const lks_csv_options integers = {.dtype = LKS_I64};
    lks_dataset *dataset;

    temp_dir_make();
    ck_fails(open_text(&plain, "a,b,y\n1,2,3\n\n1,2\n", &dataset), LKS_FORMAT,
             "/t.csv, line 4: 2 fields; the first line has 3");
    ck_fails(open_text(&plain, "a,\"two\nlines\",y\n1,2,3\n1,many,3\n", &dataset),
             LKS_FORMAT, "/t.csv, line 4, column 'two");
    ck_fails(open_text(&plain, "a,y\n1,3\nmale,3\n", &dataset), LKS_FORMAT,
             "/t.csv, line 3, column 'a': 'male' is no number; data.inputs names the "
             "columns to take");
    ck_fails(open_text(&plain, "a,y\n1e39,3\n", &dataset), LKS_FORMAT,
             "/t.csv, line 2, column 'a': '1e39' is beyond float32");
    ck_fails(open_text(&plain, "a,y\n1e999,3\n", &dataset), LKS_FORMAT, "is no number");
    ck_fails(open_text(&plain, "a,y\ninf,3\n", &dataset), LKS_FORMAT, "is no number");
    ck_fails(open_text(&plain, "a,y\n0x10,3\n", &dataset), LKS_FORMAT, "is no number");
    ck_fails(open_text(&integers, "a,y\n1.5,3\n", &dataset), LKS_FORMAT,
             "/t.csv, line 2, column 'a': '1.5' is no whole number");
    ck_fails(open_text(&plain, "a,y\n1,\"3\n", &dataset), LKS_FORMAT,
             "/t.csv, line 2: a field in quotes does not end");
    ck_fails(open_text(&plain, "a,y\n1,\"3\"4\n", &dataset), LKS_FORMAT,
             "/t.csv, line 2: a field goes on behind its closing quote");
    ck_fails(open_text(&plain, "", &dataset), LKS_FORMAT, "/t.csv: the file is empty");
    ck_fails(open_text(&plain, "a,y\n", &dataset), LKS_FORMAT, "holds no samples");
    ck_fails(open_text(&plain,
                       "\xff\xfe"
                       "a",
                       &dataset),
             LKS_FORMAT, "/t.csv: the text is UTF-16; save it as UTF-8");
    temp_dir_remove();
}
END_TEST

START_TEST(what_programs_write_is_read)
{
    const lks_csv_options blanks = {.delimiter = ' '};
    const lks_csv_options tabs = {.delimiter = '\t'};
    const lks_csv_options bare = {
        .no_header = true, .targets = NAMES("0"), .n_targets = 1};
    static const char *const texts[] = {
        "a,y\n1,2.5\n3,4.5\n",
        "a,y\r\n1,2.5\r\n3,4.5\r\n",
        "a,y\r1,2.5\r3,4.5",
        ("\xef\xbb\xbf"
         "a,y\n1,2.5\n3,4.5"),
        "\n\na , y\n 1, 2.5 \n\n3,4.5\n\n",
        "\"a\",\"y\"\n\"1\",\" 2.5\"\n\"3\",\"4.5\"\n",
        "a,y\n+1,.25e1\n3.,45E-1\n",
    };
    lks_dataset *dataset;

    temp_dir_make();
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        ck_ok(open_text(&plain, texts[i], &dataset));
        ck_assert_uint_eq(lks_dataset_n_samples(dataset), 2);
        check_inputs(dataset, 0, 1, (float[]){1});
        check_inputs(dataset, 1, 1, (float[]){3});
        ck_assert(target_of(dataset, 0) == 2.5f && target_of(dataset, 1) == 4.5f);
        lks_dataset_destroy(dataset);
    }
    ck_ok(open_text(&tabs, "a\tb\ty\n1\t2\t0.5\n", &dataset));
    check_inputs(dataset, 0, 2, (float[]){1, 2});
    lks_dataset_destroy(dataset);
    ck_ok(open_text(&blanks, "  a\tb   y  \n\n \t1 2\t 0.5\n3 4 1.5 \r\n", &dataset));
    ck_assert_uint_eq(lks_dataset_n_samples(dataset), 2);
    check_inputs(dataset, 0, 2, (float[]){1, 2});
    check_inputs(dataset, 1, 2, (float[]){3, 4});
    ck_assert(target_of(dataset, 1) == 1.5f);
    lks_dataset_destroy(dataset);
    ck_ok(open_text(&bare, "0.5,1,2\n1.5,3,4\n", &dataset));
    ck_assert_uint_eq(lks_dataset_n_samples(dataset), 2);
    check_inputs(dataset, 1, 2, (float[]){3, 4});
    ck_assert(target_of(dataset, 1) == 1.5f);
    lks_dataset_destroy(dataset);
    temp_dir_remove();
}
END_TEST

START_TEST(a_gz_and_several_files_are_one_table)
{
    static const char part[] = "y,a\n0.5,3\n";
    const lks_dataset_source source = {.format = "csv",
                                       .root = temp_dir,
                                       .n_files = 2,
                                       .files = {"one.csv", "two.csv.gz"}};
    lks_dataset *dataset;
    uint64_t there;
    gzFile file;

    temp_dir_make();
    put_text("one.csv", "a,y\n1,2.5\n2,3.5\n");
    file = gzopen(temp_path("two.csv.gz"), "wb");
    gzwrite(file, part, sizeof part - 1);
    gzclose(file);
    ck_ok(lks_dataset_open(&source, &dataset));
    ck_assert_uint_eq(lks_dataset_n_samples(dataset), 3);
    check_inputs(dataset, 1, 1, (float[]){2});
    check_inputs(dataset, 2, 1, (float[]){3});
    ck_assert(target_of(dataset, 2) == 0.5f);
    ck_assert_ptr_nonnull(
        strstr(lks_dataset_origin(dataset, 0, 2, &there), "two.csv.gz"));
    ck_assert_uint_eq(there, 0);
    lks_dataset_destroy(dataset);
    temp_dir_remove();
}
END_TEST

START_TEST(inputs_have_the_dtype_asked_for)
{
    const lks_csv_options integers = {.dtype = LKS_I64};
    const lks_csv_options doubles = {.dtype = LKS_F64};
    const lks_csv_options halves = {.dtype = LKS_F16};
    int64_t whole[2];
    double real[2];
    lks_dataset *dataset;

    temp_dir_make();
    ck_ok(open_text(&integers, "a,b,y\n9007199254740993,-2,1\n", &dataset));
    ck_assert_int_eq(field_of(dataset, "inputs")->dtype, LKS_I64);
    ck_ok(lks_dataset_get(dataset, 0, (lks_field_place[]){{.data = whole}, {0}}));
    ck_assert(whole[0] == INT64_C(9007199254740993) && whole[1] == -2);
    lks_dataset_destroy(dataset);
    ck_ok(open_text(&doubles, "a,b,y\n6.984126984126984,0.1,1\n", &dataset));
    ck_ok(lks_dataset_get(dataset, 0, (lks_field_place[]){{.data = real}, {0}}));
    ck_assert(real[0] == 6.984126984126984 && real[1] == 0.1);
    lks_dataset_destroy(dataset);
    ck_fails(open_text(&halves, "a,y\n1,1\n", &dataset), LKS_INVALID, "not float16");
    temp_dir_remove();
}
END_TEST

/* strtod is the judge. */
START_TEST(numbers_are_rounded_right)
{
    static const char *const texts[] = {"0",
                                        "-0",
                                        "0.1",
                                        "1e22",
                                        "1e23",
                                        "123456789012345678901234567890",
                                        "2.2250738585072014e-308",
                                        "4.9e-324",
                                        "1e-400",
                                        "9007199254740993",
                                        "0.30000000000000004",
                                        "179769313486231570000e288",
                                        "8.5e-17",
                                        "1e+5",
                                        "0000000000000000000000000000000001.5",
                                        ("0."
                                         "00000000000000000000000000000000000000000000000"
                                         "000000000000000000000000000001")};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const lks_csv_field field = {.text = texts[i], .n = strlen(texts[i])};
        const double want = strtod(texts[i], NULL);
        double got;
        bool whole;

        ck_assert(lks_csv_number(&field, &got, &whole));
        ck_assert_msg(memcmp(&got, &want, sizeof got) == 0, "%s: %.17g", texts[i], got);
    }
}
END_TEST

START_TEST(no_memory_is_an_error_wherever_it_happens)
{
    const lks_csv_options mean = {.missing = LKS_CSV_MEAN};
    lks_dataset *dataset;

    temp_dir_make();
    put_text("t.csv", "a,b,y\n1,,u\n2,5,v\n3,6,w\n");
    for (long n = 0;; n++) {
        lks_status st;

        lks_error_clear();
        lks_alloc_fail_after(n);
        st = open_as(&mean, "t.csv", NULL, &dataset);
        if (st == LKS_OK)
            break;
        ck_assert_int_eq(lks_error_status(), LKS_NOMEM);
    }
    lks_alloc_fail_after(-1);
    lks_dataset_destroy(dataset);
    temp_dir_remove();
}
END_TEST

LKS_SUITE("csv", all_columns_but_the_last_are_inputs, columns_are_taken_by_name,
          columns_that_are_not_there_are_named,
          texts_are_classes_in_the_order_of_their_bytes_and_keep_their_names,
          whole_numbers_are_classes_unless_values_are_wanted,
          test_data_have_the_columns_and_classes_of_training_data,
          inputs_alone_need_no_targets,
          inputs_alone_of_no_training_data_are_all_but_the_targets,
          inputs_alone_without_a_header_stand_in_the_order_of_their_numbers,
          what_is_missing_is_refused_skipped_or_filled, samples_know_which_rows_they_are,
          bad_rows_are_told_with_file_line_and_column, what_programs_write_is_read,
          a_gz_and_several_files_are_one_table, inputs_have_the_dtype_asked_for,
          numbers_are_rounded_right, no_memory_is_an_error_wherever_it_happens)
