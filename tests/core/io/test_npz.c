#include "support/suite.h"

#include <stdint.h>

#include "base/alloc.h"
#include "io/npz.h"
#include "support/temp_dir.h"
#include "golden/npz_files.inc"

static void open_bytes(const void *bytes, size_t n, lks_npz **out)
{
    ck_ok(lks_npz_parse(bytes, n, "x.npz", out));
}

static lks_status try_bytes(const void *bytes, size_t n)
{
    lks_npz *npz;
    lks_npy array;
    lks_status st = lks_npz_parse(bytes, n, "x.npz", &npz);

    if (st != LKS_OK)
        return st;
    st = lks_npz_read(npz, "x", &array);
    if (st == LKS_OK)
        lks_free(array.data);
    lks_npz_destroy(npz);
    return st;
}

/* ---- reading --------------------------------------------------------------------- */

static void check_golden(lks_npz *npz)
{
    lks_npy array;

    ck_ok(lks_npz_read(npz, "x", &array));
    ck_assert(array.dtype == LKS_F32 && array.ndim == 2);
    ck_assert(array.sizes[0] == 2 && array.sizes[1] == 3);
    ck_assert_mem_eq(array.data, ((float[]){0, 1, 2, 3, 4, 5}), 24);
    lks_free(array.data);
    ck_ok(lks_npz_read(npz, "y", &array));
    ck_assert(array.dtype == LKS_I64 && array.ndim == 1 && array.sizes[0] == 2);
    ck_assert_mem_eq(array.data, ((int64_t[]){3, 1}), 16);
    lks_free(array.data);
}

START_TEST(numpys_archives_are_read_stored_and_compressed)
{
    const struct {
        const unsigned char *bytes;
        size_t n;
    } files[] = {{savez, sizeof savez}, {savez_compressed, sizeof savez_compressed}};

    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        lks_npz *npz;
        lks_npy array;

        open_bytes(files[i].bytes, files[i].n, &npz);
        ck_assert_uint_eq(lks_npz_n_arrays(npz), 4);
        ck_assert_str_eq(lks_npz_name(npz, 0), "x");
        ck_assert_str_eq(lks_npz_name(npz, 2), "größe");
        check_golden(npz);
        ck_ok(lks_npz_read(npz, "größe", &array));
        ck_assert(array.ndim == 0 && *(double *)array.data == 2.5);
        lks_free(array.data);
        ck_ok(lks_npz_read(npz, "turned", &array));
        ck_assert_mem_eq(array.data, ((int32_t[]){0, 1, 2, 3, 4, 5}), 24);
        lks_free(array.data);
        lks_npz_destroy(npz);
    }
}
END_TEST

START_TEST(an_archive_that_was_streamed_is_read)
{
    lks_npz *npz;

    open_bytes(streamed, sizeof streamed, &npz);
    ck_assert_uint_eq(lks_npz_n_arrays(npz), 2);
    check_golden(npz);
    lks_npz_destroy(npz);
}
END_TEST

START_TEST(a_missing_array_is_told_with_those_that_are_there)
{
    lks_npz *npz;
    lks_npy array;

    open_bytes(savez, sizeof savez, &npz);
    ck_fails(lks_npz_read(npz, "z", &array), LKS_INVALID,
             "x.npz holds no array 'z'; it holds x, y, größe, turned");
    lks_npz_destroy(npz);
    open_bytes(nothing, sizeof nothing, &npz);
    ck_fails(lks_npz_read(npz, "z", &array), LKS_INVALID, "it holds none");
    lks_npz_destroy(npz);
}
END_TEST

/* ---- hostile files --------------------------------------------------------------- */

/* Offset of the n-th place where these four bytes stand. */
static size_t find_record(const unsigned char *bytes, size_t n_bytes, const char *record,
                          int n)
{
    for (size_t at = 0; at + 4 <= n_bytes; at++)
        if (memcmp(bytes + at, record, 4) == 0 && n-- == 0)
            return at;
    ck_abort_msg("no such record");
    return 0;
}

