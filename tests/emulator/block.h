/* The block that runs: its threads, and what they do together. Shared by block.cpp, which
 * lets them take turns, meeting.cpp and async_copy.cpp. */
#ifndef LKS_TESTS_EMULATOR_BLOCK_H
#define LKS_TESTS_EMULATOR_BLOCK_H

#include "fibre.h"
#include "kernel.h"

#include <cuda_runtime.h>

namespace emu
{
enum { MAX_THREADS = 1024, WARP = 32, MAX_PARAMS = 32764, N_MEETINGS = 40 };

struct meeting { /* of the lanes of one mask */
    warp_operation what;
    unsigned mask, arrived, to_read;
    site at;
    uint64_t values[WARP];
};
struct warp {
    uint64_t used, open; /* bits of `meetings`: not read by all yet, not complete yet */
    unsigned epoch;
    meeting meetings[N_MEETINGS];
};
struct thread {
    fibre *on; /* NULL: not started */
    const char *waits_in;
    site waits_at;
    bool done;
};
struct running {
    const launch_plan *plan;
    char params[MAX_PARAMS];
    void (*run)(void *);
    dice order;
    context main;
    thread threads[MAX_THREADS];
    uint3 index[MAX_THREADS];
    warp warps[MAX_THREADS / WARP];
    unsigned short ready[MAX_THREADS];
    int n_ready, n_threads, n_done, n_arrived, n_votes, votes, current;
    site barrier_at;
    unsigned epoch;
    bool failed, has_copies;
    std::vector<block *> opened;
};
extern running now;

/* The running thread waits there until it is woken. */
void pause_thread(const char *in, site at);
void wake_thread(int number);
void copies_forgotten(int thread); /* a block begins */
} // namespace emu

#endif
