/* One way to read a data file: plain, gzip-compressed, or bytes in memory. Streams from
 * front to back into the caller's memory, without buffers between for plain files.
 * Private to core. One thread at a time. */
#ifndef LKS_IO_READER_H
#define LKS_IO_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "io/block.h"

typedef struct lks_reader lks_reader;

/* A file; a name that ends in .gz is decompressed on the way: one gzip member or several,
 * zero bytes after each as padding. LKS_IO names the file, and the one beside it that
 * exists with .gz added or taken off. */
lks_status lks_reader_open(const char *path, lks_reader **out);

/* Bytes that outlive the reader; `name` stands for the path in errors. */
lks_status lks_reader_of_memory(const void *bytes, size_t n_bytes, bool gzip,
                                const char *name, lks_reader **out);

/* Bytes [offset, offset + n_packed) of a source: as they stand, or deflated without a
 * wrapper (RFC 1951), in an archive that says how many they become and their CRC-32. */
typedef struct lks_reader_part {
    uint64_t offset, n_packed;
    bool deflated;
    uint64_t size; /* if they are not deflated, n_packed */
    uint32_t crc;
} lks_reader_part;

/* A part of an open file, or with a `fd` of -1 of memory, which has it whole. Both outlive
 * the reader, and other readers may read them meanwhile. */
lks_status lks_reader_of_part(int fd, const void *bytes, const lks_reader_part *part,
                              const char *name, lks_reader **out);

/* NULL is fine. */
void lks_reader_destroy(lks_reader *reader);

/* As given to open, for errors. */
const char *lks_reader_name(const lks_reader *reader);

/* Up to n_bytes into `out`; *n_read is less only at the end. LKS_IO: cannot be read, or
 * compressed data that stop short; LKS_FORMAT: not gzip, or damaged. */
lks_status lks_reader_read(lks_reader *reader, void *out, size_t n_bytes, size_t *n_read);

/* Exactly n_bytes, or LKS_IO "…: file ends after N of M bytes". */
lks_status lks_reader_fill(lks_reader *reader, void *out, size_t n_bytes);

/* The next n_bytes, as lks_reader_fill: mapped where they stand if the source is a plain
 * file and that is at a multiple of `alignment`, else in memory, which is taken only for
 * what can come. */
lks_status lks_reader_take(lks_reader *reader, uint64_t n_bytes, size_t alignment,
                           lks_block *out);

/* All that is left, as lks_reader_read: mapped or in memory. */
lks_status lks_reader_take_rest(lks_reader *reader, lks_block *out);

/* How many bytes it has given. */
uint64_t lks_reader_at(const lks_reader *reader);

/* Check, before memory is taken for them, that n_bytes more can come: a plain file's size
 * and gzip's best ratio set a limit. Fails like lks_reader_fill. */
lks_status lks_reader_expect(lks_reader *reader, uint64_t n_bytes);

/* LKS_FORMAT if bytes are left. For gzip and a part this also checks the data's checksum.
 */
lks_status lks_reader_expect_end(lks_reader *reader);

#endif
