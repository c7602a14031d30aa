/* How long a call of a kernel takes: of a CPU, the median of many calls; of a device with
 * a queue, what one takes among many that are queued between two waits, told one by one
 * and, where the device records, as a recording. */
#ifndef LKS_BENCH_TIMING_H
#define LKS_BENCH_TIMING_H

#include "kernels.h"

struct call; /* what to call a kernel with: the benchmark's own */

typedef lks_status (*call_fn)(const lks_kernels *k, const struct call *c);

typedef struct timing {
    double seconds;
    double recorded;      /* seconds; 0: the device does not record */
    lks_device_work work; /* of one call; zeros: the device does not count */
} timing;

/* `n_calls` at most between two waits; a CPU waits after each. */
lks_status timing_of(const lks_kernels *k, lks_device device, call_fn fn,
                     const struct call *c, int n_calls, timing *out);

#endif
