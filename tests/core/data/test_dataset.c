#include "support/suite.h"

#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <zlib.h>

#include "base/alloc.h"
#include "data/content_hash.h"
#include "data/dataset.h"
#include "io/block.h"
#include "io/npy.h"
#include "support/temp_dir.h"
#include "golden/normalise.inc"

/* ---- files to read --------------------------------------------------------------- */

static size_t idx_bytes(unsigned char *out, uint32_t magic, int n_dims,
                        const uint32_t *dims, size_t n_data)
{
    for (int i = 0; i < 4 * (1 + n_dims); i++) {
        const uint32_t word = i < 4 ? magic : dims[i / 4 - 1];

        out[i] = (unsigned char)(word >> (24 - 8 * (i % 4)));
    }
    for (size_t i = 0; i < n_data; i++)
        out[4 * (1 + n_dims) + i] = (unsigned char)(i % 251);
    return (size_t)(4 * (1 + n_dims)) + n_data;
}

static void put_idx(const char *name, uint32_t magic, int n_dims, const uint32_t *dims,
                    size_t n_data)
{
    static unsigned char bytes[1 << 16];

    file_put(temp_path(name), bytes, idx_bytes(bytes, magic, n_dims, dims, n_data));
}

static void put_gz(const char *name, const void *bytes, size_t n)
{
    gzFile file = gzopen(temp_path(name), "wb");

    ck_assert_int_eq(gzwrite(file, bytes, (unsigned)n), (int)n);
    ck_assert_int_eq(gzclose(file), Z_OK);
}

/* 6 images of 4 x 5 with pixels 0, 1, 2 …, and labels 0 … 5 */
static void put_six(void)
{
    put_idx("images", 0x803, 3, (uint32_t[]){6, 4, 5}, 120);
    put_idx("labels", 0x801, 1, (uint32_t[]){6}, 6);
}

static lks_dataset_source idx_source(const char *images, const char *labels)
{
    return (lks_dataset_source){
        .format = "idx", .root = temp_dir, .n_files = 2, .files = {images, labels}};
}

static lks_status open_idx(const char *images, const char *labels, lks_dataset **out)
{
    const lks_dataset_source source = idx_source(images, labels);

    return lks_dataset_open(&source, out);
}

static void put_npy(const char *name, lks_dtype dtype, int ndim, const int64_t *sizes,
                    const void *data)
{
    lks_npy array = {.dtype = dtype, .ndim = ndim, .data = (void *)data};

    for (int d = 0; d < ndim; d++)
        array.sizes[d] = sizes[d];
    ck_ok(lks_npy_write(temp_path(name), &array));
}

static lks_status open_npy(lks_dataset **out)
{
    const lks_dataset_source source = {
        .format = "npy", .root = temp_dir, .n_files = 2, .files = {"x.npy", "y.npy"}};

    return lks_dataset_open(&source, out);
}

/* Inputs and targets of a format's dataset. */
static void gather(const lks_dataset *dataset, const uint64_t *indices, int64_t n,
                   void *inputs, void *targets)
{
    lks_field_batch fields[] = {{.data = inputs}, {.data = targets}};

    ck_ok(lks_dataset_gather(dataset, indices, n, fields));
}

static const lks_field *inputs_of(const lks_dataset *dataset)
{
    return lks_dataset_field(dataset, lks_dataset_find(dataset, "inputs"));
}

static const lks_field *targets_of(const lks_dataset *dataset)
{
    return lks_dataset_field(dataset, lks_dataset_find(dataset, "targets"));
}

static lks_status check_labels(const lks_dataset *dataset, int64_t n_classes)
{
    return lks_dataset_check_labels(dataset, lks_dataset_find(dataset, "targets"),
                                    n_classes, -100);
}

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

enum { RECORD = 3073 };

static lks_status open_cifar10(int n_files, lks_dataset **out)
{
    const lks_dataset_source source = {.format = "cifar10",
                                       .root = temp_dir,
                                       .n_files = n_files,
                                       .files = {"a.bin", "b.bin", "c.bin"}};

    return lks_dataset_open(&source, out);
}

