#include "support/suite.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "io/npy.h"
#include "support/temp_dir.h"
#include "tensor/tensor.h"
#include "worker/prediction.h"
#include "worker/whole_file.h"

static const char *content(const char *name)
{
    static char text[4096];
    FILE *file = fopen(temp_path(name), "r");
    const size_t n = file ? fread(text, 1, sizeof text - 1, file) : 0;

    if (file)
        fclose(file);
    text[n] = '\0';
    return text;
}

/* A file of these outputs, taken one by one. */
static void write_all(const lks_prediction_options *options, const float *outputs,
                      int64_t numel)
{
    lks_prediction *prediction = NULL;

    ck_ok(lks_prediction_create(options, &prediction));
    for (uint64_t i = 0; i < options->n; i++)
        ck_ok(lks_prediction_take(prediction, i, 1, outputs + (int64_t)i * numel));
    ck_ok(lks_prediction_finish(prediction));
    lks_prediction_destroy(prediction);
}

START_TEST(a_classifiers_lines_have_the_class_and_probabilities)
{
    static const char *const clothes[] = {"shirt", "a \"coat\""};
    static const float scores[2][2] = {{0, 0}, {-200, 200}};
    lks_prediction_options options = {
        .format = "jsonl", .n = 2, .shape = LKS_SHAPE_OF(2), .is_classifier = true};

    temp_dir_make();
    options.path = temp_path("a.jsonl");
    write_all(&options, scores[0], 2);
    ck_assert_str_eq(content("a.jsonl"),
                     "{\"index\":0,\"class\":0,\"probabilities\":[0.5,0.5]}\n"
                     "{\"index\":1,\"class\":1,\"probabilities\":[0,1]}\n");
    options.path = temp_path("b.jsonl");
    options.class_names = clothes;
    options.n_class_names = 2;
    write_all(&options, scores[0], 2);
    ck_assert_ptr_nonnull(
        strstr(content("b.jsonl"), "\"class\":1,\"name\":\"a \\u0022coat\\u0022\","));
    temp_dir_remove();
}
END_TEST

START_TEST(other_outputs_are_nested_as_they_are_shaped)
{
    static const float outputs[] = {0.1f, -2, 1.0f / 3, 1e30f};
    lks_prediction_options options = {
        .format = "jsonl", .n = 1, .shape = LKS_SHAPE_OF(2, 2)};

    temp_dir_make();
    options.path = temp_path("a.jsonl");
    write_all(&options, outputs, 4);
    ck_assert_str_eq(content("a.jsonl"),
                     "{\"index\":0,\"output\":[[0.1,-2],[0.33333334,1e+30]]}\n");
    options.path = temp_path("b.jsonl");
    options.n = 2;
    options.shape = LKS_SCALAR;
    write_all(&options, outputs, 1);
    ck_assert_str_eq(content("b.jsonl"),
                     "{\"index\":0,\"output\":0.1}\n{\"index\":1,\"output\":-2}\n");
    temp_dir_remove();
}
END_TEST

START_TEST(an_array_has_all_outputs)
{
    static const float outputs[] = {1, 2, 3, 4, 5, 6};
    lks_prediction_options options = {.format = "npy", .n = 3, .shape = LKS_SHAPE_OF(2)};
    lks_prediction *prediction = NULL;
    lks_npy array;

    ck_fails(lks_prediction_create(&options, &prediction), LKS_INVALID, "--output");
    temp_dir_make();
    options.path = temp_path("a.npy");
    write_all(&options, outputs, 2);
    ck_ok(lks_npy_read(temp_path("a.npy"), &array));
    ck_assert_int_eq(array.ndim, 2);
    ck_assert_int_eq(array.sizes[0], 3);
    ck_assert_int_eq(array.sizes[1], 2);
    ck_assert_mem_eq(array.data, outputs, sizeof outputs);
    lks_free(array.data);
    temp_dir_remove();
}
END_TEST

START_TEST(what_is_there_is_not_overwritten)
{
    static const char *const formats[] = {"jsonl", "npy"};
    static const float outputs[] = {1, 2, 3};
    lks_whole_file *file = NULL;

    temp_dir_make();
    file_put(temp_path("a"), "mine", 4);
    for (size_t i = 0; i < 2; i++) {
        lks_prediction_options options = {
            .format = formats[i], .n = 1, .shape = LKS_SHAPE_OF(3)};
        lks_prediction *prediction = NULL;

        options.path = temp_path("a");
        ck_fails(lks_prediction_create(&options, &prediction), LKS_INVALID,
                 "/a: it exists already, and is not overwritten");
        options.path = temp_path("nowhere/a");
        ck_fails(lks_prediction_create(&options, &prediction), LKS_IO,
                 "nowhere/a: cannot be written: No such file");
    }
    ck_ok(lks_whole_file_create(temp_path("b"), &file));
    ck_ok(lks_whole_file_write(file, outputs, sizeof outputs));
    ck_assert_int_ne(access(temp_path("b"), F_OK), 0); /* not before it is whole */
    file_put(temp_path("b"), "mine", 4);
    ck_fails(lks_whole_file_commit(file), LKS_INVALID, "it exists already");
    lks_whole_file_destroy(file);
    ck_assert_str_eq(content("b"), "mine");
    temp_dir_remove();
}
END_TEST

START_TEST(what_is_not_finished_leaves_nothing)
{
    lks_prediction_options options = {
        .format = "jsonl", .n = 1, .shape = LKS_SHAPE_OF(3)};
    lks_prediction *prediction = NULL;

    temp_dir_make();
    options.path = temp_path("a");
    ck_ok(lks_prediction_create(&options, &prediction));
    ck_ok(lks_prediction_take(prediction, 0, 1, (float[]){1, 2, 3}));
    lks_prediction_destroy(prediction);
    ck_assert_int_eq(rmdir(temp_dir), 0);
}
END_TEST

LKS_SUITE("prediction", a_classifiers_lines_have_the_class_and_probabilities,
          other_outputs_are_nested_as_they_are_shaped, an_array_has_all_outputs,
          what_is_there_is_not_overwritten, what_is_not_finished_leaves_nothing)
