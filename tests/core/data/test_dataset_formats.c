#include "core/data/dataset_files.h"

#include "base/alloc.h"

/* ---- idx ---- */

START_TEST(idx_images_and_labels_are_gathered_in_the_order_asked_for)
{
    static const uint64_t indices[] = {5, 0, 5, 2};
    float inputs[4 * 20];
    int64_t targets[4];
    lks_dataset *dataset;

    temp_dir_make();
    put_six();
    ck_ok(open_idx("images", "labels", &dataset));
    ck_assert_uint_eq(lks_dataset_n_samples(dataset), 6);
    ck_assert_int_eq(inputs_of(dataset)->n_dims, 3);
    ck_assert(inputs_of(dataset)->sizes[0] == 1 && inputs_of(dataset)->sizes[1] == 4 &&
              inputs_of(dataset)->sizes[2] == 5);
    ck_assert_int_eq(targets_of(dataset)->dtype, LKS_I64);
    ck_assert_int_eq(targets_of(dataset)->n_dims, 0);
    gather(dataset, indices, 4, inputs, targets);
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(targets[i], (int64_t)indices[i]);
        for (int p = 0; p < 20; p++)
            ck_assert(inputs[20 * i + p] == (float)(indices[i] * 20 + (size_t)p) / 255);
    }
    lks_dataset_destroy(dataset);
    lks_dataset_destroy(NULL);
    temp_dir_remove();
}
END_TEST

START_TEST(idx_with_four_sizes_has_channels)
{
    lks_dataset *dataset;

    temp_dir_make();
    put_six();
    put_idx("images", 0x804, 4, (uint32_t[]){6, 3, 2, 4}, 6 * 24);
    ck_ok(open_idx("images", "labels", &dataset));
    ck_assert_int_eq(inputs_of(dataset)->n_dims, 3);
    ck_assert(inputs_of(dataset)->sizes[0] == 3 && inputs_of(dataset)->sizes[1] == 2 &&
              inputs_of(dataset)->sizes[2] == 4);
    lks_dataset_destroy(dataset);
    temp_dir_remove();
}
END_TEST

START_TEST(a_wrong_idx_magic_says_what_the_file_is)
{
    lks_dataset *dataset;

    temp_dir_make();
    put_six();
    ck_fails(open_idx("labels", "labels", &dataset), LKS_FORMAT,
             "/labels: this is a label file: magic 0x00000801, images want 0x00000803");
    ck_fails(open_idx("images", "images", &dataset), LKS_FORMAT,
             "/images: this is an image file: magic 0x00000803, labels want 0x00000801");
    put_idx("bad", 0xd03, 3, (uint32_t[]){1, 1, 1}, 4);
    ck_fails(open_idx("bad", "labels", &dataset), LKS_FORMAT,
             "its elements are not unsigned bytes");
    put_idx("bad", 0x802, 2, (uint32_t[]){1, 1}, 1);
    ck_fails(open_idx("bad", "labels", &dataset), LKS_FORMAT,
             "wrong number of dimensions: magic 0x00000802");
    file_put(temp_path("bad"), "%PDF-1.4", 8);
    ck_fails(open_idx("bad", "labels", &dataset), LKS_FORMAT, "not an idx file");
    put_gz("bad.gz", "x", 1);
    ck_assert_int_eq(rename(temp_path("bad.gz"), temp_path("bad")), 0);
    ck_fails(open_idx("bad", "labels", &dataset), LKS_FORMAT,
             "this is a gzip file whose name does not end in .gz");
    temp_dir_remove();
}
END_TEST

START_TEST(idx_sizes_are_checked)
{
    lks_dataset *dataset;

    temp_dir_make();
    put_six();
    put_idx("bad", 0x803, 3, (uint32_t[]){6, 0, 5}, 0);
    ck_fails(open_idx("bad", "labels", &dataset), LKS_FORMAT, "/bad: size 2 of 3 is 0");
    put_idx("bad", 0x804, 4, (uint32_t[]){~0u, ~0u, ~0u, ~0u}, 0);
    ck_fails(open_idx("bad", "labels", &dataset), LKS_FORMAT, "its sizes overflow");
    put_idx("bad", 0x803, 3, (uint32_t[]){~0u, ~0u, 1}, 8);
    ck_fails(open_idx("bad", "labels", &dataset), LKS_IO,
             "/bad: file ends after 24 of 18446744065119617041 bytes");
    put_idx("bad", 0x803, 3, (uint32_t[]){7, 4, 5}, 140);
    ck_fails(open_idx("bad", "labels", &dataset), LKS_FORMAT, "/bad holds 7 images but");
    temp_dir_remove();
}
END_TEST

