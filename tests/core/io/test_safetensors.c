#include "support/suite.h"

#include <stdint.h>

#include <jansson.h>

#include "base/alloc.h"
#include "io/safetensors.h"
#include "support/temp_dir.h"
#include "golden/safetensors_files.inc"

static const float weight[] = {0, 1, 2, 3, 4, 5}, bias[] = {0.5f, -0.5f};
static const int64_t steps[] = {7};
static const uint16_t half[] = {0x3c00, 0x4000, 0x7bff};
static const uint8_t mask[] = {1, 0, 1}, last[] = {255};

/* What tests/golden/safetensors_files.py wrote, in no order. */
static const lks_safetensors_entry entries[] = {
    {.name = "0.weight", .dtype = LKS_F32, .ndim = 2, .sizes = {2, 3}, .data = weight},
    {.name = "mask", .dtype = LKS_BOOL, .ndim = 1, .sizes = {3}, .data = mask},
    {.name = "0.bias", .dtype = LKS_F32, .ndim = 1, .sizes = {2}, .data = bias},
    {.name = "none", .dtype = LKS_F64, .ndim = 2, .sizes = {0, 4}, .data = NULL},
    {.name = "half", .dtype = LKS_F16, .ndim = 1, .sizes = {3}, .data = half},
    {.name = "steps", .dtype = LKS_I64, .ndim = 0, .data = steps},
    {.name = "ünï \"q\"", .dtype = LKS_U8, .ndim = 1, .sizes = {1}, .data = last},
};
enum { N_ENTRIES = sizeof entries / sizeof *entries };

static void check_entries(const lks_safetensors *file)
{
    ck_assert_uint_eq(lks_safetensors_count(file), N_ENTRIES);
    for (int i = 0; i < N_ENTRIES; i++) {
        const lks_safetensors_entry *got = lks_safetensors_find(file, entries[i].name);
        size_t n_bytes = lks_dtype_size_bytes(entries[i].dtype);

        ck_assert_ptr_nonnull(got);
        ck_assert_int_eq(got->dtype, entries[i].dtype);
        ck_assert_int_eq(got->ndim, entries[i].ndim);
        for (int d = 0; d < got->ndim; d++) {
            ck_assert_int_eq(got->sizes[d], entries[i].sizes[d]);
            n_bytes *= (size_t)got->sizes[d];
        }
        ck_assert_uint_eq(got->size_bytes, n_bytes);
        ck_assert_uint_eq((uintptr_t)got->data % lks_dtype_size_bytes(got->dtype), 0);
        if (n_bytes > 0)
            ck_assert_mem_eq(got->data, entries[i].data, n_bytes);
    }
}

START_TEST(the_reference_writers_file_is_read)
{
    lks_safetensors *file;

    ck_ok(lks_safetensors_parse(golden_file, sizeof golden_file, "golden", &file));
    check_entries(file);
    ck_assert_ptr_null(lks_safetensors_find(file, "0.weigh"));
    lks_safetensors_close(file);
    ck_ok(lks_safetensors_parse(golden_file_with_metadata,
                                sizeof golden_file_with_metadata, "golden", &file));
    ck_assert_uint_eq(lks_safetensors_count(file), 1);
    ck_assert_str_eq(lks_safetensors_at(file, 0)->name, "x");
    lks_safetensors_close(file);
    lks_safetensors_close(NULL);
}
END_TEST

START_TEST(what_is_written_is_read_back_from_disk)
{
    lks_safetensors *file;

    temp_dir_make();
    ck_ok(lks_safetensors_write(temp_path("m"), entries, N_ENTRIES));
    ck_ok(lks_safetensors_open(temp_path("m"), &file));
    check_entries(file);
    lks_safetensors_close(file);
    ck_ok(lks_safetensors_write(temp_path("m"), NULL, 0));
    ck_ok(lks_safetensors_open(temp_path("m"), &file));
    ck_assert_uint_eq(lks_safetensors_count(file), 0);
    lks_safetensors_close(file);
    ck_assert_int_eq(temp_dir_count(), 1);
    temp_dir_remove();
}
END_TEST

