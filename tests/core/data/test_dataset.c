#include "core/data/dataset_files.h"

#include <fcntl.h>
#include <float.h>
#include <math.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "data/content_hash.h"
#include "io/block.h"
#include "golden/normalise.inc"

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

START_TEST(a_number_that_is_not_finite_is_named_with_its_file)
{
    lks_dataset *dataset;

    temp_dir_make();
    put_npy("x.npy", LKS_F32, 2, (int64_t[]){3, 2}, (float[]){1, 2, 3, 4, 5, NAN});
    put_npy("y.npy", LKS_F64, 1, (int64_t[]){3}, (double[]){1, -INFINITY, NAN});
    ck_ok(open_npy(&dataset));
    ck_fails(lks_dataset_check_finite(dataset, 0), LKS_NUMERIC,
             "/x.npy: sample 2 has the value nan in its inputs (number 1)");
    ck_fails(lks_dataset_check_finite(dataset, 1), LKS_NUMERIC,
             "/y.npy: sample 1 has the value -inf in its targets (number 0)");
    lks_dataset_destroy(dataset);

    put_npy("x.npy", LKS_F32, 1, (int64_t[]){2}, (float[]){FLT_MAX, -FLT_MIN});
    put_npy("y.npy", LKS_I64, 1, (int64_t[]){2}, (int64_t[]){0, -1});
    ck_ok(open_npy(&dataset));
    ck_ok(lks_dataset_check_finite(dataset, 0));
    ck_ok(lks_dataset_check_finite(dataset, 1));
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

LKS_SUITE("dataset", normalised_inputs_are_pytorchs_to_the_bit,
          a_normalisation_that_does_not_fit_is_refused,
          a_dataset_larger_than_what_it_takes_of_memory_is_opened,
          a_file_that_becomes_shorter_while_it_is_in_use_is_named,
          the_fingerprint_does_not_ask_where_one_file_ends,
          a_label_outside_the_classes_is_named_with_its_file,
          a_number_that_is_not_finite_is_named_with_its_file,
          a_source_that_makes_no_sense_is_refused, inputs_may_come_without_targets,
          a_missing_file_is_named_and_its_gz_brother_with_it,
          no_memory_is_an_error_wherever_it_happens,
          the_content_hash_sees_every_bit_and_length)
