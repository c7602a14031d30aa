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

/* A gzip member that holds `text`, and n_zeros behind it. */
static size_t put_member(unsigned char *out, const char *text, size_t n_zeros)
{
    z_stream z = {.next_in = (void *)text,
                  .avail_in = (unsigned)strlen(text),
                  .next_out = out,
                  .avail_out = 100};

    ck_assert_int_eq(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY),
                     Z_OK);
    ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
    deflateEnd(&z);
    memset(out + z.total_out, 0, n_zeros);
    return z.total_out + n_zeros;
}

/* From memory and from a file: `want`, and then the end. */
static void check_packed(const unsigned char *packed, size_t n, const char *want)
{
    const size_t n_want = strlen(want);
    char got[16];

    file_put(temp_path("x.gz"), packed, n);
    for (int i = 0; i < 2; i++) {
        lks_reader *reader;

        ck_ok(i ? lks_reader_of_memory(packed, n, true, "m", &reader)
                : lks_reader_open(temp_path("x.gz"), &reader));
        ck_ok(lks_reader_fill(reader, got, n_want));
        ck_assert_mem_eq(got, want, n_want);
        ck_ok(lks_reader_expect_end(reader));
        lks_reader_destroy(reader);
    }
}

/* The same ends in an error; `text` is of its line. */
static void check_refused(const unsigned char *packed, size_t n, lks_status status,
                          const char *text)
{
    lks_reader *reader;
    char got[3];

    file_put(temp_path("x.gz"), packed, n);
    ck_ok(lks_reader_open(temp_path("x.gz"), &reader));
    ck_ok(lks_reader_fill(reader, got, sizeof got));
    ck_fails(lks_reader_expect_end(reader), status, text);
    lks_reader_destroy(reader);
}

static const size_t paddings[] = {1, 7, 512, 10240, (1 << 20) - 1, 1 << 20, N};
enum { N_PADDINGS = sizeof paddings / sizeof *paddings };

START_TEST(zeros_behind_gzip_data_are_padding)
{
    unsigned char *packed = malloc(N + 1000);

    temp_dir_make();
    for (int i = 0; i < N_PADDINGS; i++)
        check_packed(packed, put_member(packed, "abc", paddings[i]), "abc");
    temp_dir_remove();
    free(packed);
}
END_TEST

START_TEST(a_gzip_member_behind_padding_is_read_too)
{
    unsigned char *packed = malloc(N + 1000);

    temp_dir_make();
    for (int i = 0; i < N_PADDINGS; i++) {
        size_t n = put_member(packed, "abc", paddings[i]);

        n += put_member(packed + n, "de", 3);
        n += put_member(packed + n, "", 0);
        n += put_member(packed + n, "f", 0);
        check_packed(packed, n, "abcdef");
    }
    temp_dir_remove();
    free(packed);
}
END_TEST

START_TEST(what_is_neither_padding_nor_gzip_behind_gzip_data_is_refused)
{
    unsigned char *packed = malloc(N + 1000);

    temp_dir_make();
    for (int i = -1; i < N_PADDINGS; i++) {
        const size_t n = put_member(packed, "abc", i < 0 ? 0 : paddings[i]);

        memcpy(packed + n, "garbage", 7);
        check_refused(packed, n + 7, LKS_FORMAT, "x.gz: damaged gzip data");
        packed[n] = 0x1f; /* as gzip begins */
        check_refused(packed, n + 1, LKS_IO, "x.gz: file ends within its gzip data");
        put_member(packed + n, "de", 0); /* cut in its header */
        check_refused(packed, n + 9, LKS_IO, "x.gz: file ends within its gzip data");
    }
    temp_dir_remove();
    free(packed);
}
END_TEST

START_TEST(zeros_before_gzip_data_are_no_gzip)
{
    unsigned char packed[100] = {0};
    const size_t n = 4 + put_member(packed + 4, "abc", 0);
    lks_reader *reader;

    ck_ok(lks_reader_of_memory(packed, n, true, "m", &reader));
    ck_fails(lks_reader_fill(reader, packed, 1), LKS_FORMAT, "m: not a gzip file");
    lks_reader_destroy(reader);
}
END_TEST

START_TEST(zeros_behind_plain_data_are_data)
{
    lks_reader *reader;
    char got[5];

    temp_dir_make();
    file_put(temp_path("x"), "abc\0\0", 5);
    ck_ok(lks_reader_open(temp_path("x"), &reader));
    ck_ok(lks_reader_fill(reader, got, 3));
    ck_fails(lks_reader_expect_end(reader), LKS_FORMAT,
             "x: file goes on after the 3 bytes");
    lks_reader_destroy(reader);
    temp_dir_remove();
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
          zeros_behind_gzip_data_are_padding, a_gzip_member_behind_padding_is_read_too,
          what_is_neither_padding_nor_gzip_behind_gzip_data_is_refused,
          zeros_before_gzip_data_are_no_gzip, zeros_behind_plain_data_are_data,
          a_promise_of_more_bytes_than_the_file_has_is_seen_beforehand,
          a_pipe_is_read_though_its_size_is_unknown, a_folder_is_no_file,
          a_failed_read_is_named, no_memory_is_an_error_wherever_it_happens)
