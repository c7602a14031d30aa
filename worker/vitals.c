#include "worker/vitals.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

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

void lks_vitals_read(lks_vitals *vitals, lks_pulse *pulse,
                     Lks__Proto__Heartbeat *heartbeat, Lks__Proto__PhaseTimes *times)
{
    lks_pulse_read(pulse, heartbeat, times);
    heartbeat->rss_bytes = resident_bytes();
    heartbeat->samples_per_s = rate(vitals, atomic_load(&pulse->samples));
}
