#include "tensor/scope.h"

#include <assert.h>

#include "base/small.h"
#include "tensor/tensor_impl.h"

/* One stack of entries a thread holds all its open scopes: a mark where a scope opens,
 * above it one entry a tensor.
 *
 *     [mark] t t t [mark] t t
 *            ^outer       ^base */
typedef struct entry {
    lks_tensor *tensor; /* holds one reference; NULL: a mark, or taken out since */
    size_t link; /* of a mark: the outer base; of a tensor: 1 if it moves outwards */
} entry;

static _Thread_local struct {
    entry *entries;
    size_t n, capacity;
    size_t base; /* first entry of the innermost scope */
    int depth;
} scopes;

static _Thread_local bool grad_disabled;

static lks_status push(lks_tensor *tensor, size_t link)
{
    if (scopes.n == scopes.capacity) {
        size_t capacity = scopes.capacity ? 2 * scopes.capacity : 256;
        entry *entries = lks_small_grow(scopes.entries, scopes.n * sizeof *entries,
                                        capacity * sizeof *entries);

        if (!entries)
            return LKS_NOMEM;
        scopes.entries = entries;
        scopes.capacity = capacity;
    }
    scopes.entries[scopes.n++] = (entry){tensor, link};
    return LKS_OK;
}

lks_status lks_scope_open(void)
{
    lks_status st = push(NULL, scopes.base);

    if (st != LKS_OK)
        return st;
    scopes.base = scopes.n;
    scopes.depth++;
    return LKS_OK;
}

/* Let go newest first: the blocks then lie in the allocator's hands in the order in which
 * the next round of the same operations asks for them. */
static void drop_entries(size_t first, size_t end)
{
    for (size_t i = end; i-- > first;) {
        lks_tensor *t = scopes.entries[i].tensor;

        if (!t || scopes.entries[i].link)
            continue;
        scopes.entries[i].tensor = NULL;
        lks_unref(t);
    }
}

/* What is left of a closed scope moves down into the scope around it, or to the caller.
 */
static void move_outwards(size_t first, size_t end)
{
    for (size_t i = first; i < end; i++) {
        lks_tensor *t = scopes.entries[i].tensor;

        if (t && scopes.depth > 0)
            scopes.entries[scopes.n++] = (entry){t, 0};
    }
}

void lks_scope_close(void)
{
    size_t first = scopes.base, end;

    assert(scopes.depth > 0);
    drop_entries(first, scopes.n);
    end = scopes.n;
    scopes.n = first - 1;
    scopes.base = scopes.entries[scopes.n].link;
    scopes.depth--;
    move_outwards(first, end);
    if (scopes.depth == 0) {
        lks_small_free(scopes.entries, scopes.capacity * sizeof(entry));
        scopes.entries = NULL;
        scopes.n = scopes.capacity = 0;
    }
}

lks_tensor *lks_scope_own(lks_tensor *t)
{
    if (!t || scopes.depth == 0)
        return t;
    if (push(t, 0) != LKS_OK) {
        lks_unref(t);
        return NULL;
    }
    return t;
}

/* The innermost scope's newest entry of t. The search starts at the newest, which is what
 * is kept or returned as a rule; and the tensor, which other threads may be reading, need
 * not say where it is listed. */
static entry *entry_of(const lks_tensor *t)
{
    for (size_t i = scopes.n; t && i-- > scopes.base;)
        if (scopes.entries[i].tensor == t)
            return &scopes.entries[i];
    return NULL;
}

lks_tensor *lks_keep(lks_tensor *t)
{
    entry *owned = entry_of(t);

    if (!owned)
        return lks_ref(t);
    owned->tensor = NULL;
    return t;
}

lks_tensor *lks_scope_return(lks_tensor *t)
{
    entry *owned = entry_of(t);

    if (owned)
        owned->link = 1;
    return t;
}

void lks_scope_disown(lks_tensor *t)
{
    entry *owned = entry_of(t);

    if (owned)
        owned->tensor = NULL;
    if (owned || scopes.depth == 0)
        lks_unref(t);
}

bool lks_set_grad_enabled(bool enabled)
{
    bool was = !grad_disabled;

    grad_disabled = !enabled;
    return was;
}

bool lks_grad_enabled(void)
{
    return !grad_disabled;
}
