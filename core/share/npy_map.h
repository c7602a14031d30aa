/* Tensors that are the contents of a NumPy file: memory in common with it, and with
 * whoever else has mapped it, as by numpy.load(path, mmap_mode="r+"). */
#ifndef LKS_SHARE_NPY_MAP_H
#define LKS_SHARE_NPY_MAP_H

#include "base/status.h"
#include "tensor/tensor.h"

typedef enum lks_map_mode {
    LKS_MAP_READ,  /* in-place operations refuse the tensor; others' writing is seen */
    LKS_MAP_WRITE, /* what is written into the tensor is in the file */
} lks_map_mode;

/* The array of `path`, on the CPU, as large as the file and without memory of its own.
 * The file stays mapped for as long as the tensor, its views or what backward saved of
 * them; lks_npy_map_check tells whether it became shorter meanwhile, of which a program
 * that calls lks_block_guard (io/block.h) does not die. Another process's writing is seen
 * without a bump of the version.
 *   errors   LKS_IO: cannot be opened or mapped; LKS_FORMAT: no such file;
 *            LKS_INVALID: numbers that do not stand there as we hold them: of the other
 *            byte order, in Fortran's order, of a dtype we lack, not aligned. Those
 *            lks_npy_read converts. */
lks_tensor *lks_npy_map(const char *path, lks_map_mode mode);

/* LKS_IO naming the file: it has become shorter while it was mapped, or its disk failed,
 * so some of what was read was zeros. LKS_INVALID: `t` is of no mapped file. */
lks_status lks_npy_map_check(const lks_tensor *t);

/* Wait until what was written is on the disk; without it, it is there sooner or later.
 * Errors as above, and those of the disk. */
lks_status lks_npy_map_flush(const lks_tensor *t);

#endif
