#include "check.h"

#include "fibre.h"
#include "kernel.h"

#include <cuda_runtime.h>

#include <cstdlib>
#include <cstring>
#include <link.h>
#include <sys/mman.h>

extern thread_local __align__(128) unsigned char dynamic_shared[];

namespace emu
{
struct access {
    unsigned launch, block, epoch, warp_epoch;
    unsigned pc; /* from the start of the program */
    unsigned short thread;
    unsigned char bytes, atomic; /* which of the four bytes */
};
/* Four bytes of memory. Two writes, for bytes of two threads; two reads, so that there is
 * one of another thread whoever writes. */
struct cell {
    access write[2], read[2];
    unsigned launch, block, written; /* the bytes that this block of this launch wrote */
};

static unsigned launch_number;
static cell *of_arena, *of_shared;
static const char *image_first, *image_end;
static size_t n_shared_bytes;    /* of the program's thread-local segment */
static const char *shared_first; /* of the thread that launches */
static const char *dynamic_first,
    *dynamic_end; /* what the launch has, and all there is */
static const char *dynamic_allowed;

/* ---- the program ---- */

/* The first image is the program: its thread-local segment is what __shared__ makes. */
static int look_at(dl_phdr_info *info, size_t, void *)
{
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) &part = info->dlpi_phdr[i];
        const char *first =
            reinterpret_cast<const char *>(info->dlpi_addr + part.p_vaddr);
        const char *end = first + part.p_memsz;

        if (part.p_type == PT_TLS) {
            shared_first = static_cast<const char *>(info->dlpi_tls_data);
            n_shared_bytes = part.p_memsz;
        }
        if (part.p_type != PT_LOAD)
            continue;
        if (!image_first || first < image_first)
            image_first = first;
        if (end > image_end)
            image_end = end;
    }
    return 1;
}