START_TEST(each_number_of_an_archive_is_checked)
{
    static const struct {
        const char *record;
        int n;     /* the how manieth of them */
        size_t at; /* in it */
        const char *bytes;
        size_t n_bytes;
        const char *says;
    } cases[] = {
        {"PK\5\6", 0, 0, "pk", 2, "x.npz: not a zip archive, or one that was cut"},
        {"PK\5\6", 0, 4, "\1", 1, "x.npz: one of several files of a zip archive"},
        {"PK\5\6", 0, 10, "\377\377", 2, "directory is not where its end record says"},
        {"PK\5\6", 0, 12, "\0", 1, "directory is not where its end record says"},
        {"PK\5\6", 0, 16, "\377\377\377\377", 4, "directory is not where its end"},
        {"PK\5\6", 0, 20, "\1", 1, "not a zip archive, or one that was cut"},
        {"PK\1\2", 0, 0, "pk", 2, "x.npz: the zip archive's directory is damaged"},
        {"PK\1\2", 0, 8, "\1", 1, "x.npz[x]: it is encrypted"},
        {"PK\1\2", 0, 10, "\14", 1,
         "x.npz[x]: compressed by zip's method 12; stored and "},
        {"PK\1\2", 0, 10, "\10", 1, "x.npz[x]: file ends after "},
        {"PK\1\2", 0, 16, "\0\0\0\0", 4, "x.npz[x]: damaged: its CRC-32 is "},
        {"PK\1\2", 0, 20, "\1", 1, "x.npz[x]: its archive says it has 1"},
        {"PK\1\2", 0, 20, "\377\377\377\377", 4,
         "the zip archive's directory is damaged"},
        {"PK\1\2", 0, 20, "\377\377\377\176", 4, "'x.npy' of the zip archive is out of "},
        {"PK\1\2", 0, 24, "\1", 1, "x.npz[x]: its archive says it has "},
        {"PK\1\2", 0, 28, "\377\377", 2, "the zip archive's directory is damaged"},
        {"PK\1\2", 0, 34, "\1", 1, "the zip archive's directory is damaged"},
        {"PK\1\2", 0, 42, "\1", 1, "x.npz[x]: it is not where its archive says"},
        {"PK\1\2", 0, 42, "\377\377\377\176", 4,
         "of the zip archive is out of bounds or "},
        {"PK\1\2", 0, 46, "\0", 1, "the zip archive's directory is damaged"},
        {"PK\1\2", 0, 46, "y", 1, "x.npz: the zip archive has two members 'y.npy'"},
        {"PK\1\2", 1, 42, "\0\0", 2, "of the zip archive is out of bounds or overlaps"},
        {"PK\3\4", 0, 0, "pk", 2, "x.npz[x]: it is not where its archive says"},
        {"PK\3\4", 0, 26, "\4", 1, "x.npz[x]: it is not where its archive says"},
        {"PK\3\4", 0, 28, "\377\377", 2, "x.npz[x]: it is not where its archive says"},
        {"PK\3\4", 0, 30, "z", 1, "x.npz[x]: its archive has another name for it"},
    };
    unsigned char bytes[sizeof savez];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t at;

        memcpy(bytes, savez, sizeof savez);
        at = find_record(bytes, sizeof bytes, cases[i].record, cases[i].n);
        memcpy(bytes + at + cases[i].at, cases[i].bytes, cases[i].n_bytes);
        lks_error_clear();
        ck_assert_msg(try_bytes(bytes, sizeof bytes) != LKS_OK, "case %zu is read", i);
        ck_assert_msg(strstr(lks_error_text(), cases[i].says) != NULL, "case %zu: %s", i,
                      lks_error_text());
    }
    ck_fails(try_bytes(lzma, sizeof lzma), LKS_FORMAT, "compressed by zip's method 14");
    ck_fails(try_bytes("", 0), LKS_FORMAT, "x.npz: not a zip archive");
}
END_TEST

START_TEST(a_file_cut_anywhere_or_with_a_changed_byte_is_read_or_refused)
{
    const struct {
        const unsigned char *bytes;
        size_t n;
    } files[] = {{savez, sizeof savez}, {savez_compressed, sizeof savez_compressed}};

    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        unsigned char *copy = malloc(files[i].n);

        for (size_t n = 0; n < files[i].n; n++) {
            lks_error_clear();
            ck_assert_int_ne(try_bytes(files[i].bytes, n), LKS_OK);
            ck_assert_str_ne(lks_error_text(), "");
        }
        for (size_t at = 0; at < files[i].n; at++) {
            memcpy(copy, files[i].bytes, files[i].n);
            copy[at] ^= 0xff;
            lks_error_clear();
            if (try_bytes(copy, files[i].n) != LKS_OK)
                ck_assert_str_ne(lks_error_text(), "");
        }
        free(copy);
    }
}
END_TEST

