/* What the main thread lets others see while it works: how far it is, in which phase and
 * since when. The main thread writes, the reporter reads, at any time and without
 * waiting: so a rank that hangs in a collective can still tell where. */
#ifndef LKS_WORKER_PULSE_H
#define LKS_WORKER_PULSE_H

#include <stdatomic.h>
#include <stdint.h>

#include "lockstep.pb-c.h"
#include "train/step.h"

enum { LKS_PULSE_PHASES = LKS__PROTO__PHASE__DONE + 1 };

typedef struct lks_pulse {
    _Atomic uint64_t step;                       /* completed */
    _Atomic uint64_t samples;                    /* this rank has trained on */
    _Atomic uint64_t phase_word;                 /* since (ns) << 4 | phase */
    _Atomic uint64_t spent_ns[LKS_PULSE_PHASES]; /* in phases that are over */
    _Atomic int wish; /* an lks_wish; set by the reporter or a signal */
} lks_pulse;

void lks_pulse_init(lks_pulse *pulse);

/* Main thread: the phase before is over. */
void lks_pulse_enter(lks_pulse *pulse, Lks__Proto__Phase phase);
/* Main thread: it has trained on so many more samples; a step is complete. */
void lks_pulse_add_samples(lks_pulse *pulse, uint64_t n);
void lks_pulse_end_step(lks_pulse *pulse);

/* What a step says and asks, its context being a pulse. */
extern const lks_step_watcher lks_pulse_watcher;

/* Any thread or signal handler: a stronger wish replaces a weaker one. */
void lks_pulse_wish(lks_pulse *pulse, lks_wish wish);

/* Any thread: fill a heartbeat, but for the memory and the rate. `times` is the caller's
 * and is linked in. */
void lks_pulse_read(lks_pulse *pulse, Lks__Proto__Heartbeat *out,
                    Lks__Proto__PhaseTimes *times);

#endif
