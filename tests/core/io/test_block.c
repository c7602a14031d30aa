#include "support/suite.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <zlib.h>

#include "io/npy.h"
#include "io/reader.h"
#include "support/temp_dir.h"

enum { N = 3 << 20 };

static unsigned char *noise(void)
{
    unsigned char *bytes = malloc(N);

    for (size_t i = 0; i < N; i++)
        bytes[i] = (unsigned char)(i * 2654435761u >> 13 | 1); /* none is zero */
    return bytes;
}

static void put_noise(const char *name)
{
    unsigned char *bytes = noise();

    file_put(temp_path(name), bytes, N);
    free(bytes);
}

/* The file from its 5th byte on, after a head of four. */
static void take(const char *name, size_t alignment, lks_block *out)
{
    lks_reader *reader;
    char head[4];

    ck_ok(lks_reader_open(temp_path(name), &reader));
    ck_ok(lks_reader_fill(reader, head, sizeof head));
    ck_ok(lks_reader_take(reader, N - 4, alignment, out));
    ck_ok(lks_reader_expect_end(reader));
    lks_reader_destroy(reader);
}

START_TEST(a_plain_files_bytes_are_mapped_and_a_gz_files_read)
{
    unsigned char *bytes = noise();
    lks_block mapped, unaligned, unpacked;
    gzFile file;

    temp_dir_make();
    put_noise("plain");
    file = gzopen(temp_path("packed.gz"), "wb");
    ck_assert_int_eq(gzwrite(file, bytes, N), N);
    gzclose(file);
    take("plain", 4, &mapped);
    take("plain", 8, &unaligned);
    take("packed.gz", 1, &unpacked);
    temp_dir_remove();
    ck_assert(mapped.mapped > 0 && unaligned.mapped == 0 && unpacked.mapped == 0);
    ck_assert_uint_eq((uintptr_t)unaligned.data % 8, 0);
    ck_assert_mem_eq(mapped.data, bytes + 4, N - 4);
    ck_assert_mem_eq(unaligned.data, bytes + 4, N - 4);
    ck_assert_mem_eq(unpacked.data, bytes + 4, N - 4);
    lks_block_release(&mapped);
    ck_assert(!mapped.data && mapped.size == 0);
    lks_block_release(&mapped);
    lks_block_release(&unaligned);
    lks_block_release(&unpacked);
    free(bytes);
}
END_TEST

START_TEST(the_rest_of_a_file_is_a_block_whatever_its_size)
{
    static const size_t sizes[] = {0, 1, 4096, (1 << 20) - 1, 1 << 20, N};
    unsigned char *bytes = noise();

    temp_dir_make();
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int gzip = 0; gzip < 2; gzip++) {
            const char *path = temp_path(gzip ? "x.gz" : "x");
            gzFile file = gzopen(path, gzip ? "wb" : "wbT"); /* T: as it is */
            lks_reader *reader;
            lks_block block;

            ck_assert_int_eq(gzwrite(file, bytes, (unsigned)sizes[i]), (int)sizes[i]);
            gzclose(file);
            ck_ok(lks_reader_open(path, &reader));
            ck_ok(lks_reader_take_rest(reader, &block));
            ck_ok(lks_reader_expect_end(reader));
            lks_reader_destroy(reader);
            ck_assert_uint_eq(block.size, sizes[i]);
            ck_assert_int_eq(block.mapped > 0, !gzip && sizes[i] > 0);
            if (sizes[i] > 0)
                ck_assert_mem_eq(block.data, bytes, sizes[i]);
            lks_block_release(&block);
        }
    temp_dir_remove();
    free(bytes);
}
END_TEST

START_TEST(too_short_a_file_is_told_as_ever)
{
    lks_reader *reader;
    lks_block block = {0};

    temp_dir_make();
    put_noise("x");
    ck_ok(lks_reader_open(temp_path("x"), &reader));
    ck_fails(lks_reader_take(reader, N + 1, 1, &block), LKS_IO,
             "/x: file ends after 3145728 of 3145729 bytes");
    lks_reader_destroy(reader);
    ck_assert_ptr_null(block.data);
    temp_dir_remove();
}
END_TEST

START_TEST(pages_that_were_let_go_come_back)
{
    unsigned char *bytes = noise();
    lks_block block;

    temp_dir_make();
    put_noise("x");
    take("x", 1, &block);
    for (int round = 0; round < 2; round++)
        for (size_t at = 0; at < block.size; at += 100000) {
            const size_t end = at + 100000 < block.size ? at + 100000 : block.size;

            ck_assert_mem_eq(block.data + at, bytes + 4 + at, end - at);
            lks_block_let_go(&block, at, end);
        }
    ck_assert_mem_eq(block.data, bytes + 4, block.size);
    ck_assert(!lks_block_is_cut(&block));
    lks_block_release(&block);
    block = lks_block_of_memory(NULL, 0);
    lks_block_let_go(&block, 0, 0);
    temp_dir_remove();
    free(bytes);
}
END_TEST

static int sum(const lks_block *block)
{
    int sum = 0;

    for (size_t i = 0; i < block->size; i++)
        sum += block->data[i];
    return sum;
}

