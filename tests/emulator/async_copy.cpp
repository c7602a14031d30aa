/* cp.async: what a thread has told to be copied, until it waits for that. */
#include "block.h"

#include <cuda_pipeline_primitives.h>

#include <cstring>

namespace emu
{
struct waiting_copy {
    void *to;
    const void *from;
    size_t n_bytes, n_zeros;
    unsigned group;
    void *pc;
};
struct copies {
    unsigned n_groups;
    std::vector<waiting_copy> list;
};

static copies of_thread[MAX_THREADS];

void copy_begins(void *to, const void *from, size_t n_bytes, size_t n_zeros, void *pc)
{
    copies &mine = of_thread[now.current];

    if ((n_bytes != 4 && n_bytes != 8 && n_bytes != 16) || n_zeros > n_bytes)
        fail(cudaErrorLaunchFailure, "__pipeline_memcpy_async of %zu bytes (%s)", n_bytes,
             line_of(pc).c_str());
    if (reinterpret_cast<uintptr_t>(to) % n_bytes ||
        reinterpret_cast<uintptr_t>(from) % n_bytes)
        fail(cudaErrorMisalignedAddress,
             "__pipeline_memcpy_async of %zu bytes from %p to %p: misaligned (%s)",
             n_bytes, from, to, line_of(pc).c_str());
    if (the_checker) {
        if (n_bytes > n_zeros)
            the_checker->access(from, n_bytes - n_zeros, false, false, pc);
        the_checker->access(to, n_bytes, true, false, pc);
        the_checker->forget_shared(to, n_bytes);
    }
    memset(to, 0xff, n_bytes);
    mine.list.push_back({to, from, n_bytes, n_zeros, mine.n_groups, pc});
    now.has_copies = true;
}

void copies_committed()
{
    of_thread[now.current].n_groups++;
}

void copies_awaited(size_t n_left)
{
    copies &mine = of_thread[now.current];
    size_t n = 0;

    for (; n < mine.list.size() && mine.list[n].group + n_left < mine.n_groups; n++) {
        const waiting_copy &c = mine.list[n];

        if (the_checker)
            the_checker->access(c.to, c.n_bytes, true, false, c.pc);
        memcpy(c.to, c.from, c.n_bytes - c.n_zeros);
        memset(static_cast<char *>(c.to) + c.n_bytes - c.n_zeros, 0, c.n_zeros);
    }
    mine.list.erase(mine.list.begin(), mine.list.begin() + static_cast<ptrdiff_t>(n));
}

void copies_forgotten(int number)
{
    of_thread[number].list.clear();
    of_thread[number].n_groups = 0;
}
} // namespace emu