START_TEST(the_bytes_are_the_reference_writers_whatever_the_entries_order)
{
    const lks_safetensors_entry forth[] = {entries[0], entries[1], entries[2], entries[4],
                                           entries[5]};
    const lks_safetensors_entry back[] = {entries[5], entries[4], entries[2], entries[1],
                                          entries[0]};
    unsigned char bytes[1024];

    temp_dir_make();
    ck_ok(lks_safetensors_write(temp_path("a"), forth, 5));
    ck_assert_uint_eq(file_get(temp_path("a"), bytes, sizeof bytes), sizeof golden_plain);
    ck_assert_mem_eq(bytes, golden_plain, sizeof golden_plain);
    ck_ok(lks_safetensors_write(temp_path("a"), back, 5));
    ck_assert_uint_eq(file_get(temp_path("a"), bytes, sizeof bytes), sizeof golden_plain);
    ck_assert_mem_eq(bytes, golden_plain, sizeof golden_plain);
    temp_dir_remove();
}
END_TEST

/* A file of this header and n_data bytes of data. */
static size_t build(char *out, const char *header, size_t n_header, size_t n_data)
{
    memset(out, 0, 8);
    out[0] = (char)n_header;
    out[1] = (char)(n_header >> 8);
    memcpy(out + 8, header, n_header);
    memset(out + 8 + n_header, 1, n_data);
    return 8 + n_header + n_data;
}

#define A(dtype, shape, span)                                                            \
    "{\"a\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" span "}}"
#define AB(a, b)                                                                         \
    "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":" a "},"                    \
    "\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":" b "}}"