START_TEST(a_file_that_is_cut_while_it_is_mapped_reads_as_zeros_and_says_so)
{
    lks_block block, other;

    lks_block_guard();
    lks_block_guard();
    temp_dir_make();
    put_noise("x");
    put_noise("y");
    take("x", 1, &block);
    take("y", 1, &other);
    ck_assert_int_ne(sum(&block), 0);
    ck_assert(!lks_block_is_cut(&block));
    ck_assert_int_eq(truncate(temp_path("x"), 10000), 0);
    ck_assert_int_eq(block.data[N - 5], 0);
    ck_assert(lks_block_is_cut(&block) && !lks_block_is_cut(&other));
    ck_assert_int_eq(sum(&block), 0);
    ck_assert_int_ne(sum(&other), 0);
    lks_block_release(&block);
    take("y", 1, &block); /* the place is free again, and clean */
    ck_assert(!lks_block_is_cut(&block));
    lks_block_release(&block);
    lks_block_release(&other);
    temp_dir_remove();
}
END_TEST

static sigjmp_buf after_bus_error;

static void on_bus_error(int number)
{
    (void)number;
    siglongjmp(after_bus_error, 1);
}

/* The signal is somebody else's: of a mapping of theirs, and sent by kill. */
START_TEST(a_bus_error_that_is_not_a_blocks_goes_to_who_had_the_signal_before)
{
    volatile int n_seen = 0;
    volatile unsigned char *theirs;
    int fd;

    signal(SIGBUS, on_bus_error);
    lks_block_guard();
    temp_dir_make();
    put_noise("x");
    fd = open(temp_path("x"), O_RDONLY);
    theirs = mmap(NULL, N, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    ck_assert_int_eq(truncate(temp_path("x"), 0), 0);
    if (sigsetjmp(after_bus_error, 1) == 0)
        ck_assert_int_eq(theirs[0], -1);
    else
        n_seen++;
    if (sigsetjmp(after_bus_error, 1) == 0)
        raise(SIGBUS);
    else
        n_seen++;
    ck_assert_int_eq(n_seen, 2);
    temp_dir_remove();
}
END_TEST

START_TEST(more_blocks_than_are_guarded_are_blocks_nonetheless)
{
    static lks_block blocks[400];

    lks_block_guard();
    temp_dir_make();
    put_noise("x");
    for (int i = 0; i < 400; i++)
        take("x", 1, &blocks[i]);
    ck_assert(blocks[0].guarded && !blocks[399].guarded);
    for (int i = 0; i < 400; i++) {
        ck_assert_int_eq(blocks[i].data[0], blocks[0].data[0]);
        ck_assert(!lks_block_is_cut(&blocks[i]));
    }
    for (int i = 399; i >= 0; i--)
        lks_block_release(&blocks[i]);
    temp_dir_remove();
}
END_TEST

START_TEST(an_arrays_elements_are_mapped_where_they_stand_as_they_are_read)
{
    static const int64_t values[] = {1, -2, 3};
    const lks_npy array = {.dtype = LKS_I64,
                           .ndim = 1,
                           .sizes = {3},
                           .data = (void *)values,
                           .size_bytes = sizeof values};
    static const char big_endian[] =
        "\x93NUMPY\1\0\x37\0{'descr': '>i2', 'fortran_order': False, 'shape': (2,)}"
        "\0\1\xff\xfe";
    lks_block block;
    lks_npy got;

    temp_dir_make();
    ck_ok(lks_npy_write(temp_path("x.npy"), &array));
    ck_ok(lks_npy_open(temp_path("x.npy"), &got, &block));
    ck_assert(block.mapped > 0 && got.data == block.data && got.dtype == LKS_I64);
    ck_assert_mem_eq(got.data, values, sizeof values);
    lks_block_release(&block);
    file_put(temp_path("x.npy"), big_endian, sizeof big_endian - 1);
    ck_ok(lks_npy_open(temp_path("x.npy"), &got, &block));
    ck_assert(block.mapped == 0 && got.data == block.data && got.dtype == LKS_I16);
    ck_assert(((const int16_t *)got.data)[0] == 1 &&
              ((const int16_t *)got.data)[1] == -2);
    lks_block_release(&block);
    file_put(temp_path("x.npy"), big_endian, sizeof big_endian - 2);
    ck_fails(lks_npy_open(temp_path("x.npy"), &got, &block), LKS_IO, "file ends after");
    temp_dir_remove();
}
END_TEST

LKS_SUITE("block", a_plain_files_bytes_are_mapped_and_a_gz_files_read,
          the_rest_of_a_file_is_a_block_whatever_its_size,
          too_short_a_file_is_told_as_ever, pages_that_were_let_go_come_back,
          a_file_that_is_cut_while_it_is_mapped_reads_as_zeros_and_says_so,
          a_bus_error_that_is_not_a_blocks_goes_to_who_had_the_signal_before,
          more_blocks_than_are_guarded_are_blocks_nonetheless,
          an_arrays_elements_are_mapped_where_they_stand_as_they_are_read)
