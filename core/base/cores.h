/* How many cores this process may keep busy. */
#ifndef LKS_BASE_CORES_H
#define LKS_BASE_CORES_H

#include <stdint.h>

/* Those it may run on (its affinity), or fewer where a control group's quota of CPU time
 * (a container's --cpus) is less: its whole cores. At least 1. */
uint32_t lks_cores_usable(void);

/* The quota alone, in whole cores, at least 1; UINT32_MAX without one. The least of this
 * process's control group and of those above it, version 2 (cpu.max) and 1
 * (cpu.cfs_quota_us), with `root` standing before /proc and /sys ("" but in tests). */
uint32_t lks_cores_quota(const char *root);

#endif
