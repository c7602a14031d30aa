#include "worker/vitals.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "device.h"
#include "kernels.h"

static uint64_t resident_bytes(void)
{
    unsigned long total, resident = 0;
    FILE *file = fopen("/proc/self/statm", "re");

    if (!file)
        return 0;
    if (fscanf(file, "%lu %lu", &total, &resident) != 2)
        resident = 0;
    fclose(file);
    return (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

enum { MIN_RATE_MS = 100 }; /* samples are counted over no less */

/* Samples a second since the heartbeat before, or the one before that. */
static double rate(lks_vitals *vitals, uint64_t samples)
{
    const uint64_t now_ns = lks_clock_ns();

    if (vitals->last_ns && now_ns - vitals->last_ns < MIN_RATE_MS * 1000000u)
        return vitals->samples_per_s;
    if (vitals->last_ns && now_ns > vitals->last_ns)
        vitals->samples_per_s = 1e9 * (double)(samples - vitals->last_samples) /
                                (double)(now_ns - vitals->last_ns);
    vitals->last_samples = samples;
    vitals->last_ns = now_ns;
    return vitals->samples_per_s;
}

static lks_device_use use_of(lks_device device)
{
    const lks_kernels *kernels = lks_device_kernels(device);
    lks_device_use use = {0};

    if (kernels->use)
        kernels->use(device.index, &use);
    return use;
}

void lks_vitals_read(lks_vitals *vitals, lks_pulse *pulse,
                     Lks__Proto__Heartbeat *heartbeat, Lks__Proto__PhaseTimes *times)
{
    const lks_device_use use = use_of(vitals->device);

    if (use.peak_bytes > vitals->device_peak_bytes)
        vitals->device_peak_bytes = use.peak_bytes;
    lks_pulse_read(pulse, heartbeat, times);
    heartbeat->device_memory_bytes = use.now_bytes;
    heartbeat->device_memory_peak_bytes = vitals->device_peak_bytes;
    heartbeat->rss_bytes = resident_bytes();
    heartbeat->samples_per_s = rate(vitals, atomic_load(&pulse->samples));
}