START_TEST(truncated_and_overlong_idx_files_are_refused)
{
    unsigned char bytes[200];
    lks_dataset *dataset;
    const size_t n = idx_bytes(bytes, 0x803, 3, (uint32_t[]){6, 4, 5}, 120);

    temp_dir_make();
    put_six();
    for (size_t cut = 0; cut < n; cut++) {
        file_put(temp_path("bad"), bytes, cut);
        ck_fails(open_idx("bad", "labels", &dataset), LKS_IO, "/bad: file ends after");
    }
    file_put(temp_path("bad"), bytes, 100);
    ck_fails(open_idx("bad", "labels", &dataset), LKS_IO,
             "/bad: file ends after 100 of 136 bytes");
    put_idx("bad", 0x803, 3, (uint32_t[]){6, 4, 5}, 121);
    ck_fails(open_idx("bad", "labels", &dataset), LKS_FORMAT,
             "/bad: file goes on after the 136 bytes");
    put_idx("bad", 0x801, 1, (uint32_t[]){6}, 5);
    ck_fails(open_idx("images", "bad", &dataset), LKS_IO,
             "/bad: file ends after 13 of 14");
    temp_dir_remove();
}
END_TEST

/* ---- gzip ------------------------------------------------------------------------ */

START_TEST(plain_and_gz_files_give_the_same_fingerprint)
{
    unsigned char bytes[200];
    lks_dataset *raw, *gz;
    const size_t n = idx_bytes(bytes, 0x803, 3, (uint32_t[]){6, 4, 5}, 120);

    temp_dir_make();
    put_six();
    put_gz("images.gz", bytes, n);
    ck_ok(open_idx("images", "labels", &raw));
    ck_ok(open_idx("images.gz", "labels", &gz));
    ck_assert_uint_eq(lks_dataset_fingerprint(raw), lks_dataset_fingerprint(gz));
    lks_dataset_destroy(gz);
    for (size_t at = 4; at < n; at++) { /* another pixel, or another shape */
        const unsigned char was = bytes[at];

        bytes[at] ^= 1;
        put_gz("images.gz", bytes, n);
        lks_error_clear();
        if (open_idx("images.gz", "labels", &gz) == LKS_OK) {
            ck_assert_uint_ne(lks_dataset_fingerprint(raw), lks_dataset_fingerprint(gz));
            lks_dataset_destroy(gz);
        } else {
            ck_assert_uint_lt(at, 16);
        }
        bytes[at] = was;
    }
    idx_bytes(bytes, 0x803, 3, (uint32_t[]){6, 5, 4}, 120);
    put_gz("images.gz", bytes, n);
    ck_ok(open_idx("images.gz", "labels", &gz));
    ck_assert_uint_ne(lks_dataset_fingerprint(raw), lks_dataset_fingerprint(gz));
    lks_dataset_destroy(gz);
    lks_dataset_destroy(raw);
    temp_dir_remove();
}
END_TEST

