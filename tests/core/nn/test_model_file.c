#include "support/test_device.h"
#include "support/models.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "io/safetensors.h"

static const lks_layer_spec layers[] = {
    LAYER("linear", {"out_features", 1, {3}}),
    LAYER("relu"),
    LAYER("linear", {"out_features", 1, {2}}, {"bias", 1, {0}}),
};

static lks_model *make(uint64_t seed)
{
    lks_model *model;

    ck_ok(lks_model_create(layers, 3, LKS_SHAPE_OF(2), seed, test_device(), &model));
    return model;
}

/* A path of this test's own in the build folder. */
static const char *file_name(void)
{
    static char path[512];

    snprintf(path, sizeof path, LKS_BINARY_DIR "/test_model_file_%d.safetensors",
             (int)getpid());
    return path;
}

static float zeros[16];

/* What the model above wants, with one entry replaced and one added (NULL: none). */
static void write_file(size_t replaced, const lks_safetensors_entry *with,
                       const lks_safetensors_entry *extra)
{
    lks_safetensors_entry entries[4] = {
        {.name = "0.weight", .dtype = LKS_F32, .ndim = 2, .sizes = {3, 2}, .data = zeros},
        {.name = "0.bias", .dtype = LKS_F32, .ndim = 1, .sizes = {3}, .data = zeros},
        {.name = "2.weight", .dtype = LKS_F32, .ndim = 2, .sizes = {2, 3}, .data = zeros},
    };

    if (with)
        entries[replaced] = *with;
    if (extra)
        entries[3] = *extra;
    ck_ok(lks_safetensors_write(file_name(), entries, extra ? 4 : 3));
}

/* Loading fails, says `part`, and leaves the model as it was. */
static void assert_refused(lks_status code, const char *part)
{
    lks_model *model = make(1);
    uint64_t before = hash_of(lks_model_params(model));

    ck_fails(lks_model_load(model, file_name()), code, part);
    ck_assert(hash_of(lks_model_params(model)) == before);
    lks_model_destroy(model);
    unlink(file_name());
}

START_TEST(what_is_saved_loads_to_the_same_bits)
{
    lks_model *a = make(1), *b = make(2);

    ck_ok(lks_model_save(a, file_name()));
    ck_ok(lks_model_load(b, file_name()));
    ck_assert(hash_of(lks_model_params(a)) == hash_of(lks_model_params(b)));
    lks_model_destroy(a);
    lks_model_destroy(b);
    unlink(file_name());
}
END_TEST

START_TEST(other_float_types_are_cast)
{
    static const double values[] = {1, 2, 0.5};
    static const unsigned short halves[] = {0x3c00, 0xc000, 0x3800};
    const lks_safetensors_entry f64 = {
        .name = "0.bias", .dtype = LKS_F64, .ndim = 1, .sizes = {3}, .data = values};
    const lks_safetensors_entry f16 = {
        .name = "0.bias", .dtype = LKS_F16, .ndim = 1, .sizes = {3}, .data = halves};
    lks_model *model = make(1);
    const lks_tensor *bias = lks_param_block_at(lks_model_params(model), 1)->tensor;

    write_file(1, &f64, NULL);
    ck_ok(lks_model_load(model, file_name()));
    ck_assert(tensor_at(bias, 0) == 1 && tensor_at(bias, 1) == 2 &&
              tensor_at(bias, 2) == 0.5);
    write_file(1, &f16, NULL);
    ck_ok(lks_model_load(model, file_name()));
    ck_assert(tensor_at(bias, 0) == 1 && tensor_at(bias, 1) == -2 &&
              tensor_at(bias, 2) == 0.5);
    lks_model_destroy(model);
    unlink(file_name());
}
END_TEST

START_TEST(a_file_of_another_model_is_refused_naming_what_differs)
{
    const lks_safetensors_entry other = {
        .name = "1.bias", .dtype = LKS_F32, .ndim = 1, .sizes = {3}, .data = zeros};
    const lks_safetensors_entry longer = {
        .name = "0.bias", .dtype = LKS_F32, .ndim = 1, .sizes = {4}, .data = zeros};
    const lks_safetensors_entry integers = {
        .name = "0.bias", .dtype = LKS_I32, .ndim = 1, .sizes = {3}, .data = zeros};

    write_file(1, &other, NULL);
    assert_refused(LKS_FORMAT, "no '0.bias'; the model wants it, of shape (3,)");
    write_file(1, &longer, NULL);
    assert_refused(LKS_FORMAT, "'0.bias' has shape (4,); the model wants (3,)");
    write_file(1, &integers, NULL);
    assert_refused(LKS_FORMAT, "'0.bias' holds int32; weights are floats");
    write_file(0, NULL, &other);
    assert_refused(LKS_FORMAT, "'1.bias' is no parameter of the model");
}
END_TEST

START_TEST(a_missing_or_damaged_file_is_refused_by_name)
{
    FILE *file;

    assert_refused(LKS_IO, file_name());
    file = fopen(file_name(), "wb");
    fputs("not a weight file, but long enough", file);
    fclose(file);
    assert_refused(LKS_FORMAT, file_name());
}
END_TEST

