#include "support/suite.h"

#include <stdint.h>
#include <sys/stat.h>
#include <zlib.h>

#include "base/alloc.h"
#include "io/reader.h"
#include "support/temp_dir.h"

enum { N = 3 << 20 }; /* several input buffers, packed too */

static unsigned char *noise(void)
{
    unsigned char *bytes = malloc(N);
    uint64_t state = 1;

    for (size_t i = 0; i < N; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        bytes[i] = (unsigned char)(state >> 56);
    }
    return bytes;
}

/* In pieces of 1, 2, 4 … bytes. */
static void check_content(lks_reader *reader, const unsigned char *want)
{
    unsigned char *got = malloc(N);
    size_t at = 0, n_read;

    for (size_t n = 1; at < N; n *= 2) {
        ck_ok(lks_reader_read(reader, got + at, n < N - at ? n : N - at, &n_read));
        at += n_read;
    }
    ck_assert_mem_eq(got, want, N);
    ck_ok(lks_reader_read(reader, got, 1, &n_read));
    ck_assert_uint_eq(n_read, 0);
    ck_ok(lks_reader_expect_end(reader));
    lks_reader_destroy(reader);
    free(got);
}

START_TEST(plain_gzip_and_memory_give_the_same_bytes)
{
    unsigned char *bytes = noise(), *packed = malloc(2 * N);
    lks_reader *reader;
    size_t n_packed;
    gzFile file;

    temp_dir_make();
    file_put(temp_path("plain"), bytes, N);
    file = gzopen(temp_path("packed.gz"), "wb");
    ck_assert_int_eq(gzwrite(file, bytes, N), N);
    gzclose(file);
    n_packed = file_get(temp_path("packed.gz"), packed, 2 * N);
    ck_ok(lks_reader_open(temp_path("plain"), &reader));
    check_content(reader, bytes);
    ck_ok(lks_reader_open(temp_path("packed.gz"), &reader));
    check_content(reader, bytes);
    ck_ok(lks_reader_of_memory(bytes, N, false, "m", &reader));
    check_content(reader, bytes);
    ck_ok(lks_reader_of_memory(packed, n_packed, true, "m", &reader));
    check_content(reader, bytes);
    temp_dir_remove();
    free(packed);
    free(bytes);
}
END_TEST

START_TEST(a_promise_of_more_bytes_than_the_file_has_is_seen_beforehand)
{
    char bytes[100] = {0};
    lks_reader *reader;

    ck_ok(lks_reader_of_memory(bytes, 100, false, "m", &reader));
    ck_ok(lks_reader_fill(reader, bytes, 40));
    ck_ok(lks_reader_expect(reader, 60));
    ck_fails(lks_reader_expect(reader, 61), LKS_IO,
             "m: file ends after 100 of 101 bytes");
    ck_fails(lks_reader_expect(reader, UINT64_MAX), LKS_IO, "m: file ends after 100 of");
    ck_fails(lks_reader_expect_end(reader), LKS_FORMAT,
             "m: file goes on after the 40 bytes");
    lks_reader_destroy(reader);
    ck_ok(lks_reader_of_memory(bytes, 100, true, "m", &reader));
    ck_ok(lks_reader_expect(reader, 100 * 1032));
    ck_fails(lks_reader_expect(reader, 102 * 1032), LKS_IO, "m: file is too short for");
    lks_reader_destroy(reader);
}
END_TEST

START_TEST(a_pipe_is_read_though_its_size_is_unknown)
{
    char bytes[8], path[64];
    lks_reader *reader;
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(write(ends[1], "12345678", 8), 8);
    close(ends[1]);
    snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    ck_ok(lks_reader_open(path, &reader));
    ck_ok(lks_reader_expect(reader, 1000));
    ck_ok(lks_reader_fill(reader, bytes, 8));
    ck_assert_mem_eq(bytes, "12345678", 8);
    ck_ok(lks_reader_expect_end(reader));
    ck_fails(lks_reader_fill(reader, bytes, 1), LKS_IO, "file ends after 8 of 9 bytes");
    lks_reader_destroy(reader);
    close(ends[0]);
}
END_TEST

START_TEST(a_folder_is_no_file)
{
    lks_reader *reader;

    ck_fails(lks_reader_open("/", &reader), LKS_IO, "cannot read /: Is a directory");
}
END_TEST

START_TEST(a_failed_read_is_named)
{
    lks_reader *reader;
    char byte;

    ck_ok(lks_reader_open("/proc/self/mem", &reader)); /* nothing is mapped at 0 */
    ck_fails(lks_reader_fill(reader, &byte, 1), LKS_IO,
             "cannot read /proc/self/mem: Input/output error");
    lks_reader_destroy(reader);
}
END_TEST

START_TEST(no_memory_is_an_error_wherever_it_happens)
{
    lks_reader *reader;

    temp_dir_make();
    file_put(temp_path("x.gz"), "x", 1);
    for (long n = 0;; n++) {
        lks_alloc_fail_after(n);
        lks_error_clear();
        if (lks_reader_open(temp_path("x.gz"), &reader) == LKS_OK)
            break;
        ck_assert_int_eq(lks_error_status(), LKS_NOMEM);
    }
    ck_assert(!lks_alloc_has_failed());
    lks_alloc_fail_after(0);
    ck_fails(lks_reader_open("/nowhere", &reader), LKS_NOMEM, "cannot allocate");
    lks_alloc_fail_after(-1);
    lks_reader_destroy(reader);
    temp_dir_remove();
}
END_TEST

LKS_SUITE("reader", plain_gzip_and_memory_give_the_same_bytes,
          a_promise_of_more_bytes_than_the_file_has_is_seen_beforehand,
          a_pipe_is_read_though_its_size_is_unknown, a_folder_is_no_file,
          a_failed_read_is_named, no_memory_is_an_error_wherever_it_happens)