START_TEST(damaged_gz_files_are_refused)
{
    unsigned char bytes[200], packed[200];
    lks_dataset *dataset;
    size_t n = idx_bytes(bytes, 0x803, 3, (uint32_t[]){6, 4, 5}, 120);

    temp_dir_make();
    put_six();
    put_gz("good.gz", bytes, n);
    n = file_get(temp_path("good.gz"), packed, sizeof packed);
    for (size_t cut = 1; cut < n; cut++) {
        file_put(temp_path("bad.gz"), packed, cut);
        ck_fails(open_idx("bad.gz", "labels", &dataset), LKS_IO, "/bad.gz: file ");
    }
    file_put(temp_path("bad.gz"), packed, n / 2);
    ck_fails(open_idx("bad.gz", "labels", &dataset), LKS_IO,
             "of 136 bytes (decompressed)");
    file_put(temp_path("bad.gz"), packed, n - 1);
    ck_fails(open_idx("bad.gz", "labels", &dataset), LKS_IO,
             "file ends within its gzip data, after 136 bytes");
    packed[n - 6] ^= 1; /* of the checksum */
    file_put(temp_path("bad.gz"), packed, n);
    ck_fails(open_idx("bad.gz", "labels", &dataset), LKS_FORMAT,
             "damaged gzip data (incorrect data check)");
    packed[n - 6] ^= 1;
    packed[n] = 'x';
    file_put(temp_path("bad.gz"), packed, n + 1);
    ck_fails(open_idx("bad.gz", "labels", &dataset), LKS_IO, "file ends within its gzip");
    temp_dir_remove();
}
END_TEST

START_TEST(what_is_not_gzip_is_named_so)
{
    lks_dataset *dataset;

    temp_dir_make();
    put_six();
    file_put(temp_path("bad.gz"), "no gzip data here", 17);
    ck_fails(open_idx("bad.gz", "labels", &dataset), LKS_FORMAT,
             "/bad.gz: not a gzip file");
    file_put(temp_path("bad.gz"), "", 0);
    ck_fails(open_idx("bad.gz", "labels", &dataset), LKS_FORMAT,
             "/bad.gz: not a gzip file (empty)");
    temp_dir_remove();
}
END_TEST

START_TEST(a_gz_header_cannot_ask_for_more_than_gzip_can_hold)
{
    unsigned char bytes[64];
    lks_dataset *dataset;

    temp_dir_make();
    put_six();
    put_gz("bad.gz", bytes,
           idx_bytes(bytes, 0x803, 3, (uint32_t[]){~0u, 60000, 60000}, 8));
    ck_fails(open_idx("bad.gz", "labels", &dataset), LKS_IO,
             "/bad.gz: file is too short for the 15461882262000000016 bytes");
    temp_dir_remove();
}
END_TEST

START_TEST(a_file_of_several_gzip_members_is_one)
{
    unsigned char bytes[200];
    lks_dataset *dataset;
    const size_t n = idx_bytes(bytes, 0x803, 3, (uint32_t[]){6, 4, 5}, 120);

    temp_dir_make();
    put_six();
    put_gz("images.gz", bytes, 50);
    gzFile file = gzopen(temp_path("images.gz"), "ab");
    ck_assert_int_eq(gzwrite(file, bytes + 50, (unsigned)n - 50), (int)n - 50);
    gzclose(file);
    ck_ok(open_idx("images.gz", "labels", &dataset));
    lks_dataset_destroy(dataset);
    temp_dir_remove();
}
END_TEST

/* ---- cifar10 --------------------------------------------------------------------- */

START_TEST(cifar10_files_follow_one_another)
{
    static float inputs[RECORD - 1];
    int64_t target;
    lks_dataset *dataset;

    temp_dir_make();
    put_cifar10("a.bin", 0, 700); /* more than one chunk */
    put_cifar10("b.bin", 700, 512);
    put_cifar10("c.bin", 1212, 1);
    ck_ok(open_cifar10(3, &dataset));
    ck_assert_uint_eq(lks_dataset_n_samples(dataset), 1213);
    ck_assert_int_eq(inputs_of(dataset)->n_dims, 3);
    ck_assert(inputs_of(dataset)->sizes[0] == 3 && inputs_of(dataset)->sizes[1] == 32 &&
              inputs_of(dataset)->sizes[2] == 32);
    for (uint64_t i = 0; i < 1213; i++) {
        gather(dataset, &i, 1, inputs, &target);
        ck_assert_int_eq(target, (int64_t)(i % 10));
        for (int p = 1; p < RECORD; p++)
            ck_assert(inputs[p - 1] == (float)((7 * i + (uint64_t)p) % 256) / 255);
    }
    lks_dataset_destroy(dataset);
    temp_dir_remove();
}
END_TEST

