/* Checked memory with a fault hook. On failure every function returns NULL and records
 * LKS_NOMEM; memory is given back with lks_free. Safe from any thread. */
#ifndef LKS_BASE_ALLOC_H
#define LKS_BASE_ALLOC_H

#include <stdarg.h>
#include <stddef.h>

/* n_bytes of zero still gives a unique pointer. */
void *lks_malloc(size_t n_bytes);

/* count * size_bytes zeroed bytes, the product checked. */
void *lks_calloc(size_t count, size_t size_bytes);

/* Resize to count * size_bytes; on failure the old block stays valid. */
void *lks_realloc(void *block, size_t count, size_t size_bytes);

/* Cache-line (64 byte) aligned, not zeroed. */
void *lks_malloc_aligned(size_t n_bytes);

char *lks_strdup(const char *text); /* a copy */

/* printf into a new string. */
char *lks_asprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *lks_vasprintf(const char *format, va_list args)
    __attribute__((format(printf, 1, 0)));

/* NULL is fine. */
void lks_free(void *block);

/* For an allocator on top of this one that serves n_bytes from a block it kept: whether
 * this is the request that a test wants to fail; LKS_NOMEM is then recorded. */
int lks_alloc_fault(size_t n_bytes);

/* For tests: let the next n calls of any thread succeed and fail the one after, once.
 * Negative: never fail (the default). */
void lks_alloc_fail_after(long n);

/* For tests: whether the armed failure has happened. */
int lks_alloc_has_failed(void);

#endif
