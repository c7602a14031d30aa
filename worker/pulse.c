#include "worker/pulse.h"

#include <string.h>

#include "base/clock.h"

enum { PHASE_BITS = 4 };

_Static_assert(LKS_PULSE_PHASES <= 1 << PHASE_BITS, "a phase fits its bits");

static uint64_t word_of(uint64_t since_ns, Lks__Proto__Phase phase)
{
    return since_ns << PHASE_BITS | (uint64_t)phase;
}

static Lks__Proto__Phase phase_of(uint64_t word)
{
    return (Lks__Proto__Phase)(word & ((1u << PHASE_BITS) - 1));
}

/* The clock in the word is 60 bits wide; differences survive its wrapping. */
static uint64_t elapsed_ns(uint64_t word, uint64_t now_ns)
{
    return (now_ns << PHASE_BITS >> PHASE_BITS) - (word >> PHASE_BITS);
}

void lks_pulse_init(lks_pulse *pulse)
{
    memset(pulse, 0, sizeof *pulse);
    atomic_store(&pulse->phase_word, word_of(lks_clock_ns(), LKS__PROTO__PHASE__START));
}

void lks_pulse_enter(lks_pulse *pulse, Lks__Proto__Phase phase)
{
    const uint64_t now_ns = lks_clock_ns();
    const uint64_t before =
        atomic_load_explicit(&pulse->phase_word, memory_order_relaxed);

    /* One writer: no read-modify-write is needed. */
    _Atomic uint64_t *spent = &pulse->spent_ns[phase_of(before)];
    atomic_store_explicit(spent,
                          atomic_load_explicit(spent, memory_order_relaxed) +
                              elapsed_ns(before, now_ns),
                          memory_order_relaxed);
    atomic_store_explicit(&pulse->phase_word, word_of(now_ns, phase),
                          memory_order_release);
}

void lks_pulse_add_samples(lks_pulse *pulse, uint64_t n)
{
    atomic_fetch_add_explicit(&pulse->samples, n, memory_order_relaxed);
}

void lks_pulse_end_step(lks_pulse *pulse)
{
    atomic_fetch_add_explicit(&pulse->step, 1, memory_order_release);
}

void lks_pulse_wish(lks_pulse *pulse, lks_wish wish)
{
    int before = atomic_load(&pulse->wish);

    while (before < (int)wish &&
           !atomic_compare_exchange_weak(&pulse->wish, &before, (int)wish))
        ;
}

/* ---- a step's ---- */

static void enter(void *pulse, lks_step_phase phase)
{
    static const Lks__Proto__Phase phases[] = {
        [LKS_STEP_LOAD] = LKS__PROTO__PHASE__LOAD,
        [LKS_STEP_FORWARD] = LKS__PROTO__PHASE__FORWARD,
        [LKS_STEP_BACKWARD] = LKS__PROTO__PHASE__BACKWARD,
        [LKS_STEP_REDUCE] = LKS__PROTO__PHASE__REDUCE,
        [LKS_STEP_UPDATE] = LKS__PROTO__PHASE__UPDATE,
    };

    lks_pulse_enter(pulse, phases[phase]);
}

static void add_samples(void *pulse, uint64_t n)
{
    lks_pulse_add_samples(pulse, n);
}

static void end_step(void *pulse)
{
    lks_pulse_end_step(pulse);
}

static lks_wish wish(void *pulse)
{
    return (lks_wish)atomic_load(&((lks_pulse *)pulse)->wish);
}

const lks_step_watcher lks_pulse_watcher = {
    .enter = enter,
    .add_samples = add_samples,
    .end_step = end_step,
    .wish = wish,
};

/* ---- its readers ---- */

static double seconds(lks_pulse *pulse, Lks__Proto__Phase phase)
{
    return 1e-9 *
           (double)atomic_load_explicit(&pulse->spent_ns[phase], memory_order_relaxed);
}

void lks_pulse_read(lks_pulse *pulse, Lks__Proto__Heartbeat *out,
                    Lks__Proto__PhaseTimes *times)
{
    const uint64_t word = atomic_load_explicit(&pulse->phase_word, memory_order_acquire);

    out->step = atomic_load_explicit(&pulse->step, memory_order_acquire);
    out->phase = phase_of(word);
    out->phase_s = 1e-9 * (double)elapsed_ns(word, lks_clock_ns());
    times->load = seconds(pulse, LKS__PROTO__PHASE__LOAD);
    times->forward = seconds(pulse, LKS__PROTO__PHASE__FORWARD);
    times->backward = seconds(pulse, LKS__PROTO__PHASE__BACKWARD);
    times->reduce = seconds(pulse, LKS__PROTO__PHASE__REDUCE);
    times->update = seconds(pulse, LKS__PROTO__PHASE__UPDATE);
    out->times = times;
}