START_TEST(cifar10_classes_have_the_names_beside_the_records)
{
    lks_dataset *dataset;

    temp_dir_make();
    put_cifar10("a.bin", 0, 3);
    ck_ok(open_cifar10(1, &dataset));
    ck_assert_ptr_null(lks_dataset_class_name(dataset, 0));
    lks_dataset_destroy(dataset);
    file_put(temp_path("batches.meta.txt"), "a\nb b\r\nc\n\nd\ne\nf\ng\nh\ni\nj", 23);
    ck_ok(open_cifar10(1, &dataset));
    ck_assert_str_eq(lks_dataset_class_name(dataset, 0), "a");
    ck_assert_str_eq(lks_dataset_class_name(dataset, 1), "b b");
    ck_assert_str_eq(lks_dataset_class_name(dataset, 9), "j");
    ck_assert_ptr_null(lks_dataset_class_name(dataset, 10));
    ck_assert_ptr_null(lks_dataset_class_name(dataset, -1));
    lks_dataset_destroy(dataset);
    file_put(temp_path("batches.meta.txt"), "a\nb\n", 4);
    ck_fails(open_cifar10(1, &dataset), LKS_FORMAT, "/batches.meta.txt: names 2 classes");
    temp_dir_remove();
}
END_TEST

START_TEST(cifar10_files_of_another_kind_are_refused)
{
    lks_dataset *dataset;

    temp_dir_make();
    put_cifar10("a.bin", 0, 2);
    file_put(temp_path("b.bin"), "", 0);
    ck_fails(open_cifar10(2, &dataset), LKS_FORMAT, "/b.bin: the file is empty");
    file_put(temp_path("b.bin"), "\1\2", 2);
    ck_fails(open_cifar10(2, &dataset), LKS_IO,
             "/b.bin: file ends after 2 bytes, which is no multiple of a record's 3073");
    put_cifar10("b.bin", 0, 3);
    ck_assert_int_eq(truncate(temp_path("b.bin"), 3 * RECORD - 1), 0);
    ck_fails(open_cifar10(2, &dataset), LKS_IO, "/b.bin: file ends after 9218 bytes");
    put_cifar10("b.bin", 0, 3);
    FILE *file = fopen(temp_path("b.bin"), "r+b");
    fseek(file, 2 * RECORD, SEEK_SET);
    fputc(10, file);
    fclose(file);
    ck_fails(open_cifar10(2, &dataset), LKS_FORMAT,
             "/b.bin: record 2 has label 10; CIFAR-10's are 0 to 9");
    temp_dir_remove();
}
END_TEST

/* ---- npy ------------------------------------------------------------------------- */

START_TEST(npy_floats_become_f32_and_integers_stay_what_they_are)
{
    static const int64_t x_i64[] = {1, -2, 3, 4, 5, INT64_MAX}, two_by_three[] = {2, 3};
    static const double x_f64[] = {1, -2, 3, 4, 5, 6};
    static const float x_f32[] = {1, -2, 3, 4, 5, 6};
    static const int16_t x_i16[] = {1, -2, 3, 4, 5, 6};
    static const int32_t x_i32[] = {1, -2, 3, 4, 5, INT32_MAX};
    static const uint16_t x_f16[] = {0x3c00, 0xc000, 0x4200, 0x4400, 0x4500, 0x4600};
    static const struct {
        lks_dtype dtype;
        const void *data;
        lks_dtype field;
        const void *want;
    } inputs[] = {{LKS_I64, x_i64, LKS_I64, x_i64}, {LKS_F64, x_f64, LKS_F32, x_f32},
                  {LKS_I32, x_i32, LKS_I32, x_i32}, {LKS_I16, x_i16, LKS_I16, x_i16},
                  {LKS_F16, x_f16, LKS_F32, x_f32}, {LKS_F32, x_f32, LKS_F32, x_f32}};
    static const int16_t y_i16[] = {-7, 300};
    static const uint64_t all[] = {0, 1};

    temp_dir_make();
    put_npy("y.npy", LKS_I16, 1, (int64_t[]){2}, y_i16);
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
        lks_dataset *dataset;
        int64_t x[6], y[2];

        put_npy("x.npy", inputs[i].dtype, 2, two_by_three, inputs[i].data);
        ck_ok(open_npy(&dataset));
        ck_assert_int_eq(inputs_of(dataset)->n_dims, 1);
        ck_assert_int_eq(inputs_of(dataset)->sizes[0], 3);
        ck_assert_int_eq(inputs_of(dataset)->dtype, inputs[i].field);
        ck_assert_int_eq(targets_of(dataset)->dtype, LKS_I64);
        gather(dataset, all, 2, x, y);
        ck_assert_mem_eq(x, inputs[i].want, 6 * lks_dtype_size_bytes(inputs[i].field));
        ck_assert(y[0] == -7 && y[1] == 300);
        lks_dataset_destroy(dataset);
    }
    temp_dir_remove();
}
END_TEST

