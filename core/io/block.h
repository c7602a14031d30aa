/* The bytes of a file, or a part of them: mapped where they stand, so that there may be
 * more of them than memory, or read into memory. Any thread may read a block.
 *
 * A file can become shorter while it is mapped, or its disk fail. Reading what is gone
 * then ends the process by SIGBUS, unless lks_block_guard was called: then it reads as
 * zeros, and lks_block_is_cut tells. */
#ifndef LKS_IO_BLOCK_H
#define LKS_IO_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef struct lks_guarded lks_guarded;

/* All zero: none. Embedded by value; moved by assignment. */
typedef struct lks_block {
    const unsigned char *data;
    size_t size;
    void *memory;         /* mapped pages, or the block's own memory */
    size_t mapped;        /* bytes of pages; 0: it is not mapped */
    lks_guarded *guarded; /* NULL: nobody watches over the pages */
} lks_block;

/* Bytes [offset, offset + size) of an open file, which has as many. False: they cannot be
 * mapped, and have to be read. */
bool lks_block_map(int fd, uint64_t offset, size_t size, lks_block *out);

/* The same, in common with the file and with whoever else has mapped it so: what one
 * writes the others see, and if `writable` the block's bytes may be written. For that the
 * file is open for writing as well. */
bool lks_block_share(int fd, uint64_t offset, size_t size, bool writable, lks_block *out);

/* Wait until what was written into a shared block is on the disk. False: errno says why.
 */
bool lks_block_flush(const lks_block *block);

/* Of memory that lks_block_release lks_frees. */
lks_block lks_block_of_memory(void *memory, size_t size);

/* What is all zero is fine, and left so. */
void lks_block_release(lks_block *block);

/* data[begin, end) were read and are not needed for now: mapped pages leave this
 * process's memory, and come back when they are read again. */
void lks_block_let_go(const lks_block *block, size_t begin, size_t end);

/* Whether some of what was read was zeros in place of bytes that are gone. */
bool lks_block_is_cut(const lks_block *block);

/* Take SIGBUS over, for the whole process and for good, in so far as it comes from mapped
 * blocks: all else goes to who had it before. A thread that reads blocks must not block
 * the signal. Programs decide this, not the library; twice is fine. */
void lks_block_guard(void);

#endif
