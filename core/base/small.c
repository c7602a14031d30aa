#include "base/small.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "base/alloc.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) ||                     \
    defined(LKS_NO_BLOCK_CACHE)
#define KEEP_BLOCKS 0
#elif defined(__has_feature)
#define KEEP_BLOCKS                                                                      \
    !(__has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||             \
      __has_feature(memory_sanitizer))
#else
#define KEEP_BLOCKS 1
#endif

/* Classes of every 64 bytes up to 512, then of powers of two. */
enum {
    STEP = 64,
    N_STEPS = 8,
    MAX_LOG2 = 16,
    N_CLASSES = N_STEPS + MAX_LOG2 - 9,
    MAX_KEPT_BYTES = 8 << 20, /* of a thread */
};

typedef struct kept {
    struct kept *next;
} kept;

typedef struct keeper {
    kept *lists[N_CLASSES];
    size_t n_bytes;
    bool is_known; /* the thread's end gives it all back */
} keeper;

static _Thread_local keeper own;

/* ---- a thread's end ---- */

static pthread_key_t at_end;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void give_back(void *context)
{
    keeper *self = context;

    for (int i = 0; i < N_CLASSES; i++)
        while (self->lists[i]) {
            kept *block = self->lists[i];

            self->lists[i] = block->next;
            lks_free(block);
        }
    self->n_bytes = 0;
    self->is_known = false;
}

static void make_key(void)
{
    pthread_key_create(&at_end, give_back);
}

/* The program's first thread ends without its keys' destructors. */
__attribute__((destructor)) static void give_back_at_exit(void)
{
    give_back(&own);
}

static void make_known(keeper *self)
{
    if (self->is_known)
        return;
    pthread_once(&once, make_key);
    pthread_setspecific(at_end, self);
    self->is_known = true;
}

/* ---- blocks ---- */

/* The class of n_bytes and its size; -1: too large to keep. */
static int class_of(size_t n_bytes, size_t *class_bytes)
{
    const size_t n = n_bytes ? n_bytes : 1;
    int log2;

    *class_bytes = n_bytes;
    if (!KEEP_BLOCKS || n > (size_t)1 << MAX_LOG2)
        return -1;
    if (n <= (size_t)STEP * N_STEPS) {
        *class_bytes = (n + STEP - 1) / STEP * STEP;
        return (int)((n - 1) / STEP);
    }
    log2 = 64 - __builtin_clzll((unsigned long long)n - 1);
    *class_bytes = (size_t)1 << log2;
    return N_STEPS + log2 - 10;
}

void *lks_small_alloc(size_t n_bytes)
{
    size_t class_bytes;
    const int class = class_of(n_bytes, &class_bytes);
    kept *block = class >= 0 ? own.lists[class] : NULL;

    if (!block)
        return lks_malloc(class_bytes);
    if (lks_alloc_fault(n_bytes))
        return NULL;
    own.lists[class] = block->next;
    own.n_bytes -= class_bytes;
    return block;
}

void lks_small_free(void *block, size_t n_bytes)
{
    size_t class_bytes;
    const int class = class_of(n_bytes, &class_bytes);
    kept *freed = block;

    if (!block)
        return;
    if (class < 0 || own.n_bytes + class_bytes > MAX_KEPT_BYTES) {
        lks_free(block);
        return;
    }
    make_known(&own);
    freed->next = own.lists[class];
    own.lists[class] = freed;
    own.n_bytes += class_bytes;
}

void *lks_small_grow(void *block, size_t n_bytes, size_t new_bytes)
{
    void *grown = lks_small_alloc(new_bytes);

    if (grown && block) {
        memcpy(grown, block, n_bytes);
        lks_small_free(block, n_bytes);
    }
    return grown;
}
