/* Time. Monotonic time measures, wall time dates; the two never mix. */
#ifndef LKS_BASE_CLOCK_H
#define LKS_BASE_CLOCK_H

#include <stdint.h>

/* Nanoseconds since some fixed point of this boot, the same for all processes of a host.
 */
uint64_t lks_clock_ns(void);

/* Seconds of the same clock. */
double lks_clock_s(void);

/* Seconds of processor time that the calling thread has used. */
double lks_thread_cpu_s(void);

/* Seconds since 1970-01-01 UTC. */
double lks_wall_time_s(void);

#endif
