/* Memory of the devices. Every allocation ends at a page that nobody may touch; all of it
 * traps whoever touches it, but a running kernel that may. The same bytes can be reached
 * a second time, by what copies (host_address in emulator.h). Under the emulator's lock.
 */
#ifndef LKS_TESTS_EMULATOR_MEMORY_H
#define LKS_TESTS_EMULATOR_MEMORY_H

#include <cstddef>
#include <string>

namespace emu
{
enum block_state { BLOCK_UNBORN, BLOCK_LIVE, BLOCK_FREED };

struct block {
    char *start;
    size_t n_bytes; /* as asked for */
    char *first;    /* its pages, without the guard */
    size_t n_page_bytes, span_bytes;
    int device;
    bool pooled;      /* cudaMallocAsync */
    bool freeing;     /* its free is queued */
    bool is_open;     /* for the running kernel */
    bool is_poisoned; /* 0xff all over since its last life */
    block_state state;
};

void memory_start();
block *memory_allocate(int device, size_t n_bytes, bool pooled);
void memory_birth(block *b); /* 0xff all over: a NaN, whatever is read of it */
void memory_free(block *b);  /* poisoned; its addresses rest before they come again */

bool in_arena(const void *p);
size_t arena_offset(const void *p);
size_t arena_bytes();
/* The block whose pages have this address, freed ones included. */
block *block_at(const void *p);
/* Whether all n bytes lie in a block that is alive. */
inline bool has_bytes(const block *b, const void *p, size_t n)
{
    const char *at = static_cast<const char *>(p);

    return b && b->state == BLOCK_LIVE && at >= b->start && n <= b->n_bytes &&
           at - b->start <= static_cast<ptrdiff_t>(b->n_bytes - n);
}
bool may_touch(int device, const block *b);
/* "4 bytes behind a block of 256 bytes of device 0" */
std::string describe(const void *p);

void block_open(block *b);
void block_close(block *b);

/* Pinned memory of the host. */
void *pinned_allocate(size_t n_bytes);
bool pinned_free(void *p);
bool is_pinned(const void *p, size_t n_bytes);
size_t pinned_bytes();
} // namespace emu

#endif
