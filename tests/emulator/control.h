/* What tests tell the emulator, and ask it. Any thread may call all of it. */
#ifndef LKS_TESTS_EMULATOR_CONTROL_H
#define LKS_TESTS_EMULATOR_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Another order of streams, blocks and threads for each seed; 0: as numbered.
 * EMULATOR_SEED in the environment until this is called. */
void emulator_seed(uint64_t seed);

/* Whether work runs only when somebody waits; EMULATOR_LATE until this is called. */
void emulator_late(bool late);

/* The n-th call from now of that function of the runtime (0: the next) answers `error`
 * and does nothing else, once. An error that breaks a real device breaks this one: every
 * later call answers it. */
void emulator_fail(const char *function, long n, int error);

/* Devices are whole again, no call is planned to fail, counts are 0. What is allocated,
 * and what is queued, stays. */
void emulator_reset(void);

/* Calls of that function so far, failed ones included. */
long emulator_calls(const char *function);

/* Bytes allocated on a device and not freed. */
size_t emulator_live_bytes(int device);

/* Pinned bytes of the host, of all devices. */
size_t emulator_pinned_bytes(void);

/* Things queued that have not run. */
size_t emulator_n_pending(void);

/* How often a thread of the host waited: to synchronise, or in a copy that blocks. */
long emulator_host_waits(void);

/* Append a line for each thing that has run to this file from now on (NULL: to none);
 * EMULATOR_TRACE until this is called.
 *   number device stream start end name
 * `start` and `end` are ticks of one clock: whatever starts before another ends, and ends
 * after its start, ran beside it. */
void emulator_trace(const char *path);

#ifdef __cplusplus
}
#endif

#endif