static const struct {
    const char *header;
    size_t n_data;
    lks_status status; /* LKS_OK: the file is fine */
    const char *text;
} cases[] = {
    {"{}", 0, LKS_OK, ""},
    {"{}\n  ", 0, LKS_OK, ""},
    {A("F32", "[2,3]", "[0,24]"), 24, LKS_OK, ""},
    {A("F32", "[]", "[0,4]"), 4, LKS_OK, ""},
    {A("F32", "[3,0]", "[0,0]"), 0, LKS_OK, ""},
    {AB("[4,8]", "[0,4]"), 8, LKS_OK, ""},
    {"{\"__metadata__\":{\"k\":\"v\"}}", 0, LKS_OK, ""},
    {"{\"__metadata__\":{}}", 0, LKS_OK, ""},
    {"{\"__metadata__\":null}", 0, LKS_OK, ""},
    {"{\"__metadata__\":{\"k\":\"a\\u0000\\ud83d\\ude00\"}}", 0, LKS_OK, ""},
    {"{\"\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1],\"more\":1}}", 1,
     LKS_OK, ""},

    {"", 0, LKS_FORMAT, "does not start with '{'"},
    {" {}", 0, LKS_FORMAT, "does not start with '{'"},
    {"[]", 0, LKS_FORMAT, "does not start with '{'"},
    {"{", 0, LKS_FORMAT, "header, byte"},
    {"{}{}", 0, LKS_FORMAT, "header, byte"},
    {"{\"a\":1}", 0, LKS_FORMAT, "'a' is not described by an object"},
    {"{\"\xff\":1}", 0, LKS_FORMAT, "unable to decode byte 0xff"},
    {"{1:2}", 0, LKS_FORMAT, "header, byte"},
    {"{\"a\\u0000b\":{}}", 0, LKS_FORMAT, "NUL byte in object key"},
    {"{\"a\":{},\"a\":{}}", 0, LKS_FORMAT, "duplicate object key"},
    {"{\"a\\n\\u001b[1m\\u007f\":1}", 0, LKS_FORMAT, "'a??[1m?' is not described"},
    {"{\"__metadata__\":{\"k\":1}}", 0, LKS_FORMAT, "'k' of __metadata__ is not a text"},
    {"{\"__metadata__\":{\"k\":null}}", 0, LKS_FORMAT,
     "'k' of __metadata__ is not a text"},
    {"{\"__metadata__\":{\"k\":\"\\ud83d\"}}", 0, LKS_FORMAT, "header, byte"},
    {"{\"__metadata__\":7}", 0, LKS_FORMAT, "__metadata__ is not an object"},
    {"{\"a\":null}", 0, LKS_FORMAT, "'a' is not described by an object"},
    {A("F32\\u0000", "[1]", "[0,4]"), 4, LKS_FORMAT, "dtype F32; known are"},
    {"{\"__metadata__\":[]}", 0, LKS_FORMAT, "__metadata__ is not an object"},

    {"{\"a\":{}}", 0, LKS_FORMAT, "no \"dtype\""},
    {"{\"a\":{\"dtype\":7}}", 0, LKS_FORMAT, "no \"dtype\""},
    {A("F8_E4M3", "[1]", "[0,1]"), 1, LKS_FORMAT, "dtype F8_E4M3; known are"},
    {A("f32", "[1]", "[0,4]"), 4, LKS_FORMAT, "dtype f32; known are"},
    {A("U8", "1", "[0,1]"), 1, LKS_FORMAT, "no \"shape\""},
    {A("U8", "[1.0]", "[0,1]"), 1, LKS_FORMAT, "not of whole numbers"},
    {A("U8", "[-1]", "[0,1]"), 1, LKS_FORMAT, "not of whole numbers"},
    {A("U8", "[-2,-2]", "[0,4]"), 4, LKS_FORMAT, "not of whole numbers"},
    {A("U8", "[\"1\"]", "[0,1]"), 1, LKS_FORMAT, "not of whole numbers"},
    {A("U8", "[1,1,1,1,1,1,1,1,1]", "[0,1]"), 1, LKS_FORMAT, "9 dimensions; at most 8"},
    {A("U8", "[99999999999999999999]", "[0,1]"), 1, LKS_FORMAT, "too big integer"},
    {A("F64", "[4611686018427387904,4]", "[0,0]"), 0, LKS_FORMAT, "overflows"},
    {A("F64", "[2305843009213693952]", "[0,0]"), 0, LKS_FORMAT, "overflows"},
    {A("U8", "[1]", "7"), 1, LKS_FORMAT, "\"data_offsets\""},
    {A("U8", "[1]", "[0]"), 1, LKS_FORMAT, "\"data_offsets\""},
    {A("U8", "[1]", "[0,1,2]"), 1, LKS_FORMAT, "\"data_offsets\""},
    {A("U8", "[1]", "[-1,0]"), 1, LKS_FORMAT, "\"data_offsets\""},
    {A("U8", "[1]", "[1,0]"), 1, LKS_FORMAT, "\"data_offsets\""},
    {A("U8", "[1]", "[0,1.5]"), 1, LKS_FORMAT, "\"data_offsets\""},
    {A("F32", "[2,3]", "[0,20]"), 20, LKS_FORMAT,
     "'a' takes 24 bytes by shape and dtype but 20"},

    {AB("[0,4]", "[0,4]"), 4, LKS_FORMAT, "'a' and 'b' overlap"},
    {AB("[0,4]", "[3,7]"), 7, LKS_FORMAT, "'a' and 'b' overlap"},
    {AB("[0,4]", "[5,9]"), 9, LKS_FORMAT, "data bytes 4 to 5 belong to no array"},
    {AB("[2,6]", "[6,10]"), 10, LKS_FORMAT, "data bytes 0 to 2 belong to no array"},
    {A("U8", "[4]", "[0,4]"), 3, LKS_IO, "file ends after 64 of 65 bytes"},
    {A("U8", "[4]", "[0,4]"), 5, LKS_FORMAT, "file goes on after the 65 bytes"},
    {A("U8", "[9223372036854775807]", "[0,9223372036854775807]"), 5, LKS_IO,
     "file ends after"},
};

START_TEST(each_rule_of_the_format_is_kept)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lks_safetensors *file = NULL;
        char bytes[512];
        const size_t n =
            build(bytes, cases[i].header, strlen(cases[i].header), cases[i].n_data);

        if (cases[i].status == LKS_OK) {
            ck_ok(lks_safetensors_parse(bytes, n, "m.safetensors", &file));
            lks_safetensors_close(file);
            continue;
        }
        ck_fails(lks_safetensors_parse(bytes, n, "m.safetensors", &file), cases[i].status,
                 cases[i].text);
        ck_assert_ptr_null(file);
        lks_safetensors_parse(bytes, n, "m.safetensors", &file);
        ck_assert_ptr_nonnull(strstr(lks_error_text(), "m.safetensors: "));
    }
}
END_TEST

START_TEST(a_failure_that_stood_stands_after_a_file_is_refused)
{
    static const char header[] = A("F64", "[4611686018427387904,4]", "[0,0]");
    lks_safetensors *file;
    char bytes[128];

    lks_error_clear();
    lks_fail(LKS_SHAPE, "what went wrong first");
    ck_assert_int_eq(lks_safetensors_parse(
                         bytes, build(bytes, header, sizeof header - 1, 0), "m", &file),
                     LKS_FORMAT);
    ck_assert_str_eq(lks_error_text(), "what went wrong first");
}
END_TEST