static void *reserve(size_t n_bytes)
{
    void *p = mmap(nullptr, n_bytes, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (p == MAP_FAILED) {
        tell("no address space for the checker");
        abort();
    }
    madvise(p, n_bytes, MADV_DONTDUMP);
    return p;
}

static void launch_begins()
{
    dl_iterate_phdr(look_at, nullptr);
    if (!of_arena) {
        of_arena = static_cast<cell *>(reserve(arena_bytes() / 4 * sizeof(cell)));
        of_shared = static_cast<cell *>(reserve((n_shared_bytes / 4 + 2) * sizeof(cell)));
    }
    dynamic_first = reinterpret_cast<const char *>(dynamic_shared);
    dynamic_end = dynamic_first + MAX_SHARED;
    dynamic_allowed = dynamic_first + kernel_dynamic_bytes();
    launch_number++;
}

/* ---- the rules ---- */

static std::string line_at(unsigned pc)
{
    return line_of(image_first + pc);
}

/* Is `b` surely after the earlier `a`? */
static inline bool ordered(const access &a, const access &b)
{
    if (a.launch != b.launch)
        return true;
    if (a.block != b.block)
        return false;
    return a.thread == b.thread || a.epoch != b.epoch ||
           (a.thread / 32 == b.thread / 32 && a.warp_epoch != b.warp_epoch);
}

[[noreturn]] static void race(const access &a, bool a_writes, const access &b,
                              bool b_writes, const void *p)
{
    const std::string here = line_at(b.pc), there = line_at(a.pc);
    const std::string what = in_arena(p) ? describe(p) : "shared memory";

    fail(cudaErrorLaunchFailure,
         "race on %p (%s): %s at %s, and %s by thread %d of block %u at %s, and nothing "
         "orders the two",
         p, what.c_str(), b_writes ? "written" : "read", here.c_str(),
         a_writes ? "written" : "read", a.thread, a.block, there.c_str());
}

static inline void keep_write(cell &c, const access &now)
{
    const bool other_bytes = c.write[0].launch == now.launch && c.write[0].bytes &&
                             !(c.write[0].bytes & now.bytes);

    if (c.launch != now.launch || c.block != now.block) {
        c.launch = now.launch;
        c.block = now.block;
        c.written = 0;
    }
    c.written |= now.bytes;
    if (other_bytes)
        c.write[1] = c.write[0];
    c.write[0] = now;
}

static inline void keep_read(cell &c, const access &now)
{
    if (ordered(c.read[0], now))
        c.read[0] = now;
    else if (ordered(c.read[1], now) || (c.read[0].block == c.read[1].block &&
                                         c.read[0].thread / 32 == c.read[1].thread / 32))
        c.read[1] = now; /* two of one warp tell no more than one */
}

static inline void check_cell(cell &c, const access &now, bool writes, bool shared,
                              const void *p)
{
    /* Shared memory of another block is other memory in the same place. */
    const auto concerns = [&](const access &a) {
        return (a.bytes & now.bytes) && !(shared && a.block != now.block) &&
               !(a.atomic && now.atomic) && !ordered(a, now);
    };

    if (shared && (!writes || now.atomic) &&
        (c.launch != now.launch || c.block != now.block || (now.bytes & ~c.written)))
        fail(cudaErrorLaunchFailure,
             "reads shared memory %p that no thread of the block has written (%s)", p,
             line_at(now.pc).c_str());
    for (const access &w : c.write)
        if (concerns(w))
            race(w, true, now, writes, p);
    if (writes) {
        for (const access &r : c.read)
            if (concerns(r))
                race(r, false, now, true, p);
        keep_write(c, now);
    } else {
        keep_read(c, now);
    }
}

/* The cells of n bytes, one after the other. */
static void check_cells(cell *cells, size_t at, const char *p, size_t n_bytes,
                        bool writes, bool atomic, bool shared, void *pc)
{
    access now;

    now.launch = launch_number;
    now.block = kernel_block();
    now.epoch = kernel_epoch(&now.warp_epoch);
    now.thread = static_cast<unsigned short>(kernel_thread());
    now.atomic = atomic;
    now.pc = static_cast<unsigned>(static_cast<const char *>(pc) - image_first);
    for (const size_t end = at + n_bytes; at < end;) {
        const size_t first = at & 3, last = end - at < 4 - first ? first + end - at : 4;

        now.bytes = static_cast<unsigned char>(((1u << last) - 1) & ~((1u << first) - 1));
        check_cell(cells[at / 4], now, writes, shared, p);
        at += last - first;
        p += last - first;
    }
}

[[noreturn]] static void out_of_bounds(const void *p, size_t n_bytes, bool writes,
                                       void *pc)
{
    const block *b = block_at(p);
    const char *what = "";
    std::string where = describe(p);

    if (b && b->state == BLOCK_FREED)
        what = "use after free: ";
    else if (has_bytes(b, p, n_bytes) && !may_touch(kernel_device(), b))
        where += ", memory of another device without peer access";
    fail(cudaErrorIllegalAddress, "%s%s %zu bytes at %p, %s (%s)", what,
         writes ? "writes" : "reads", n_bytes, p, where.c_str(), line_of(pc).c_str());
}

static void check_shared(const char *p, size_t n_bytes, bool writes, bool atomic,
                         void *pc)
{
    if (p >= dynamic_first && p < dynamic_end && p + n_bytes > dynamic_allowed)
        fail(cudaErrorIllegalAddress,
             "%s %zu bytes at byte %zu of %zu bytes of dynamic shared memory (%s)",
             writes ? "writes" : "reads", n_bytes, static_cast<size_t>(p - dynamic_first),
             kernel_dynamic_bytes(), line_of(pc).c_str());
    check_cells(of_shared, static_cast<size_t>(p - shared_first), p, n_bytes, writes,
                atomic, true, pc);
}

static void check_elsewhere(const char *p, size_t n_bytes, bool writes, void *pc)
{
    if (in_params(p) || (p >= image_first && p < image_end) || is_pinned(p, n_bytes))
        return;
    out_of_bounds(p, n_bytes, writes, pc);
}

static void check_host(const void *p, void *pc)
{
    if (!in_arena(p))
        return;
    tell("the host touches device memory: %p, %s (%s)", p, describe(p).c_str(),
         line_of(pc).c_str());
    abort();
}

void check_access(const void *pointer, size_t n_bytes, bool writes, bool atomic, void *pc)
{
    const char *p = static_cast<const char *>(pointer);
    const char *here = static_cast<const char *>(__builtin_frame_address(0));

    if (!runs_kernel) {
        check_host(p, pc);
        return;
    }
    if (static_cast<size_t>(p - here) < FIBRE_STACK_BYTES && on_own_stack(p))
        return;
    if ((n_bytes & (n_bytes - 1)) == 0 && n_bytes <= 16 &&
        reinterpret_cast<uintptr_t>(p) & (n_bytes - 1))
        fail(cudaErrorMisalignedAddress, "%s %zu bytes at %p: misaligned (%s)",
             writes ? "writes" : "reads", n_bytes, p, line_of(pc).c_str());
    if (static_cast<size_t>(p - shared_first) < n_shared_bytes) {
        check_shared(p, n_bytes, writes, atomic, pc);
    } else if (in_arena(p)) {
        const block *b = block_at(p);

        if (!has_bytes(b, p, n_bytes) || !may_touch(kernel_device(), b))
            out_of_bounds(p, n_bytes, writes, pc);
        check_cells(of_arena, arena_offset(p), p, n_bytes, writes, atomic, false, pc);
    } else {
        check_elsewhere(p, n_bytes, writes, pc);
    }
}

void check_fails(int error, const char *file, unsigned line, const char *text)
{
    const char *name = strrchr(file, '/');

    name = name ? name + 1 : file;
    if (runs_kernel)
        fail(static_cast<cudaError_t>(error), "%s (%s:%u)", text, name, line);
    tell("the host: %s (%s:%u)", text, name, line);
    abort();
}

/* ---- for the rest of the emulator ---- */

static void forget_shared(const void *pointer, size_t n_bytes)
{
    const char *p = static_cast<const char *>(pointer);

    if (static_cast<size_t>(p - shared_first) >= n_shared_bytes)
        return;
    const size_t at = static_cast<size_t>(p - shared_first);
    for (size_t i = 0; i < n_bytes; i++)
        of_shared[(at + i) / 4].written &= ~(1u << ((at + i) & 3));
}

/* Blocks that are large never come again at once: what was known of them is memory. */
static void forget_block(const block *b)
{
    if (of_arena && b->n_page_bytes > (256 << 10))
        madvise(of_arena + arena_offset(b->first) / 4, b->n_page_bytes / 4 * sizeof(cell),
                MADV_DONTNEED);
}

__attribute__((constructor)) static void register_checker()
{
    static const checker mine = {launch_begins, check_access, forget_shared,
                                 forget_block};

    the_checker = &mine;
}
} // namespace emu