START_TEST(a_damaged_number_does_not_pass)
{
    unsigned char bytes[sizeof savez];
    size_t at;

    memcpy(bytes, savez, sizeof savez);
    at = find_record(bytes, sizeof bytes, "\0\0\200\77", 0); /* 1.0f */
    bytes[at] = 1;
    ck_fails(try_bytes(bytes, sizeof bytes), LKS_FORMAT, "x.npz[x]: damaged: its CRC-32");
}
END_TEST

/* ---- writing --------------------------------------------------------------------- */

static float numbers[] = {1, 2, 3, 4, 5, 6};
static uint8_t zeros[100000];

static const lks_npz_array three[] = {
    {"weights", {LKS_F32, 2, {2, 3}, numbers, sizeof numbers}},
    {"größe", {LKS_BOOL, 1, {100000}, zeros, sizeof zeros}},
    {"folder/none", {LKS_I16, 2, {0, 7}, NULL, 0}},
};

static void check_three(const char *path)
{
    lks_npz *npz;

    ck_ok(lks_npz_open(path, &npz));
    ck_assert_uint_eq(lks_npz_n_arrays(npz), 3);
    for (int i = 0; i < 3; i++) {
        const lks_npy *wanted = &three[i].array;
        lks_npy array;

        ck_assert_str_eq(lks_npz_name(npz, i), three[i].name);
        ck_ok(lks_npz_read(npz, three[i].name, &array));
        ck_assert(array.dtype == wanted->dtype && array.ndim == wanted->ndim);
        ck_assert_mem_eq(array.sizes, wanted->sizes, sizeof array.sizes);
        ck_assert_uint_eq(array.size_bytes, wanted->size_bytes);
        if (array.size_bytes > 0)
            ck_assert_mem_eq(array.data, wanted->data, array.size_bytes);
        lks_free(array.data);
    }
    lks_npz_destroy(npz);
}

START_TEST(what_is_written_is_read_back)
{
    static char stored[200000], packed[200000], again[200000];
    size_t n_stored, n_packed;

    temp_dir_make();
    ck_ok(lks_npz_write(temp_path("stored.npz"), three, 3, false));
    ck_ok(lks_npz_write(temp_path("packed.npz"), three, 3, true));
    check_three(temp_path("stored.npz"));
    check_three(temp_path("packed.npz"));
    n_stored = file_get(temp_path("stored.npz"), stored, sizeof stored);
    n_packed = file_get(temp_path("packed.npz"), packed, sizeof packed);
    ck_assert_uint_gt(n_stored, sizeof zeros);
    ck_assert_uint_lt(n_packed, 2000);
    ck_ok(lks_npz_write(temp_path("again.npz"), three, 3, false));
    ck_assert_uint_eq(file_get(temp_path("again.npz"), again, sizeof again), n_stored);
    ck_assert_mem_eq(stored, again, n_stored);
    ck_ok(lks_npz_write(temp_path("none.npz"), NULL, 0, false));
    ck_fails(lks_npz_write("/nowhere/x.npz", three, 3, false), LKS_IO, "/nowhere/x.npz");
    temp_dir_remove();
}
END_TEST

START_TEST(what_is_stored_is_mapped_and_stays_when_the_archive_is_closed)
{
    lks_npz *npz;
    lks_npy array, packed;
    lks_block block, in_memory;

    temp_dir_make();
    ck_ok(lks_npz_write(temp_path("stored.npz"), three, 3, false));
    ck_ok(lks_npz_open(temp_path("stored.npz"), &npz));
    ck_ok(lks_npz_open_array(npz, "weights", &array, &block));
    lks_npz_destroy(npz);
    ck_ok(lks_npz_write(temp_path("packed.npz"), three, 3, true));
    ck_ok(lks_npz_open(temp_path("packed.npz"), &npz));
    ck_ok(lks_npz_open_array(npz, "weights", &packed, &in_memory));
    lks_npz_destroy(npz);
    temp_dir_remove();
    ck_assert_uint_gt(block.mapped, 0);
    ck_assert_uint_eq(in_memory.mapped, 0);
    ck_assert_mem_eq(array.data, numbers, sizeof numbers);
    ck_assert_mem_eq(packed.data, numbers, sizeof numbers);
    lks_block_release(&block);
    lks_block_release(&in_memory);
}
END_TEST

