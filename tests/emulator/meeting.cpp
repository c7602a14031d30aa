/* Where threads of a block, or lanes of a warp, wait for one another. */
#include "block.h"

#include <cstdlib>
#include <cstring>

namespace emu
{
int lane_of_thread()
{
    return now.current % WARP;
}

int barrier(site at, bool vote)
{
    const int me = now.current;

    if (now.n_arrived++ == 0)
        now.barrier_at = at;
    else if (now.barrier_at.line != at.line || strcmp(now.barrier_at.file, at.file) != 0)
        fail(cudaErrorLaunchFailure,
             "divergent barriers: __syncthreads at %s:%d while others wait at %s:%d",
             at.file, at.line, now.barrier_at.file, now.barrier_at.line);
    now.n_votes += vote;
    if (now.n_arrived < now.n_threads) {
        pause_thread("__syncthreads", at);
        return now.votes;
    }
    now.votes = now.n_votes;
    now.n_votes = now.n_arrived = 0;
    now.epoch++;
    for (int i = now.n_threads - 1; i >= 0; i--)
        if (i != me)
            wake_thread(i);
    return now.votes;
}

static unsigned lanes_of(int warp_number)
{
    const int n = now.n_threads - warp_number * WARP;

    return n < WARP ? (1u << n) - 1 : ~0u;
}

unsigned active_mask()
{
    return lanes_of(now.current / WARP);
}

/* The meeting under way with this mask, or a new one. */
static int find_meeting(warp &w, unsigned mask)
{
    for (uint64_t left = w.open; left; left &= left - 1) {
        const int i = __builtin_ctzll(left);

        if (w.meetings[i].mask == mask)
            return i;
    }
    return -1;
}

static int start_meeting(warp &w, warp_operation what, unsigned mask, site at)
{
    const int i = __builtin_ctzll(~w.used);
    meeting &m = w.meetings[i];

    if (i >= N_MEETINGS)
        abort(); /* more than lanes */
    w.used |= uint64_t{1} << i;
    w.open |= uint64_t{1} << i;
    m.what = what;
    m.mask = m.to_read = mask;
    m.arrived = 0;
    m.at = at;
    return i;
}

const uint64_t *meet(warp_operation what, unsigned mask, uint64_t value, site at)
{
    static const char *const names[] = {"__syncwarp", "a shuffle", "a vote",
                                        "a reduction"};
    const int me = now.current % WARP, number = now.current / WARP;
    const unsigned all = lanes_of(number);
    warp &w = now.warps[number];

    if (what == SYNCWARP)
        mask &= all;
    if (!(mask >> me & 1) || (mask & ~all))
        fail(cudaErrorLaunchFailure,
             "%s at %s:%d: mask %#x lacks the calling lane %d, or has lanes the block "
             "lacks",
             names[what], at.file, at.line, mask, me);
    int i = find_meeting(w, mask);
    if (i < 0)
        i = start_meeting(w, what, mask, at);
    meeting &m = w.meetings[i];
    if (m.what != what || m.at.line != at.line || strcmp(m.at.file, at.file) != 0)
        fail(cudaErrorLaunchFailure, "divergent warp: %s at %s:%d meets %s at %s:%d",
             names[what], at.file, at.line, names[m.what], m.at.file, m.at.line);
    m.values[me] = value;
    m.arrived |= 1u << me;
    if (m.arrived == mask) {
        w.open &= ~(uint64_t{1} << i);
        w.epoch += mask == all;
        for (int lane = WARP - 1; lane >= 0; lane--)
            if (lane != me && mask >> lane & 1)
                wake_thread(number * WARP + lane);
    } else {
        pause_thread(names[what], at);
    }
    m.to_read &= ~(1u << me);
    if (!m.to_read)
        w.used &= ~(uint64_t{1} << i);
    return m.values;
}

void note_atomic(const void *p, size_t n_bytes, void *pc)
{
    if (reinterpret_cast<uintptr_t>(p) % n_bytes)
        fail(cudaErrorMisalignedAddress,
             "an atomic access of %zu bytes at %p: misaligned (%s)", n_bytes, p,
             line_of(pc).c_str());
    if (the_checker)
        the_checker->access(p, n_bytes, true, true, pc);
}
} // namespace emu
