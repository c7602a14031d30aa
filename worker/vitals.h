/* What a heartbeat says of this process and its device. One thread: the reporter's. */
#ifndef LKS_WORKER_VITALS_H
#define LKS_WORKER_VITALS_H

#include <stdint.h>

#include "layout/view.h"
#include "lockstep.pb-c.h"
#include "worker/pulse.h"

/* Zeros at first, but for the device. */
typedef struct lks_vitals {
    lks_device device;
    uint64_t device_peak_bytes;
    /* Of the heartbeat before, for the rate. */
    uint64_t last_samples, last_ns;
    double samples_per_s;
} lks_vitals;

/* Fill a heartbeat with where the main thread is, the process's memory, a GPU's, and its
 * rate since the last call; `heartbeat` points to `times` afterwards. */
void lks_vitals_read(lks_vitals *vitals, lks_pulse *pulse,
                     Lks__Proto__Heartbeat *heartbeat, Lks__Proto__PhaseTimes *times);

#endif
