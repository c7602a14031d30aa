#include "worker/comm/host_block.h"

#include <pthread.h>
#include <stdbool.h>

#include "base/alloc.h"

enum { HEAD = 64 }; /* bytes in front of a block's own, as aligned */

typedef struct head {
    struct head *next;
    size_t n_bytes;
    bool is_pinned;
} head;

_Static_assert(sizeof(head) <= HEAD, "a head fits in front");

/* Never freed: a run asks for the same sizes in each of its steps. */
static struct {
    pthread_mutex_t lock;
    head *kept;
} all = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* One that is not more than twice as large. */
static head *take_kept(bool is_pinned, size_t n_bytes)
{
    head *found = NULL;

    pthread_mutex_lock(&all.lock);
    for (head **at = &all.kept; *at; at = &(*at)->next) {
        head *h = *at;

        if (h->is_pinned == is_pinned && h->n_bytes >= n_bytes &&
            h->n_bytes / 2 <= n_bytes) {
            *at = h->next;
            found = h;
            break;
        }
    }
    pthread_mutex_unlock(&all.lock);
    return found;
}

void *lks_host_block_take(lks_device device, size_t n_bytes)
{
    const bool is_pinned = device.type == LKS_CUDA;
    head *h = take_kept(is_pinned, n_bytes);

    if (h && lks_alloc_fault(n_bytes)) {
        lks_host_block_give((char *)h + HEAD);
        return NULL;
    }
    if (!h) {
        h = is_pinned ? lks_pinned_alloc(HEAD + n_bytes) : NULL;
        if (!h && !(h = lks_malloc_aligned(HEAD + n_bytes)))
            return NULL;
        h->n_bytes = n_bytes;
        h->is_pinned = is_pinned;
    }
    return (char *)h + HEAD;
}

void lks_host_block_give(void *block)
{
    head *h = (head *)(void *)((char *)block - HEAD);

    if (!block)
        return;
    pthread_mutex_lock(&all.lock);
    h->next = all.kept;
    all.kept = h;
    pthread_mutex_unlock(&all.lock);
}
