/* Blocks for storages. A training step frees and asks for the same sizes over and over;
 * giving large ones back to the system each time would cost a page fault per 4 KiB at the
 * next use. So freed blocks wait in a list per size class, up to a bound. */
#include "cpu/cpu.h"

#include <pthread.h>

#include "base/alloc.h"
#include "base/cores.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) ||                     \
    defined(LKS_NO_BLOCK_CACHE)
#define KEEP_BLOCKS 0 /* a tool that watches memory wants to see each block freed */
#elif defined(__has_feature)
#define KEEP_BLOCKS                                                                      \
    !(__has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||             \
      __has_feature(memory_sanitizer))
#else
#define KEEP_BLOCKS 1
#endif

enum {
    MIN_LOG2 = 6, /* 64 bytes */
    MAX_LOG2 = 28,
    CLASSES_PER_OCTAVE = 4,
    N_CLASSES = (MAX_LOG2 - MIN_LOG2) * CLASSES_PER_OCTAVE,
    N_STORES = 64,    /* more devices share them */
    LINE_BYTES = 128, /* what processors hand to each other, with the next line */
};

static const size_t max_kept_bytes = (size_t)512 << 20;

typedef struct kept_block {
    struct kept_block *next;
} kept_block;

/* One a device, whose threads then neither wait for another's nor get blocks that are in
 * another core's cache. */
typedef struct store {
    _Alignas(LINE_BYTES) pthread_mutex_t lock;
    size_t n_bytes;
    kept_block *lists[N_CLASSES];
} store;

static store stores[N_STORES] = {
    [0 ... N_STORES - 1] = {.lock = PTHREAD_MUTEX_INITIALIZER}};

static store *store_of(int index)
{
    return &stores[index % N_STORES];
}

/* The class of blocks that hold n_bytes, -1 if they are too large to keep; and the size
 * of that class. Classes stand at 1, 1.25, 1.5 and 1.75 times powers of two, so at most a
 * quarter of a block is wasted. */
static int class_of(size_t n_bytes, size_t *class_bytes)
{
    size_t n = n_bytes < ((size_t)1 << MIN_LOG2) ? (size_t)1 << MIN_LOG2 : n_bytes;
    int log2 = 63 - __builtin_clzll((unsigned long long)n);
    size_t step = ((size_t)1 << log2) / CLASSES_PER_OCTAVE;
    size_t quarter = (n - ((size_t)1 << log2) + step - 1) / step;
    int class = (log2 - MIN_LOG2) * CLASSES_PER_OCTAVE + (int)quarter;

    if (class >= N_CLASSES) {
        *class_bytes = n_bytes;
        return -1;
    }
    *class_bytes = ((size_t)1 << log2) + quarter * step;
    return class;
}

void *lks_cpu_alloc(int index, size_t n_bytes)
{
    size_t class_bytes = 0;
    int class = KEEP_BLOCKS ? class_of(n_bytes, &class_bytes) : -1;
    store *kept = store_of(index);
    kept_block *block;

    if (n_bytes >= PTRDIFF_MAX) { /* sanitizers abort where malloc would refuse */
        lks_fail(LKS_NOMEM, "cannot allocate %zu bytes", n_bytes);
        return NULL;
    }
    if (class < 0)
        return lks_malloc_aligned(n_bytes);
    pthread_mutex_lock(&kept->lock);
    block = kept->lists[class];
    if (block) {
        kept->lists[class] = block->next;
        kept->n_bytes -= class_bytes;
    }
    pthread_mutex_unlock(&kept->lock);
    if (!block)
        return lks_malloc_aligned(class_bytes);
    if (lks_alloc_fault(n_bytes)) {
        lks_cpu_free(index, block, n_bytes);
        return NULL;
    }
    return block;
}

void lks_cpu_free(int index, void *block, size_t n_bytes)
{
    size_t class_bytes = 0;
    int class = KEEP_BLOCKS ? class_of(n_bytes, &class_bytes) : -1;
    store *kept = store_of(index);
    bool is_kept = false;

    if (block && class >= 0) {
        pthread_mutex_lock(&kept->lock);
        is_kept = kept->n_bytes + class_bytes <= max_kept_bytes;
        if (is_kept) {
            *(kept_block *)block = (kept_block){.next = kept->lists[class]};
            kept->lists[class] = block;
            kept->n_bytes += class_bytes;
        }
        pthread_mutex_unlock(&kept->lock);
    }
    if (!is_kept)
        lks_free(block);
}

int lks_cpu_count(void)
{
    enum { LEAST = 8 };
    const uint32_t n_cores = lks_cores_usable();

    return n_cores > LEAST ? (int)n_cores : LEAST;
}
