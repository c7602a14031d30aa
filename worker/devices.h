/* Which devices a rank drives, a replica on each: what the command line or the job says,
 * and which of a host's GPUs are whose. */
#ifndef LKS_WORKER_DEVICES_H
#define LKS_WORKER_DEVICES_H

#include "device.h"
#include "proto/job.h"
#include "train/comm.h"

enum { LKS_DEVICES_MAX = 1024 };

typedef struct lks_devices {
    lks_device items[LKS_DEVICES_MAX];
    int n;            /* at least 1 */
    bool is_relative; /* GPUs without numbers: the first that no other rank here takes */
} lks_devices;

/* `list`: "cpu:0,cpu:1", "all", or NULL: the first train.replicas of train.device, which
 * if it is auto is GPUs where there are any.
 *   errors  LKS_INVALID: a name that is none, a device twice, two types, numerics that
 *           the device lacks; LKS_DEVICE: one that is absent */
lks_status lks_devices_choose(const lks_job *job, const char *list, lks_devices *out);

/* Why train.device: auto chose the CPU though there is something that ought to be a GPU;
 * NULL: it did not, or there is not. */
const char *lks_devices_fault(const lks_job *job, const char *list);

/* By all ranks together: they have devices of one type and as many, and each GPU has one
 * rank: where they are relative, those of ranks that see the same GPUs follow each other.
 *   errors  LKS_STATE, LKS_DEVICE: not so, told alike on all ranks; LKS_COMM as in
 *           world.h */
lks_status lks_devices_share_out(lks_comm *comm, const lks_job *job,
                                 lks_devices *devices);

/* Let the job say what was chosen. */
void lks_devices_settle(const lks_devices *devices, lks_job *job);

/* ---- the sharing, pure ---- */

/* What ranks tell each other of their devices. */
typedef struct lks_device_seat {
    uint64_t host; /* equal on ranks of one */
    uint64_t sees; /* which GPUs, in their order; equal where they are the same */
    int32_t type, is_relative;
    int32_t n_seen, n; /* GPUs that it sees, and wants */
} lks_device_seat;

lks_device_seat lks_device_seat_of(const lks_devices *devices);

/* How many GPUs are taken by the ranks before `rank` that see the same: *first.
 * LKS_STATE, LKS_DEVICE, for all ranks' sake: they differ, or some host has too few. */
lks_status lks_device_seats_check(const lks_device_seat *seats, int n_ranks, int rank,
                                  int *first);

#endif