/* n records; record i has label (first + i) % 10 and pixels of (7 i + p) % 256 */
static void put_cifar10(const char *name, int first, int n)
{
    unsigned char *bytes = malloc((size_t)n * RECORD);

    for (int i = 0; i < n; i++)
        for (int p = 0; p < RECORD; p++)
            bytes[i * RECORD + p] =
                (unsigned char)(p ? (7 * (first + i) + p) % 256 : (first + i) % 10);
    file_put(temp_path(name), bytes, (size_t)n * RECORD);
    free(bytes);
}

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

START_TEST(npy_arrays_that_do_not_go_together_are_refused)
{
    static const float zeros[16];
    lks_dataset *dataset;

    temp_dir_make();
    put_npy("x.npy", LKS_F32, 2, (int64_t[]){4, 2}, zeros);
    put_npy("y.npy", LKS_I32, 1, (int64_t[]){3}, zeros);
    ck_fails(open_npy(&dataset), LKS_FORMAT, "/x.npy holds 4 inputs but");
    put_npy("y.npy", LKS_I32, 2, (int64_t[]){4, 1}, zeros);
    ck_fails(open_npy(&dataset), LKS_FORMAT,
             "/y.npy: targets of int32 are classes and want 1 dimension, not 2");
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

/* ---- normalisation --------------------------------------------------------------- */

/* x of [3, …] in one sample, normalised by `source`, to the bit what PyTorch gave. */
static void check_normalised(lks_dataset_source source, const uint32_t *want, size_t n)
{
    static float x[256];
    const uint64_t first = 0;
    lks_dataset *dataset;
    float y;

    source.format = "npy";
    source.root = temp_dir;
    source.n_files = 2;
    source.files[0] = "x.npy";
    source.files[1] = "y.npy";
    put_npy("y.npy", LKS_F32, 1, (int64_t[]){1}, &(float){0});
    ck_ok(lks_dataset_open(&source, &dataset));
    gather(dataset, &first, 1, x, &y);
    ck_assert_mem_eq(x, want, n * sizeof *want);
    lks_dataset_destroy(dataset);
}

START_TEST(normalised_inputs_are_pytorchs_to_the_bit)
{
    unsigned char pixels[256], planes[48];
    float numbers[12];

    for (int i = 0; i < 256; i++)
        pixels[i] = (unsigned char)i;
    for (int i = 0; i < 48; i++)
        planes[i] = (unsigned char)(i % 16 * 16);
    for (int i = 0; i < 12; i++)
        numbers[i] = (float)(i - 6) / 7;
    temp_dir_make();
    put_npy("x.npy", LKS_U8, 2, (int64_t[]){1, 256}, pixels);
    check_normalised((lks_dataset_source){.n_channels = 0}, plain, 256);
    check_normalised((lks_dataset_source){.n_channels = 1, .mean = {0}, .std = {1}},
                     plain, 256);
    check_normalised(
        (lks_dataset_source){.n_channels = 1, .mean = {0.2860}, .std = {0.3530}},
        fashion_mnist, 256);
    put_npy("x.npy", LKS_U8, 3, (int64_t[]){1, 3, 16}, planes);
    check_normalised((lks_dataset_source){.n_channels = 3,
                                          .mean = {0.4914, 0.4822, 0.4465},
                                          .std = {0.2470, 0.2435, 0.2616}},
                     cifar10, 48);
    put_npy("x.npy", LKS_F32, 3, (int64_t[]){1, 3, 4}, numbers);
    check_normalised((lks_dataset_source){.n_channels = 3,
                                          .mean = {0.1, -0.2, 3.0},
                                          .std = {0.3, 1.7, 1e-3}},
                     floats, 12);
    temp_dir_remove();
}
END_TEST

START_TEST(a_normalisation_that_does_not_fit_is_refused)
{
    lks_dataset *dataset;
    lks_dataset_source source;

    temp_dir_make();
    put_six();
    source = idx_source("images", "labels");
    source.n_channels = 3;
    source.std[0] = source.std[1] = source.std[2] = 1;
    ck_fails(lks_dataset_open(&source, &dataset), LKS_INVALID,
             "normalize: mean and std of 3 channels, but the samples of images have 1");
    source.n_channels = 17;
    ck_fails(lks_dataset_open(&source, &dataset), LKS_INVALID, "17 channels; at most 16");
    source.n_channels = 1;
    source.std[0] = 0;
    ck_fails(lks_dataset_open(&source, &dataset), LKS_INVALID,
             "std 0 of channel 0 must be above 0");
    source.std[0] = 1e-60; /* 0 as f32 */
    ck_fails(lks_dataset_open(&source, &dataset), LKS_INVALID, "must be above 0");
    source.std[0] = 1;
    source.mean[0] = 1e60; /* infinite as f32 */
    ck_fails(lks_dataset_open(&source, &dataset), LKS_INVALID, "is not finite");
    temp_dir_remove();
}
END_TEST

/* ---- files that are mapped ---- */

/* The most memory this process has had, in MB. */
static long peak_mb(void)
{
    char line[256];
    FILE *file = fopen("/proc/self/status", "r");
    long kb = -1;

    while (kb < 0 && fgets(line, sizeof line, file))
        sscanf(line, "VmHWM: %ld", &kb);
    fclose(file);
    return kb / 1024;
}

/* n_mb of zeros in an array of u8, which take no room on the disk. */
static void put_large_npy(const char *name, int n_mb, int row)
{
    char head[128] = "\x93NUMPY\1\0\x76";
    const int n_text = snprintf(head + 10, 118,
                                "{'descr': '|u1', 'fortran_order': False, 'shape': "
                                "(%d, %d)}",
                                (n_mb << 20) / row, row);

    memset(head + 10 + n_text, ' ', (size_t)(118 - n_text));
    file_put(temp_path(name), head, 128);
    ck_assert_int_eq(truncate(temp_path(name), 128 + ((off_t)n_mb << 20)), 0);
}

START_TEST(a_dataset_larger_than_what_it_takes_of_memory_is_opened)
{
    enum { MB = 200, ROW = 4096, N = (MB << 20) / ROW };
    static const uint64_t indices[] = {N - 1, 17};
    static float x[2 * ROW], y[2];
    float *targets = calloc(N, sizeof *targets);
    lks_dataset *dataset;
    long before;

    temp_dir_make();
    put_large_npy("x.npy", MB, ROW);
    put_npy("y.npy", LKS_F32, 1, (int64_t[]){N}, targets);
    before = peak_mb();
    ck_ok(open_npy(&dataset));
    ck_assert_uint_eq(lks_dataset_n_samples(dataset), N);
    gather(dataset, indices, 2, x, y);
    ck_assert_int_lt(peak_mb() - before, MB / 10);
    lks_dataset_destroy(dataset);
    temp_dir_remove();
    free(targets);
}
END_TEST

START_TEST(a_file_that_becomes_shorter_while_it_is_in_use_is_named)
{
    static float inputs[2 * 20];
    int64_t targets[2];
    lks_field_batch fields[] = {{.data = inputs}, {.data = targets}};
    lks_dataset *dataset;

    lks_block_guard();
    temp_dir_make();
    put_six();
    ck_ok(open_idx("images", "labels", &dataset));
    ck_ok(lks_dataset_gather(dataset, (uint64_t[]){0, 5}, 2, fields));
    ck_assert_int_eq(truncate(temp_path("images"), 0), 0);
    ck_fails(lks_dataset_gather(dataset, (uint64_t[]){0, 5}, 2, fields), LKS_IO,
             "/images: the file has become shorter while it was in use, or its disk "
             "failed");
    fields[0].data = NULL; /* the labels are still there */
    ck_ok(lks_dataset_gather(dataset, (uint64_t[]){0, 5}, 2, fields));
    lks_dataset_destroy(dataset);
    temp_dir_remove();
}
END_TEST

START_TEST(the_fingerprint_does_not_ask_where_one_file_ends)
{
    lks_dataset *one, *three;
    uint64_t want;

    temp_dir_make();
    put_cifar10("a.bin", 0, 700);
    ck_ok(open_cifar10(1, &one));
    want = lks_dataset_fingerprint(one);
    put_cifar10("a.bin", 0, 1);
    put_cifar10("b.bin", 1, 512);
    put_cifar10("c.bin", 513, 187);
    ck_ok(open_cifar10(3, &three));
    ck_assert_uint_eq(lks_dataset_fingerprint(three), want);
    lks_dataset_destroy(three);
    put_cifar10("b.bin", 2, 512);
    ck_ok(open_cifar10(3, &three));
    ck_assert_uint_ne(lks_dataset_fingerprint(three), want);
    lks_dataset_destroy(three);
    lks_dataset_destroy(one);
    temp_dir_remove();
}
END_TEST

/* ---- the rest ---- */

START_TEST(a_label_outside_the_classes_is_named_with_its_file)
{
    lks_dataset *dataset;

    temp_dir_make();
    put_six();
    ck_ok(open_idx("images", "labels", &dataset));
    ck_ok(check_labels(dataset, 6));
    ck_fails(check_labels(dataset, 4), LKS_FORMAT,
             "/labels: sample 4 has label 4; with 4 classes labels are 0 to 3");
    lks_dataset_destroy(dataset);

    put_cifar10("a.bin", 0, 4);
    put_cifar10("b.bin", 4, 4);
    ck_ok(open_cifar10(2, &dataset));
    ck_fails(check_labels(dataset, 6), LKS_FORMAT, "/b.bin: sample 2 has label 6");
    lks_dataset_destroy(dataset);

    put_npy("x.npy", LKS_F32, 1, (int64_t[]){2}, (float[]){1, 2});
    put_npy("y.npy", LKS_I64, 1, (int64_t[]){2}, (int64_t[]){0, -1});
    ck_ok(open_npy(&dataset));
    ck_fails(check_labels(dataset, 6), LKS_FORMAT, "/y.npy: sample 1 has label -1");
    ck_ok(lks_dataset_check_labels(dataset, 1, 6, -1)); /* which is ignored */
    lks_dataset_destroy(dataset);
    temp_dir_remove();
}
END_TEST

START_TEST(a_source_that_makes_no_sense_is_refused)
{
    lks_dataset_source source = {.format = "arff", .n_files = 1, .files = {"a"}};
    lks_dataset *dataset;

    ck_fails(lks_dataset_open(&source, &dataset), LKS_INVALID,
             "unknown data format 'arff'; known are idx cifar10 npy");
    source.format = "idx";
    ck_fails(lks_dataset_open(&source, &dataset), LKS_INVALID,
             "data format idx wants 2 files, images and labels, not 1");
}
END_TEST

START_TEST(inputs_may_come_without_targets)
{
    static const float values[] = {1, 2, 3, 4, 5, 6};
    lks_dataset_source source = idx_source("images", NULL);
    lks_dataset *dataset = NULL;

    temp_dir_make();
    put_six();
    put_npy("x.npy", LKS_F32, 2, (int64_t[]){2, 3}, values);
    source.n_files = 1;
    source.inputs_only = true;
    ck_ok(lks_dataset_open(&source, &dataset));
    ck_assert_uint_eq(lks_dataset_n_samples(dataset), 6);
    ck_assert_int_eq(lks_dataset_n_fields(dataset), 1);
    ck_assert_int_eq(lks_dataset_field(dataset, 0)->sizes[2], 5);
    lks_dataset_destroy(dataset);
    source.format = "npy";
    source.files[0] = "x.npy";
    ck_ok(lks_dataset_open(&source, &dataset));
    ck_assert_uint_eq(lks_dataset_n_samples(dataset), 2);
    ck_assert_int_lt(lks_dataset_find(dataset, "targets"), 0);
    lks_dataset_destroy(dataset);
    temp_dir_remove();
}
END_TEST

START_TEST(a_missing_file_is_named_and_its_gz_brother_with_it)
{
    lks_dataset *dataset;
    lks_dataset_source source;

    temp_dir_make();
    put_six();
    ck_fails(open_idx("nothing", "labels", &dataset), LKS_IO, "/nothing: No such file");
    put_gz("packed.gz", "x", 1);
    ck_fails(open_idx("packed", "labels", &dataset), LKS_IO, "/packed.gz");
    ck_fails(open_idx("images.gz", "labels", &dataset), LKS_IO, "; there is ");
    source = idx_source("images", "/nowhere/labels"); /* absolute: without the root */
    ck_fails(lks_dataset_open(&source, &dataset), LKS_IO, "cannot open /nowhere/labels:");
    temp_dir_remove();
}
END_TEST

START_TEST(no_memory_is_an_error_wherever_it_happens)
{
    lks_dataset *dataset;

    temp_dir_make();
    put_six();
    put_cifar10("a.bin", 0, 700);
    put_npy("x.npy", LKS_F64, 1, (int64_t[]){2}, (double[]){1, 2});
    put_npy("y.npy", LKS_I32, 1, (int64_t[]){2}, (int32_t[]){0, 1});
    for (int format = 0; format < 3; format++) {
        for (long n = 0;; n++) {
            lks_status st;

            lks_alloc_fail_after(n);
            lks_error_clear();
            st = format == 0   ? open_idx("images", "labels", &dataset)
                 : format == 1 ? open_cifar10(1, &dataset)
                               : open_npy(&dataset);
            if (st == LKS_OK)
                break;
            ck_assert_int_eq(lks_error_status(), LKS_NOMEM);
        }
        ck_assert(!lks_alloc_has_failed());
        lks_alloc_fail_after(-1);
        lks_dataset_destroy(dataset);
    }
    temp_dir_remove();
}
END_TEST

START_TEST(the_content_hash_sees_every_bit_and_length)
{
    enum { N = 200 };
    unsigned char bytes[N] = {0};
    uint64_t seen[8 * N + N + 1];
    int n_seen = 0;

    for (size_t n = 0; n <= N; n++)
        seen[n_seen++] = lks_content_hash(0, bytes, n);
    for (int bit = 0; bit < 8 * N; bit++) {
        bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        seen[n_seen++] = lks_content_hash(0, bytes, N);
        bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
    for (int i = 0; i < n_seen; i++)
        for (int j = 0; j < i; j++)
            ck_assert_uint_ne(seen[i], seen[j]);
    ck_assert_uint_ne(lks_content_hash(1, bytes, N), lks_content_hash(0, bytes, N));
}
END_TEST

LKS_SUITE("dataset", idx_images_and_labels_are_gathered_in_the_order_asked_for,
          idx_with_four_sizes_has_channels, a_wrong_idx_magic_says_what_the_file_is,
          inputs_may_come_without_targets, idx_sizes_are_checked,
          truncated_and_overlong_idx_files_are_refused,
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
          npy_arrays_that_do_not_go_together_are_refused,
          normalised_inputs_are_pytorchs_to_the_bit,
          a_normalisation_that_does_not_fit_is_refused,
          a_dataset_larger_than_what_it_takes_of_memory_is_opened,
          a_file_that_becomes_shorter_while_it_is_in_use_is_named,
          the_fingerprint_does_not_ask_where_one_file_ends,
          a_label_outside_the_classes_is_named_with_its_file,
          a_source_that_makes_no_sense_is_refused,
          a_missing_file_is_named_and_its_gz_brother_with_it,
          no_memory_is_an_error_wherever_it_happens,
          the_content_hash_sees_every_bit_and_length)