START_TEST(a_mapped_array_is_checked_too)
{
    static char bytes[200000];
    size_t n, at;
    lks_npz *npz;
    lks_npy array;
    lks_block block;

    temp_dir_make();
    ck_ok(lks_npz_write(temp_path("x.npz"), three, 3, false));
    n = file_get(temp_path("x.npz"), bytes, sizeof bytes);
    at = find_record((unsigned char *)bytes, n, "\0\0\200\77", 0); /* 1.0f */
    bytes[at] = 1;
    file_put(temp_path("x.npz"), bytes, n);
    ck_ok(lks_npz_open(temp_path("x.npz"), &npz));
    ck_fails(lks_npz_open_array(npz, "weights", &array, &block), LKS_FORMAT,
             "x.npz[weights]: damaged: its CRC-32 is ");
    lks_npz_destroy(npz);
    temp_dir_remove();
}
END_TEST

START_TEST(more_arrays_than_two_bytes_count_are_written_and_read)
{
    enum { N = 70000 };
    lks_npz_array *arrays = calloc(N, sizeof *arrays);
    char(*names)[8] = calloc(N, sizeof *names);
    lks_npz *npz;
    lks_npy array;
    int16_t number = 7;

    for (int i = 0; i < N; i++) {
        snprintf(names[i], sizeof *names, "%d", i);
        arrays[i] = (lks_npz_array){names[i], {LKS_I16, 0, {0}, &number, 2}};
    }
    temp_dir_make();
    ck_ok(lks_npz_write(temp_path("x.npz"), arrays, N, false));
    ck_ok(lks_npz_open(temp_path("x.npz"), &npz));
    temp_dir_remove();
    ck_assert_uint_eq(lks_npz_n_arrays(npz), N);
    ck_ok(lks_npz_read(npz, "69999", &array));
    ck_assert_int_eq(*(int16_t *)array.data, 7);
    lks_free(array.data);
    lks_npz_destroy(npz);
    free(arrays);
    free(names);
}
END_TEST

START_TEST(arrays_that_cannot_be_written_are_refused)
{
    static char too_long[70000];
    const lks_npz_array twice[] = {three[0], three[1], three[0]};
    lks_npz_array one = three[0];

    memset(too_long, 'a', sizeof too_long - 1);
    temp_dir_make();
    ck_fails(lks_npz_write(temp_path("x.npz"), twice, 3, false), LKS_INVALID,
             "'weights.npy' comes twice");
    one.array.dtype = LKS_BF16;
    ck_fails(lks_npz_write(temp_path("x.npz"), &one, 1, false), LKS_INVALID, "bfloat16");
    one = three[0];
    one.name = too_long;
    ck_fails(lks_npz_write(temp_path("x.npz"), &one, 1, false), LKS_INVALID,
             "a name of 70003 bytes does not go into a zip archive");
    ck_assert_int_eq(temp_dir_count(), 0);
    temp_dir_remove();
}
END_TEST

START_TEST(no_memory_is_an_error_wherever_it_happens)
{
    temp_dir_make();
    for (int compressed = 0; compressed < 2; compressed++) {
        lks_status st = LKS_NOMEM;

        for (long n = 0; st == LKS_NOMEM; n++) {
            lks_alloc_fail_after(n);
            lks_error_clear();
            st = lks_npz_write(temp_path("x.npz"), three, 3, compressed);
            ck_assert(st == LKS_OK || lks_error_status() == LKS_NOMEM);
        }
        ck_assert_int_eq(st, LKS_OK);
        st = LKS_NOMEM;
        for (long n = 0; st == LKS_NOMEM; n++) {
            lks_npz *npz = NULL;
            lks_npy array = {0};

            lks_alloc_fail_after(n);
            lks_error_clear();
            if ((st = lks_npz_open(temp_path("x.npz"), &npz)) == LKS_OK)
                st = lks_npz_read(npz, "weights", &array);
            ck_assert(st == LKS_OK || lks_error_status() == LKS_NOMEM);
            lks_npz_destroy(npz);
            lks_free(array.data);
        }
        ck_assert_int_eq(st, LKS_OK);
    }
    lks_alloc_fail_after(-1);
    temp_dir_remove();
}
END_TEST

LKS_SUITE("npz", numpys_archives_are_read_stored_and_compressed,
          an_archive_that_was_streamed_is_read,
          a_missing_array_is_told_with_those_that_are_there,
          each_number_of_an_archive_is_checked,
          a_file_cut_anywhere_or_with_a_changed_byte_is_read_or_refused,
          a_damaged_number_does_not_pass, what_is_written_is_read_back,
          what_is_stored_is_mapped_and_stays_when_the_archive_is_closed,
          a_mapped_array_is_checked_too,
          more_arrays_than_two_bytes_count_are_written_and_read,
          arrays_that_cannot_be_written_are_refused,
          no_memory_is_an_error_wherever_it_happens)