START_TEST(a_raw_zero_byte_in_a_name_is_refused)
{
    static const char header[] = "{\"a\0b\":{}}";
    lks_safetensors *file;
    char bytes[64];

    ck_fails(lks_safetensors_parse(bytes, build(bytes, header, sizeof header - 1, 0), "m",
                                   &file),
             LKS_FORMAT, "header, byte");
}
END_TEST

START_TEST(deep_nesting_is_refused)
{
    static char header[20000], bytes[20008];
    lks_safetensors *file;

    memset(header, '[', sizeof header);
    memcpy(header, "{\"a\":", 5);
    ck_fails(
        lks_safetensors_parse(bytes, build(bytes, header, sizeof header, 0), "m", &file),
        LKS_FORMAT, "maximum parsing depth");
}
END_TEST

START_TEST(a_header_length_is_not_believed)
{
    unsigned char bytes[16] = {0};
    lks_safetensors *file;

    ck_fails(lks_safetensors_parse("", 0, "m", &file), LKS_IO, "file ends after 0 of 8");
    bytes[0] = 9;
    ck_fails(lks_safetensors_parse(bytes, 16, "m", &file), LKS_IO,
             "file ends after 16 of 17 bytes");
    memset(bytes, 0xff, 8);
    ck_fails(lks_safetensors_parse(bytes, 16, "m", &file), LKS_FORMAT,
             "header would have 18446744073709551615 bytes; at most 100000000");
    memcpy(bytes, "\x00\xe1\xf5\x05\0\0\0\0", 8); /* 100,000,000: allowed, not there */
    ck_fails(lks_safetensors_parse(bytes, 16, "m", &file), LKS_IO, "file ends after 16");
}
END_TEST

START_TEST(every_truncation_of_a_file_is_refused)
{
    for (size_t n = 0; n < sizeof golden_file; n++) {
        lks_safetensors *file = NULL;
        char *bytes = malloc(n + 1); /* on the heap, for the sanitizer */

        memcpy(bytes, golden_file, n);
        ck_fails(lks_safetensors_parse(bytes, n, "m", &file), LKS_IO, "file ends after");
        free(bytes);
    }
}
END_TEST

START_TEST(unaligned_arrays_are_given_out_aligned)
{
    static const char header[] =
        "{\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
        "\"f\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[1,9]},"
        "\"g\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[9,17]}}";
    static const float f[] = {1.5f, -2};
    static const double g = 3.25;
    lks_safetensors *file;
    char bytes[512];
    const size_t n = build(bytes, header, sizeof header - 1, 17);

    memcpy(bytes + n - 16, f, sizeof f);
    memcpy(bytes + n - 8, &g, sizeof g);
    ck_ok(lks_safetensors_parse(bytes, n, "m", &file));
    ck_assert(((const float *)lks_safetensors_find(file, "f")->data)[1] == -2);
    ck_assert(*(const double *)lks_safetensors_find(file, "g")->data == 3.25);
    lks_safetensors_close(file);
    for (long k = 0;; k++) {
        lks_alloc_fail_after(k);
        lks_error_clear();
        if (lks_safetensors_parse(bytes, n, "m", &file) == LKS_OK)
            break;
        ck_assert_int_eq(lks_error_status(), LKS_NOMEM);
    }
    lks_alloc_fail_after(-1);
    lks_safetensors_close(file);
}
END_TEST

START_TEST(an_unaligned_array_may_be_empty)
{
    static const char header[] =
        "{\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
        "\"f\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[1,1]}}";
    lks_safetensors *file;
    char bytes[512];
    const size_t n = build(bytes, header, sizeof header - 1, 1);

    ck_ok(lks_safetensors_parse(bytes, n, "m", &file));
    ck_assert_uint_eq(lks_safetensors_find(file, "f")->size_bytes, 0);
    ck_assert_ptr_nonnull(lks_safetensors_find(file, "f")->data);
    lks_safetensors_close(file);
}
END_TEST

