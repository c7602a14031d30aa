/* Devices: where a storage lives and whose kernels run on it. Every table that a program
 * can use has a row in device.c. */
#ifndef LKS_DEVICE_H
#define LKS_DEVICE_H

#include "base/status.h"
#include "layout/view.h"

struct lks_kernels;

/* "cpu", "cpu:1", "reference", "cuda:0" … to a device. LKS_INVALID: not such a name;
 * LKS_DEVICE: asked for but absent (not built in, or no such index), saying which. */
lks_status lks_device_parse(const char *name, lks_device *out);

/* "cpu:1" into `text`, which it returns. */
enum { LKS_DEVICE_TEXT = 32 };
const char *lks_device_text(lks_device device, char *text, size_t size);

/* The kernels of a device; never NULL for a device that lks_device_parse gave. */
const struct lks_kernels *lks_device_kernels(lks_device device);

/* Another device that a program is linked with, called by its table's name: the tests'.
 * Nothing defines it in the library. */
const struct lks_kernels *lks_other_kernels(void) __attribute__((weak));

/* Threads that the kernels of a CPU device may use, the caller among them; 1 until set,
 * and never less. Each of cpu:0, cpu:1 … has its own. No result depends on it. */
void lks_set_num_threads(lks_device device, int n_threads);
int lks_num_threads(lks_device device);

/* What the CPU kernels of this machine were built for: "avx512f", "avx2", "neon", or
 * "reference" where it has none of these. All give the same bits; a run records which it
 * had. */
const char *lks_cpu_instruction_set(void);

#endif
