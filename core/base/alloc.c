#include "base/alloc.h"

#include <limits.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"

#define DISARMED LONG_MIN

/* Calls left before the armed failure; below zero once it has happened. */
static _Atomic long countdown = DISARMED;

void lks_alloc_fail_after(long n)
{
    atomic_store(&countdown, n < 0 ? DISARMED : n);
}

int lks_alloc_has_failed(void)
{
    long left = atomic_load(&countdown);
    return left < 0 && left != DISARMED;
}

static int fault_is_due(void)
{
    if (atomic_load_explicit(&countdown, memory_order_relaxed) < 0)
        return 0;
    return atomic_fetch_sub(&countdown, 1) == 0;
}

static void *checked(void *block, size_t n_bytes)
{
    if (!block)
        lks_fail(LKS_NOMEM, "cannot allocate %zu bytes", n_bytes);
    return block;
}

int lks_alloc_fault(size_t n_bytes)
{
    return fault_is_due() && !checked(NULL, n_bytes);
}

/* The product, or 0 with the failure recorded. At least 1, so that nothing is NULL by
 * size. */
static size_t checked_product(size_t count, size_t size_bytes)
{
    size_t product;

    if (__builtin_mul_overflow(count, size_bytes, &product)) {
        lks_fail(LKS_NOMEM, "cannot allocate %zu x %zu bytes", count, size_bytes);
        return 0;
    }
    return product ? product : 1;
}

void *lks_malloc(size_t n_bytes)
{
    return checked(fault_is_due() ? NULL : malloc(n_bytes ? n_bytes : 1), n_bytes);
}

void *lks_calloc(size_t count, size_t size_bytes)
{
    size_t n_bytes = checked_product(count, size_bytes);
    return n_bytes ? checked(fault_is_due() ? NULL : calloc(1, n_bytes), n_bytes) : NULL;
}

void *lks_realloc(void *block, size_t count, size_t size_bytes)
{
    size_t n_bytes = checked_product(count, size_bytes);
    return n_bytes ? checked(fault_is_due() ? NULL : realloc(block, n_bytes), n_bytes)
                   : NULL;
}

void *lks_malloc_aligned(size_t n_bytes)
{
    void *block = NULL;

    if (fault_is_due() || posix_memalign(&block, 64, n_bytes ? n_bytes : 1) != 0)
        block = NULL;
    return checked(block, n_bytes);
}

char *lks_strdup(const char *text)
{
    size_t n = strlen(text) + 1;
    char *copy = lks_malloc(n);

    return copy ? memcpy(copy, text, n) : NULL;
}

char *lks_vasprintf(const char *format, va_list args)
{
    va_list again;
    char *text = NULL;
    int n;

    va_copy(again, args);
    n = vsnprintf(NULL, 0, format, args);
    if (n >= 0 && (text = lks_malloc((size_t)n + 1)) != NULL)
        vsnprintf(text, (size_t)n + 1, format, again);
    va_end(again);
    return text;
}

char *lks_asprintf(const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    text = lks_vasprintf(format, args);
    va_end(args);
    return text;
}

void lks_free(void *block)
{
    free(block);
}