START_TEST(a_missing_file_is_named)
{
    lks_safetensors *file;

    ck_fails(lks_safetensors_open("/nowhere/m.safetensors", &file), LKS_IO,
             "cannot open /nowhere/m.safetensors: No such file");
    ck_fails(lks_safetensors_open("/tmp", &file), LKS_IO, "/tmp: Is a directory");
}
END_TEST

START_TEST(entries_that_cannot_be_written_are_refused)
{
    lks_safetensors_entry two[2] = {entries[0], entries[1]};

    temp_dir_make();
    two[1].name = "0.weight";
    ck_fails(lks_safetensors_write(temp_path("m"), two, 2), LKS_INVALID,
             "'0.weight' comes twice");
    two[1].name = "__metadata__";
    ck_fails(lks_safetensors_write(temp_path("m"), two, 2), LKS_INVALID, "reserved");
    two[1].name = "\xff";
    ck_fails(lks_safetensors_write(temp_path("m"), two, 2), LKS_INVALID, "not UTF-8");
    two[1] = entries[1];
    two[1].sizes[0] = -3;
    ck_fails(lks_safetensors_write(temp_path("m"), two, 2), LKS_INVALID,
             "'mask' has size -3 in dimension 0");
    two[1].ndim = 9;
    ck_fails(lks_safetensors_write(temp_path("m"), two, 2), LKS_INVALID,
             "'mask' has 9 dimensions");
    two[1] = (lks_safetensors_entry){
        .name = "big", .dtype = LKS_F64, .ndim = 2, .sizes = {INT64_MAX, INT64_MAX}};
    ck_fails(lks_safetensors_write(temp_path("m"), two, 2), LKS_INVALID, "overflows");
    ck_assert_int_eq(temp_dir_count(), 0);
    temp_dir_remove();
}
END_TEST

START_TEST(no_memory_leaves_nothing_behind)
{
    lks_safetensors *file;

    temp_dir_make();
    for (long n = 0;; n++) {
        lks_alloc_fail_after(n);
        lks_error_clear();
        if (lks_safetensors_write(temp_path("m"), entries, N_ENTRIES) == LKS_OK)
            break;
        ck_assert_int_eq(lks_error_status(), LKS_NOMEM);
        ck_assert_int_eq(temp_dir_count(), 0);
    }
    ck_assert(!lks_alloc_has_failed());
    for (long n = 0;; n++) {
        lks_alloc_fail_after(n);
        lks_error_clear();
        if (lks_safetensors_open(temp_path("m"), &file) == LKS_OK)
            break;
        ck_assert_int_eq(lks_error_status(), LKS_NOMEM);
    }
    ck_assert(!lks_alloc_has_failed());
    lks_alloc_fail_after(-1);
    lks_safetensors_close(file);
    temp_dir_remove();
}
END_TEST

static long json_blocks_left;

static void *json_malloc(size_t n_bytes)
{
    return json_blocks_left-- == 0 ? NULL : malloc(n_bytes);
}

START_TEST(no_memory_for_the_header_writes_no_header)
{
    lks_safetensors *file;
    lks_status st = LKS_NOMEM;

    temp_dir_make();
    for (long n = 0; st != LKS_OK; n++) {
        ck_assert_int_eq(temp_dir_count(), 0);
        json_blocks_left = n;
        json_set_alloc_funcs(json_malloc, free);
        lks_error_clear();
        st = lks_safetensors_write(temp_path("m"), entries, N_ENTRIES);
    }
    json_set_alloc_funcs(malloc, free);
    ck_ok(lks_safetensors_open(temp_path("m"), &file));
    check_entries(file);
    lks_safetensors_close(file);
    temp_dir_remove();
}
END_TEST

LKS_SUITE("safetensors", the_reference_writers_file_is_read,
          what_is_written_is_read_back_from_disk,
          the_bytes_are_the_reference_writers_whatever_the_entries_order,
          each_rule_of_the_format_is_kept,
          a_failure_that_stood_stands_after_a_file_is_refused,
          a_raw_zero_byte_in_a_name_is_refused, deep_nesting_is_refused,
          a_header_length_is_not_believed, every_truncation_of_a_file_is_refused,
          unaligned_arrays_are_given_out_aligned, an_unaligned_array_may_be_empty,
          a_missing_file_is_named, entries_that_cannot_be_written_are_refused,
          no_memory_leaves_nothing_behind, no_memory_for_the_header_writes_no_header)
