/* Devices: where a storage lives and whose kernels run on it. `cpu:0`, `cpu:1` … are
 * distinct devices, so whatever runs over several of them can be tested anywhere. */
#ifndef LKS_DEVICE_H
#define LKS_DEVICE_H

#include "base/status.h"

typedef enum lks_device_type {
    LKS_CPU,
    LKS_CUDA,
} lks_device_type;

typedef struct lks_device {
    lks_device_type type;
    int index;
} lks_device;

static const lks_device lks_cpu = {LKS_CPU, 0};

/* "cpu", "cpu:1", "cuda:0" … to a device. LKS_INVALID: not such a name; LKS_DEVICE: asked
 * for but absent (not built in, or no such GPU), saying which. */
lks_status lks_device_parse(const char *name, lks_device *out);

/* The kernels of a device; never NULL for a device that lks_device_parse gave. */
const struct lks_kernels *lks_device_kernels(lks_device device);

/* Threads that the calling process's CPU kernels may use; 1 until set, and never less.
 * No result depends on it. */
void lks_set_num_threads(int n_threads);
int lks_num_threads(void);

/* What the CPU kernels of this machine were built for: "avx512f", "avx2", "neon", or
 * "reference" where it has none of these. All give the same bits; a run records which it
 * had. */
const char *lks_cpu_instruction_set(void);

#endif
