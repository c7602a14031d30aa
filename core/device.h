/* Devices: where a storage lives and whose kernels run on it. Every table that a program
 * can use has a row in device.c. */
#ifndef LKS_DEVICE_H
#define LKS_DEVICE_H

#include <stdbool.h>

#include "base/status.h"
#include "layout/view.h"

struct lks_kernels;

/* "cpu", "cpu:1", "reference", "cuda:0" … to a device. LKS_INVALID: not such a name;
 * LKS_DEVICE: asked for but absent (not built in, or no such index), saying which. */
lks_status lks_device_parse(const char *name, lks_device *out);

/* "cpu", "reference" …; NULL for LKS_OTHER where there is none. */
const char *lks_device_name(lks_device_type type);

/* "cpu:1" into `text`, which it returns. */
enum { LKS_DEVICE_TEXT = 32 };
const char *lks_device_text(lks_device device, char *text, size_t size);

/* How many devices of a type this process may use; 0 where the library has none. */
int lks_device_count(lks_device_type type);

/* Why that is 0, for a person: "this Lockstep was not built with CUDA". *is_fault (NULL
 * is fine): something is here that ought to work. */
const char *lks_device_absence(lks_device_type type, bool *is_fault);

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

/* That of a CPU device, "" of any other. */
const char *lks_device_instruction_set(lks_device device);

#endif
