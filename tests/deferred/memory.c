/* The hostile device's memory: one range of addresses that nobody may touch, cut into
 * blocks of whole pages with a page between them. A block is opened for the time of a
 * command. */
#define _GNU_SOURCE
#include "deferred/deferred.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/alloc.h"

enum {
    PAGE = 4096,
    ALIGN = 64,
    POISON = 0xff, /* every float of it is NaN */
    MAX_BLOCKS = 1 << 20,
};

static const size_t arena_bytes = (size_t)1 << 36;

typedef struct block {
    int index;
    size_t first_page, n_pages; /* without the guard behind */
    bool is_live;
    struct block *next_free;
} block;

static struct {
    char *base;
    size_t n_pages, n_blocks; /* handed out so far */
    block **of_page;
    block *blocks; /* [MAX_BLOCKS] */
    block *free_blocks;
} arena;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void deferred_die(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fputs("deferred: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    abort();
}

static void *map(size_t n_bytes, int protection)
{
    void *at = mmap(NULL, n_bytes, protection,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (at == MAP_FAILED)
        deferred_die("no addresses left");
    return at;
}

static void protect(const block *b, int protection)
{
    if (mprotect(arena.base + b->first_page * PAGE, b->n_pages * PAGE, protection) != 0)
        deferred_die("the system refuses to protect a block");
}

static void poison(const block *b)
{
    protect(b, PROT_READ | PROT_WRITE);
    memset(arena.base + b->first_page * PAGE, POISON, b->n_pages * PAGE);
    protect(b, PROT_NONE);
}

/* A freed block of that many pages, or pages nobody had. */
static block *take(int index, size_t n_pages)
{
    block *b;

    for (block **at = &arena.free_blocks; *at; at = &(*at)->next_free)
        if ((*at)->n_pages == n_pages && (*at)->index == index) {
            b = *at;
            *at = b->next_free;
            return b;
        }
    if (!arena.base) {
        arena.base = map(arena_bytes, PROT_NONE);
        arena.of_page =
            map(arena_bytes / PAGE * sizeof *arena.of_page, PROT_READ | PROT_WRITE);
        arena.blocks = map(MAX_BLOCKS * sizeof *b, PROT_READ | PROT_WRITE);
    }
    if ((arena.n_pages + n_pages + 1) * PAGE > arena_bytes ||
        arena.n_blocks == MAX_BLOCKS)
        deferred_die("too much memory is asked for");
    b = &arena.blocks[arena.n_blocks++];
    *b = (block){.index = index, .first_page = arena.n_pages, .n_pages = n_pages};
    arena.n_pages += n_pages + 1;
    for (size_t i = 0; i < n_pages; i++)
        arena.of_page[b->first_page + i] = b;
    poison(b);
    return b;
}

void *deferred_alloc(int index, size_t n_bytes)
{
    const size_t room = (n_bytes > 0 ? n_bytes : 1) + ALIGN - 1;
    block *b;

    if (lks_alloc_fault(n_bytes))
        return NULL;
    if (n_bytes >= arena_bytes) {
        lks_fail(LKS_NOMEM, "cannot allocate %zu bytes", n_bytes);
        return NULL;
    }
    pthread_mutex_lock(&lock);
    b = take(index, (room + PAGE - 1) / PAGE);
    b->is_live = true;
    pthread_mutex_unlock(&lock);
    /* up against the guard: who writes past the end is seen */
    return arena.base + (b->first_page + b->n_pages) * PAGE - room / ALIGN * ALIGN;
}

static block *find(const void *address)
{
    const char *at = address;
    block *b = NULL;

    pthread_mutex_lock(&lock);
    if (arena.base && at >= arena.base && at < arena.base + arena.n_pages * PAGE)
        b = arena.of_page[(size_t)(at - arena.base) / PAGE];
    pthread_mutex_unlock(&lock);
    return b;
}

void deferred_open_block(const char *command, int index, const void *address)
{
    const block *b = find(address);

    if (!b)
        deferred_die("%s is given memory that is not the device's", command);
    if (!b->is_live)
        deferred_die("%s is given a block that was freed", command);
    if (b->index != index)
        deferred_die("%s of device %d is given memory of device %d", command, index,
                     b->index);
    protect(b, PROT_READ | PROT_WRITE);
}

void deferred_close_block(const void *address)
{
    protect(find(address), PROT_NONE);
}

void deferred_poison_block(void *address)
{
    const block *b = find(address);

    if (!b || !b->is_live)
        deferred_die("a recording's memory was freed");
    poison(b);
}

void deferred_end_block(int index, void *address)
{
    block *b = find(address);

    if (!b || !b->is_live)
        deferred_die("free is given %s", b ? "a block that was freed" : "no block");
    if (b->index != index)
        deferred_die("a block of device %d is freed as one of %d", b->index, index);
    pthread_mutex_lock(&lock);
    b->is_live = false;
    poison(b);
    b->next_free = arena.free_blocks;
    arena.free_blocks = b;
    pthread_mutex_unlock(&lock);
}