START_TEST(saving_where_nothing_can_be_written_is_an_io_error)
{
    lks_model *model = make(1);

    ck_fails(lks_model_save(model, LKS_BINARY_DIR "/no/such/folder/m.safetensors"),
             LKS_IO, "m.safetensors");
    lks_model_destroy(model);
}
END_TEST

START_TEST(save_survives_every_failing_allocation)
{
    lks_model *model = make(1);
    struct stat about;
    bool failed = true;

    for (long n = 0; failed; n++) {
        lks_status st;

        ck_assert_int_lt(n, 500);
        lks_alloc_fail_after(n);
        st = lks_model_save(model, file_name());
        failed = lks_alloc_has_failed();
        lks_alloc_fail_after(-1);
        ck_assert_int_eq(st, failed ? LKS_NOMEM : LKS_OK);
        lks_error_clear();
        ck_assert(failed == (stat(file_name(), &about) != 0));
    }
    lks_model_destroy(model);
    unlink(file_name());
}
END_TEST

START_TEST(load_survives_every_failing_allocation_and_is_all_or_nothing)
{
    lks_model *saved = make(1), *model = make(2);
    uint64_t before = hash_of(lks_model_params(model));
    bool failed = true;

    ck_ok(lks_model_save(saved, file_name()));
    for (long n = 0; failed; n++) {
        lks_status st;

        ck_assert_int_lt(n, 1000);
        lks_alloc_fail_after(n);
        st = lks_model_load(model, file_name());
        failed = lks_alloc_has_failed();
        lks_alloc_fail_after(-1);
        ck_assert_int_eq(st, failed ? LKS_NOMEM : LKS_OK);
        lks_error_clear();
        ck_assert(failed == (hash_of(lks_model_params(model)) == before));
    }
    lks_model_destroy(saved);
    lks_model_destroy(model);
    unlink(file_name());
}
END_TEST

/* ---- one weight of two layers ---- */

static lks_model *make_tied(uint64_t seed)
{
    const lks_layer_spec tied[] = {
        LAYER("linear", {"out_features", 1, {2}}, {"bias", 1, {0}}),
        {.type = "linear",
         .options = {(const lks_option[]){{"out_features", 1, {2}}, {"bias", 1, {0}}}, 2},
         .name = "head",
         .weight_of = "0"},
    };
    lks_model *model;

    ck_ok(lks_model_create(tied, 2, LKS_SHAPE_OF(2), seed, test_device(), &model));
    return model;
}

START_TEST(a_tied_weight_is_saved_under_both_names)
{
    lks_model *a = make_tied(1), *b = make_tied(2);
    const lks_safetensors_entry *first, *second;
    lks_safetensors *file;

    ck_ok(lks_model_save(a, file_name()));
    ck_ok(lks_safetensors_open(file_name(), &file));
    ck_assert_uint_eq(lks_safetensors_count(file), 2);
    first = lks_safetensors_find(file, "0.weight");
    second = lks_safetensors_find(file, "head.weight");
    ck_assert(first && second);
    ck_assert_mem_eq(first->data, second->data, 4 * sizeof(float));
    lks_safetensors_close(file);
    ck_ok(lks_model_load(b, file_name()));
    ck_assert(hash_of(lks_model_params(a)) == hash_of(lks_model_params(b)));
    lks_model_destroy(a);
    lks_model_destroy(b);
    unlink(file_name());
}
END_TEST

/* PyTorch's save_model leaves out what it has written under another name. */
START_TEST(a_tied_weight_loads_from_either_name_but_not_from_two_values)
{
    static const float values[2][4] = {{1, 2, 3, 4}, {1, 2, 3, 5}};
    static const char *const names[] = {"0.weight", "head.weight"};
    lks_safetensors_entry entries[2];
    lks_model *model = make_tied(1);

    for (int i = 0; i < 2; i++) {
        entries[i] = (lks_safetensors_entry){.name = names[i],
                                             .dtype = LKS_F32,
                                             .ndim = 2,
                                             .sizes = {2, 2},
                                             .data = values[i]};
        ck_ok(lks_safetensors_write(file_name(), &entries[i], 1));
        ck_ok(lks_model_load(model, file_name()));
        ck_assert(tensor_at(lks_param_block_at(lks_model_params(model), 0)->tensor, 3) ==
                  values[i][3]);
    }
    ck_ok(lks_safetensors_write(file_name(), entries, 2));
    ck_fails(lks_model_load(model, file_name()), LKS_FORMAT,
             "'0.weight' and 'head.weight' are one weight of the model, but differ");
    lks_model_destroy(model);
    unlink(file_name());
}
END_TEST

LKS_SUITE("model_file", what_is_saved_loads_to_the_same_bits, other_float_types_are_cast,
          a_file_of_another_model_is_refused_naming_what_differs,
          a_missing_or_damaged_file_is_refused_by_name,
          saving_where_nothing_can_be_written_is_an_io_error,
          save_survives_every_failing_allocation,
          load_survives_every_failing_allocation_and_is_all_or_nothing,
          a_tied_weight_is_saved_under_both_names,
          a_tied_weight_loads_from_either_name_but_not_from_two_values)