START_TEST(integers_that_stay_are_not_normalized)
{
    lks_dataset_source source = {.format = "npy",
                                 .root = temp_dir,
                                 .n_files = 2,
                                 .files = {"x.npy", "y.npy"},
                                 .n_channels = 1,
                                 .std = {1}};
    lks_dataset *dataset;

    temp_dir_make();
    put_npy("x.npy", LKS_I32, 1, (int64_t[]){2}, (int32_t[]){1, 2});
    put_npy("y.npy", LKS_I16, 1, (int64_t[]){2}, (int16_t[]){0, 1});
    ck_fails(lks_dataset_open(&source, &dataset), LKS_INVALID,
             "normalize: the inputs of x.npy are int32 and stay so; floats and uint8 are "
             "normalized");
    temp_dir_remove();
}
END_TEST

START_TEST(npy_targets_of_any_integer_dtype_are_classes)
{
    const struct {
        lks_dtype dtype;
        const void *data;
    } targets[] = {{LKS_I64, (int64_t[]){1, 0}},
                   {LKS_I32, (int32_t[]){1, 0}},
                   {LKS_I16, (int16_t[]){1, 0}},
                   {LKS_U8, (uint8_t[]){1, 0}},
                   {LKS_BOOL, (uint8_t[]){1, 0}}};
    static const uint64_t all[] = {0, 1};

    temp_dir_make();
    put_npy("x.npy", LKS_BOOL, 1, (int64_t[]){2}, (uint8_t[]){1, 0});
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        lks_dataset *dataset;
        float x[2];
        int64_t y[2];

        put_npy("y.npy", targets[i].dtype, 1, (int64_t[]){2}, targets[i].data);
        ck_ok(open_npy(&dataset));
        gather(dataset, all, 2, x, y);
        ck_assert(x[0] == 1 && x[1] == 0 && y[0] == 1 && y[1] == 0);
        lks_dataset_destroy(dataset);
    }
    temp_dir_remove();
}
END_TEST

/* One dimension of n elements in a dtype that put_npy does not write. */
static void put_raw_npy(const char *name, const char *descr, int n, const void *data,
                        size_t n_bytes)
{
    char file[256] = "\x93NUMPY\x01\0";
    const int n_text =
        snprintf(file + 10, 100,
                 "{'descr': '%s', 'fortran_order': False, 'shape': (%d,)}", descr, n);

    file[8] = (char)n_text;
    memcpy(file + 10 + n_text, data, n_bytes);
    file_put(temp_path(name), file, 10 + (size_t)n_text + n_bytes);
}

static int64_t integer_at(lks_dtype dtype, const void *values, int i)
{
    return dtype == LKS_I16   ? ((const int16_t *)values)[i]
           : dtype == LKS_I32 ? ((const int32_t *)values)[i]
                              : ((const int64_t *)values)[i];
}

