/* Splitting a kernel's work over the threads of its device: `cpu:N` is a team of as many
 * as lks_set_num_threads gives it. */
#ifndef LKS_CPU_PARALLEL_H
#define LKS_CPU_PARALLEL_H

#include <stdint.h>

/* Work on items [first, last) of a range. */
typedef void (*lks_range_fn)(int64_t first, int64_t last, void *context);

/* Call `work` on contiguous parts that make up [0, n), at most one a thread, and wait. A
 * part has at least `grain` items, so small work stays on the calling thread. Parts write
 * to disjoint places and do not depend on where they begin: then results do not depend on
 * the number of threads.
 *
 * A team shares one range at a time: within a part, and while another thread shares, the
 * calling thread does it all. Helpers are made when they are first needed and stay; where
 * none can be made, or none comes, the caller does their parts. A team that lately lost
 * time by sharing such ranges lets the caller do them alone for a while. */
void lks_parallel_for(int device_index, int64_t n, int64_t grain, lks_range_fn work,
                      void *context);

/* The number of parts that lks_parallel_for would make: for a caller that gives each part
 * some memory, then makes the parts its items (with grain 1). */
int64_t lks_parallel_parts(int device_index, int64_t n, int64_t grain);

#endif
