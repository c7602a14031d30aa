/* Which devices a rank drives, a replica on each: what the command line or the job says.
 */
#ifndef LKS_WORKER_DEVICES_H
#define LKS_WORKER_DEVICES_H

#include "device.h"
#include "proto/job.h"

enum { LKS_DEVICES_MAX = 1024 };

typedef struct lks_devices {
    lks_device items[LKS_DEVICES_MAX];
    int n; /* at least 1 */
} lks_devices;

/* `list`: "cpu:0,cpu:1", "all", or NULL: the first train.replicas of train.device.
 *   errors  LKS_INVALID: a name that is none, a device twice, two types; LKS_DEVICE: one
 *           that is absent */
lks_status lks_devices_choose(const lks_job *job, const char *list, lks_devices *out);

/* Let the job say what was chosen. */
void lks_devices_settle(const lks_devices *devices, lks_job *job);

#endif
