#include "memory.h"

#include "kernel.h"

#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <sys/mman.h>
#include <unistd.h>

namespace emu
{
static const size_t PAGE = 4096, ARENA = size_t{1} << 37;
static const size_t ALIGNMENT = 256; /* what the runtime promises */
static const size_t SMALL = 64 << 10;
static const size_t KEPT =
    256 << 20; /* of resting blocks, which otherwise give pages back */

static char *arena, *alias;    /* the device's address; the same bytes, open to us */
static size_t top;             /* what has been given out of it */
static block **of_page;        /* each page belongs to one block at most */
static size_t n_resting_bytes; /* that have kept their pages */
static size_t n_pinned_bytes;

/* Never destroyed, for programs may free at their end; a search for leaks finds them. */
static struct registry {
    std::deque<block> blocks;
    std::map<size_t, std::deque<block *>> resting; /* freed, by size of their span */
    std::map<const char *, size_t> pinned;
} &known = *new registry;

static void *reserve(size_t n_bytes, int protection, int flags, int fd)
{
    void *p = mmap(nullptr, n_bytes, protection, flags | MAP_NORESERVE, fd, 0);

    if (p == MAP_FAILED) {
        tell("no address space for the devices' memory");
        abort();
    }
    return p;
}

void memory_start()
{
    const int fd = memfd_create("emulated-devices", MFD_CLOEXEC);

    if (fd < 0 || ftruncate(fd, static_cast<off_t>(ARENA))) {
        tell("no memory file for the devices' memory");
        abort();
    }
    arena = static_cast<char *>(reserve(ARENA, PROT_NONE, MAP_SHARED, fd));
    alias = static_cast<char *>(reserve(ARENA, PROT_READ | PROT_WRITE, MAP_SHARED, fd));
    close(fd);
    madvise(alias, ARENA, MADV_DONTDUMP);
    of_page = static_cast<block **>(reserve(ARENA / PAGE * sizeof *of_page,
                                            PROT_READ | PROT_WRITE,
                                            MAP_PRIVATE | MAP_ANONYMOUS, -1));
}

bool in_arena(const void *p)
{
    const char *at = static_cast<const char *>(p);

    return arena && at >= arena && at < arena + ARENA;
}

size_t arena_offset(const void *p)
{
    return static_cast<size_t>(static_cast<const char *>(p) - arena);
}

size_t arena_bytes()
{
    return ARENA;
}

block *block_at(const void *p)
{
    return in_arena(p) ? of_page[arena_offset(p) / PAGE] : nullptr;
}

void *host_address(const void *p)
{
    if (in_arena(p))
        return alias + arena_offset(p);
    return const_cast<void *>(p);
}

/* ---- allocating ---- */

/* Pages and a guard; large spans come in few sizes, so that they can be used again. */
static size_t span_for(size_t n_page_bytes)
{
    size_t n = n_page_bytes + PAGE, step = PAGE;

    while (step * 16 < n)
        step *= 2;
    return (n + step - 1) / step * step;
}

/* A span rests until as much of its size was freed after it: an address that comes again
 * at once would hide that it is used after its end. */
static block *take_rested(size_t span_bytes, bool at_once)
{
    std::deque<block *> &of_size = known.resting[span_bytes];
    const size_t enough = span_bytes <= SMALL ? 64 : span_bytes <= SMALL * 64 ? 16 : 4;

    if (of_size.empty() || (!at_once && of_size.size() < enough))
        return nullptr;
    block *b = of_size.front();
    of_size.pop_front();
    if (b->is_poisoned)
        n_resting_bytes -= b->n_page_bytes;
    return b;
}

static block *take_span(size_t span_bytes)
{
    block *b = take_rested(span_bytes, false);

    if (!b && top + span_bytes > ARENA)
        b = take_rested(span_bytes, true);
    if (b)
        return b;
    if (top + span_bytes > ARENA)
        return nullptr;
    b = &known.blocks.emplace_back();
    b->first = arena + top;
    b->span_bytes = span_bytes;
    top += span_bytes;
    return b;
}

block *memory_allocate(int index, size_t n_bytes, bool pooled)
{
    device &d = the().devices[index];
    const size_t size = ((n_bytes ? n_bytes : 1) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    const size_t n_page_bytes = (size + PAGE - 1) / PAGE * PAGE;

    if (n_bytes > the().device_bytes || d.live_bytes > the().device_bytes - n_bytes)
        return nullptr;
    block *b = take_span(span_for(n_page_bytes));
    if (!b)
        return nullptr;
    for (size_t i = 0; i < b->n_page_bytes; i += PAGE)
        of_page[arena_offset(b->first + i) / PAGE] = nullptr; /* its life before */
    b->is_poisoned &= b->n_page_bytes >= n_page_bytes;
    b->n_page_bytes = n_page_bytes;
    b->start = b->first + n_page_bytes - size;
    b->n_bytes = n_bytes;
    b->device = index;
    b->pooled = pooled;
    b->freeing = b->is_open = false;
    b->state = BLOCK_UNBORN;
    for (size_t i = 0; i < n_page_bytes; i += PAGE)
        of_page[arena_offset(b->first + i) / PAGE] = b;
    d.live_bytes += n_bytes;
    d.peak_bytes = d.live_bytes > d.peak_bytes ? d.live_bytes : d.peak_bytes;
    return b;
}

void memory_birth(block *b)
{
    if (!b->is_poisoned)
        memset(host_address(b->first), 0xff, b->n_page_bytes);
    b->is_poisoned = false;
    b->state = BLOCK_LIVE;
}

void memory_free(block *b)
{
    the().devices[b->device].live_bytes -= b->n_bytes;
    b->state = BLOCK_FREED;
    block_close(b);
    if (the_checker)
        the_checker->forget_block(b);
    b->is_poisoned = n_resting_bytes + b->n_page_bytes <= KEPT;
    if (b->is_poisoned) {
        memset(host_address(b->first), 0xff, b->n_page_bytes);
        n_resting_bytes += b->n_page_bytes;
    } else {
        madvise(host_address(b->first), b->n_page_bytes, MADV_REMOVE);
    }
    known.resting[b->span_bytes].push_back(b);
}

void block_open(block *b)
{
    if (!b->is_open && mprotect(b->first, b->n_page_bytes, PROT_READ | PROT_WRITE) == 0)
        b->is_open = true;
}

void block_close(block *b)
{
    if (b->is_open && mprotect(b->first, b->n_page_bytes, PROT_NONE) == 0)
        b->is_open = false;
}

/* ---- who may touch it ---- */

bool may_touch(int index, const block *b)
{
    const device &d = the().devices[index];

    return b->device == index || (b->pooled ? d.pool_peer : d.peer)[b->device];
}

/* The block before an address that is in none. */
static const block *block_before(const char *at)
{
    const size_t page = arena_offset(at) / PAGE;

    for (size_t i = 1; i <= 256 && i <= page; i++)
        if (of_page[page - i])
            return of_page[page - i];
    return nullptr;
}

static std::string text_of(const block *b)
{
    static const char *const states[] = {
        "a block not allocated yet in that stream's order, ", "a block of ",
        "a freed block of "};

    return states[b->state] + std::to_string(b->n_bytes) + " bytes of device " +
           std::to_string(b->device);
}

std::string describe(const void *p)
{
    const char *at = static_cast<const char *>(p);
    const block *b = block_at(p);

    if (!in_arena(p))
        return is_pinned(p, 1) ? "pinned memory of the host"
                               : "pageable memory of the host";
    if (!b)
        b = block_before(at);
    if (!b)
        return "in no allocation of any device";
    if (at < b->start)
        return std::to_string(b->start - at) + " bytes before " + text_of(b);
    if (at >= b->start + b->n_bytes)
        return std::to_string(at - b->start - static_cast<ptrdiff_t>(b->n_bytes)) +
               " bytes behind the end of " + text_of(b);
    return "at byte " + std::to_string(at - b->start) + " of " + text_of(b);
}

bool is_reachable(int index, const void *pointer, size_t n_bytes, std::string *why)
{
    const block *b = block_at(pointer);

    if (n_bytes == 0 || is_pinned(pointer, n_bytes))
        return true;
    if (has_bytes(b, pointer, n_bytes) && may_touch(index, b))
        return true;
    *why = std::to_string(n_bytes) + " bytes " + describe(pointer);
    if (b && !may_touch(index, b))
        *why += ", which device " + std::to_string(index) + " may not touch";
    return false;
}

/* ---- of the host ---- */

void *pinned_allocate(size_t n_bytes)
{
    void *p;

    if (posix_memalign(&p, PAGE, n_bytes ? n_bytes : 1))
        return nullptr;
    memset(p, 0xff, n_bytes);
    known.pinned[static_cast<const char *>(p)] = n_bytes;
    n_pinned_bytes += n_bytes;
    return p;
}

bool pinned_free(void *p)
{
    const auto found = known.pinned.find(static_cast<const char *>(p));

    if (found == known.pinned.end())
        return false;
    n_pinned_bytes -= found->second;
    known.pinned.erase(found);
    free(p);
    return true;
}

bool is_pinned(const void *p, size_t n_bytes)
{
    const char *at = static_cast<const char *>(p);
    auto after = known.pinned.upper_bound(at);

    if (after == known.pinned.begin())
        return false;
    --after;
    return static_cast<size_t>(at - after->first) + n_bytes <= after->second;
}

size_t pinned_bytes()
{
    return n_pinned_bytes;
}
} // namespace emu