START_TEST(npy_integers_that_we_have_no_dtype_for_are_inputs_and_classes_too)
{
    static const struct {
        const char *descr;
        unsigned char bytes[16];
        size_t width;
        lks_dtype dtype;
        int64_t values[2];
    } files[] = {
        {"|i1", {0x80, 3}, 1, LKS_I16, {-128, 3}},
        {">u2", {0xff, 0xff, 0, 3}, 2, LKS_I32, {65535, 3}},
        {"<u4", {0xff, 0xff, 0xff, 0xff, 3}, 4, LKS_I64, {UINT32_MAX, 3}},
        {"<u8", {0, 0, 0, 0, 0, 0, 0, 0x40, 3}, 8, LKS_I64, {INT64_C(1) << 62, 3}},
    };
    static const uint64_t all[] = {0, 1};

    temp_dir_make();
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        lks_dataset *dataset;
        int64_t x[2], y[2];

        put_raw_npy("x.npy", files[i].descr, 2, files[i].bytes, 2 * files[i].width);
        put_raw_npy("y.npy", files[i].descr, 2, files[i].bytes, 2 * files[i].width);
        ck_ok(open_npy(&dataset));
        ck_assert_int_eq(inputs_of(dataset)->dtype, files[i].dtype);
        gather(dataset, all, 2, x, y);
        for (int k = 0; k < 2; k++) {
            ck_assert_int_eq(integer_at(files[i].dtype, x, k), files[i].values[k]);
            ck_assert_int_eq(y[k], files[i].values[k]);
        }
        ck_fails(check_labels(dataset, 10), LKS_FORMAT, "/y.npy: sample 0 has label ");
        lks_dataset_destroy(dataset);
    }
    put_raw_npy("y.npy", "<u8", 2, "\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x80", 16);
    ck_fails(open_npy(&(lks_dataset *){NULL}), LKS_FORMAT,
             "/y.npy[1]: 9223372036854775808 is beyond int64");
    temp_dir_remove();
}
END_TEST

START_TEST(a_double_that_float32_has_only_infinity_for_is_named)
{
    const double huge[] = {1, -1e300, 2, 3}, infinite[] = {1, -HUGE_VAL, NAN, 3};
    static const float zeros[4];
    static const uint64_t first[] = {0};
    lks_dataset *dataset;
    float x[2], y;

    temp_dir_make();
    put_npy("x.npy", LKS_F64, 2, (int64_t[]){2, 2}, huge);
    put_npy("y.npy", LKS_F32, 1, (int64_t[]){2}, zeros);
    ck_fails(open_npy(&dataset), LKS_FORMAT,
             "/x.npy: sample 0 has the value -1e+300, beyond float32");
    put_npy("x.npy", LKS_F32, 1, (int64_t[]){4}, zeros);
    put_npy("y.npy", LKS_F64, 1, (int64_t[]){4}, huge);
    ck_fails(open_npy(&dataset), LKS_FORMAT,
             "/y.npy: sample 1 has the value -1e+300, beyond float32");
    put_npy("x.npy", LKS_F64, 2, (int64_t[]){2, 2}, infinite); /* as they stand */
    put_npy("y.npy", LKS_F32, 1, (int64_t[]){2}, zeros);
    ck_ok(open_npy(&dataset));
    gather(dataset, first, 1, x, &y);
    ck_assert(isinf(x[1]) && x[1] < 0);
    lks_dataset_destroy(dataset);
    temp_dir_remove();
}
END_TEST

START_TEST(npy_bytes_are_pixels_and_float_targets_are_values)
{
    static const uint8_t x_u8[] = {0, 51, 255};
    static const double y_f64[] = {0.5, 1.5, 2.5, 3.5, 4.5, 5.5};
    static const uint64_t last_first[] = {2, 0};
    lks_dataset *dataset;
    float x[2], y[4];

    temp_dir_make();
    put_npy("x.npy", LKS_U8, 1, (int64_t[]){3}, x_u8);
    put_npy("y.npy", LKS_F64, 2, (int64_t[]){3, 2}, y_f64);
    ck_ok(open_npy(&dataset));
    ck_assert_int_eq(inputs_of(dataset)->n_dims, 0);
    ck_assert_int_eq(targets_of(dataset)->dtype, LKS_F32);
    ck_assert_int_eq(targets_of(dataset)->n_dims, 1);
    ck_assert_int_eq(targets_of(dataset)->sizes[0], 2);
    gather(dataset, last_first, 2, x, y);
    ck_assert(x[0] == 1 && x[1] == 0);
    ck_assert(y[0] == 4.5f && y[1] == 5.5f && y[2] == 0.5f && y[3] == 1.5f);
    ck_fails(check_labels(dataset, 10), LKS_DTYPE,
             "/y.npy: the targets are float32 values, not classes");
    lks_dataset_destroy(dataset);
    temp_dir_remove();
}
END_TEST

