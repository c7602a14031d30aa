#include "support/suite.h"

#include <stdint.h>

#include "base/alloc.h"
#include "data/dataset.h"
#include "io/npz.h"
#include "support/temp_dir.h"

static uint8_t pixels[] = {0, 255, 51, 0, 0, 255};
static float numbers[] = {1, 2, 3, 4, 5, 6};
static int16_t classes[] = {2, 0, 1};
static int16_t few[] = {2, 0};

static const lks_npz_array arrays[] = {
    {"x", {LKS_U8, 2, {3, 2}, pixels, sizeof pixels}},
    {"y", {LKS_I16, 1, {3}, classes, sizeof classes}},
    {"numbers", {LKS_F32, 2, {3, 2}, numbers, sizeof numbers}},
    {"few", {LKS_I16, 1, {2}, few, sizeof few}},
};

static lks_status open_npz(const char *inputs, const char *targets, lks_dataset **out)
{
    const lks_dataset_source source = {.format = "npz",
                                       .root = temp_dir,
                                       .n_files = 1,
                                       .files = {"data.npz"},
                                       .arrays = {inputs, targets}};

    return lks_dataset_open(&source, out);
}

/* Sample 2 of inputs that are f32 and of targets. */
static void check_last(const lks_dataset *dataset, float a, float b, int64_t target)
{
    float x[2];
    int64_t y;

    ck_ok(lks_dataset_get(dataset, 2, (lks_field_place[]){{.data = x}, {.data = &y}}));
    ck_assert(x[0] == a && x[1] == b);
    ck_assert_int_eq(y, target);
}

START_TEST(arrays_of_an_archive_are_inputs_and_targets_stored_or_compressed)
{
    uint64_t fingerprint = 0;

    temp_dir_make();
    for (int compressed = 0; compressed < 2; compressed++) {
        lks_dataset *dataset;
        uint64_t there;

        ck_ok(lks_npz_write(temp_path("data.npz"), arrays, 4, compressed));
        ck_ok(open_npz(NULL, NULL, &dataset));
        ck_assert_uint_eq(lks_dataset_n_samples(dataset), 3);
        ck_assert_int_eq(lks_dataset_field(dataset, 1)->dtype, LKS_I64);
        check_last(dataset, 0, 1, 1);
        ck_assert_ptr_nonnull(
            strstr(lks_dataset_origin(dataset, 1, 0, &there), "data.npz[y]"));
        ck_fails(lks_dataset_check_labels(dataset, 1, 2, -100), LKS_FORMAT,
                 "/data.npz[y]: sample 0 has label 2");
        ck_assert(!compressed || lks_dataset_fingerprint(dataset) == fingerprint);
        fingerprint = lks_dataset_fingerprint(dataset);
        lks_dataset_destroy(dataset);
    }
    temp_dir_remove();
}
END_TEST

START_TEST(arrays_go_by_other_names_too)
{
    lks_dataset *dataset;

    temp_dir_make();
    ck_ok(lks_npz_write(temp_path("data.npz"), arrays, 4, false));
    ck_ok(open_npz("numbers", NULL, &dataset));
    check_last(dataset, 5, 6, 1);
    lks_dataset_destroy(dataset);
    ck_fails(open_npz("z", NULL, &dataset), LKS_INVALID,
             "/data.npz holds no array 'z'; it holds x, y, numbers, few");
    ck_fails(open_npz(NULL, "few", &dataset), LKS_FORMAT,
             "/data.npz[x] holds 3 inputs but ");
    temp_dir_remove();
}
END_TEST

START_TEST(inputs_may_come_alone)
{
    const lks_dataset_source source = {.format = "npz",
                                       .root = temp_dir,
                                       .n_files = 1,
                                       .files = {"data.npz"},
                                       .arrays = {"numbers", NULL},
                                       .inputs_only = true};
    lks_dataset *dataset;
    float x[2];

    temp_dir_make();
    ck_ok(lks_npz_write(temp_path("data.npz"), &arrays[2], 1, false));
    ck_ok(lks_dataset_open(&source, &dataset));
    ck_assert_int_eq(lks_dataset_n_fields(dataset), 1);
    ck_ok(lks_dataset_get(dataset, 1, (lks_field_place[]){{.data = x}}));
    ck_assert(x[0] == 3 && x[1] == 4);
    lks_dataset_destroy(dataset);
    temp_dir_remove();
}
END_TEST

START_TEST(no_memory_is_an_error_wherever_it_happens)
{
    lks_status st = LKS_NOMEM;

    temp_dir_make();
    ck_ok(lks_npz_write(temp_path("data.npz"), arrays, 4, true));
    for (long n = 0; st == LKS_NOMEM; n++) {
        lks_dataset *dataset = NULL;

        lks_alloc_fail_after(n);
        lks_error_clear();
        st = open_npz(NULL, NULL, &dataset);
        ck_assert(st == LKS_OK || lks_error_status() == LKS_NOMEM);
        lks_dataset_destroy(dataset);
    }
    lks_alloc_fail_after(-1);
    ck_assert_int_eq(st, LKS_OK);
    temp_dir_remove();
}
END_TEST

LKS_SUITE("npz_dataset", arrays_of_an_archive_are_inputs_and_targets_stored_or_compressed,
          arrays_go_by_other_names_too, inputs_may_come_alone,
          no_memory_is_an_error_wherever_it_happens)