START_TEST(npy_targets_may_be_a_class_for_each_place)
{
    static const int32_t y_i32[] = {3, 1, 4, 1, 5, 9};
    static const uint64_t last_first[] = {2, 0};
    lks_dataset *dataset;
    int64_t y[4];
    float x[2];

    temp_dir_make();
    put_npy("x.npy", LKS_F32, 1, (int64_t[]){3}, (const float[]){0, 1, 2});
    put_npy("y.npy", LKS_I32, 2, (int64_t[]){3, 2}, y_i32);
    ck_ok(open_npy(&dataset));
    ck_assert_int_eq(targets_of(dataset)->dtype, LKS_I64);
    ck_assert_int_eq(targets_of(dataset)->n_dims, 1);
    gather(dataset, last_first, 2, x, y);
    ck_assert(y[0] == 5 && y[1] == 9 && y[2] == 3 && y[3] == 1);
    lks_dataset_destroy(dataset);
    temp_dir_remove();
}
END_TEST

START_TEST(npy_arrays_that_do_not_go_together_are_refused)
{
    static const float zeros[16];
    lks_dataset *dataset;

    temp_dir_make();
    put_npy("x.npy", LKS_F32, 2, (int64_t[]){4, 2}, zeros);
    put_npy("y.npy", LKS_I32, 1, (int64_t[]){3}, zeros);
    ck_fails(open_npy(&dataset), LKS_FORMAT, "/x.npy holds 4 inputs but");
    put_npy("y.npy", LKS_F32, 0, NULL, zeros);
    ck_fails(open_npy(&dataset), LKS_FORMAT, "/y.npy: the array has 0 dimensions");
    put_npy("x.npy", LKS_F32, 6, (int64_t[]){1, 1, 1, 1, 1, 1}, zeros);
    ck_fails(open_npy(&dataset), LKS_FORMAT, "/x.npy: the array has 6 dimensions");
    put_npy("x.npy", LKS_F32, 2, (int64_t[]){0, 2}, zeros);
    put_npy("y.npy", LKS_F32, 1, (int64_t[]){0}, zeros);
    ck_fails(open_npy(&dataset), LKS_FORMAT, "/x.npy: holds no samples");
    put_npy("y.npy", LKS_F32, 2, (int64_t[]){4, 0}, zeros);
    put_npy("x.npy", LKS_F32, 2, (int64_t[]){4, 1}, zeros);
    ck_fails(open_npy(&dataset), LKS_FORMAT, "/y.npy: a size of its samples is 0");
    put_npy("x.npy", LKS_F32, 2, (int64_t[]){4, 0}, zeros);
    ck_fails(open_npy(&dataset), LKS_FORMAT, "/x.npy: a size of its samples is 0");
    temp_dir_remove();
}
END_TEST

LKS_SUITE("dataset_formats", idx_images_and_labels_are_gathered_in_the_order_asked_for,
          idx_with_four_sizes_has_channels, a_wrong_idx_magic_says_what_the_file_is,
          idx_sizes_are_checked, truncated_and_overlong_idx_files_are_refused,
          plain_and_gz_files_give_the_same_fingerprint, damaged_gz_files_are_refused,
          what_is_not_gzip_is_named_so,
          a_gz_header_cannot_ask_for_more_than_gzip_can_hold,
          a_file_of_several_gzip_members_is_one, cifar10_files_follow_one_another,
          cifar10_classes_have_the_names_beside_the_records,
          cifar10_files_of_another_kind_are_refused,
          npy_floats_become_f32_and_integers_stay_what_they_are,
          integers_that_stay_are_not_normalized,
          npy_targets_of_any_integer_dtype_are_classes,
          npy_integers_that_we_have_no_dtype_for_are_inputs_and_classes_too,
          a_double_that_float32_has_only_infinity_for_is_named,
          npy_bytes_are_pixels_and_float_targets_are_values,
          npy_targets_may_be_a_class_for_each_place,
          npy_arrays_that_do_not_go_together_are_refused)
