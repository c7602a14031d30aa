#include "nn/flat.h"

#include <string.h>

#include "base/alloc.h"
#include "base/try.h"
#include "device.h"
#include "kernels.h"

static size_t size_bytes(const lks_view *flat)
{
    return (size_t)flat->sizes[0] * lks_dtype_size_bytes(flat->dtype);
}

lks_status lks_flat_create(lks_device device, lks_dtype dtype, size_t n, lks_view *out)
{
    const lks_kernels *kernels = lks_device_kernels(device);
    void *block = kernels->alloc(device.index, n * lks_dtype_size_bytes(dtype));
    lks_status st;

    if (!block)
        return LKS_NOMEM;
    *out = lks_view_flat(device, block, dtype, n);
    LKS_GO(lks_flat_clear(out, 0, n));
cleanup:
    if (st != LKS_OK)
        lks_flat_release(out);
    return st;
}

void lks_flat_release(lks_view *flat)
{
    if (!flat->data)
        return;
    lks_device_kernels(flat->device)
        ->free(flat->device.index, flat->data, size_bytes(flat));
    *flat = (lks_view){0};
}

lks_status lks_flat_clear(const lks_view *flat, size_t first, size_t n)
{
    const lks_view part = lks_view_part(flat, first, n);

    return n > 0 ? lks_device_kernels(flat->device)->fill(&part, 0) : LKS_OK;
}

lks_status lks_flat_read(const lks_view *flat, void *out)
{
    return lks_device_kernels(flat->device)
        ->copy_out(flat->device.index, out, flat->data, size_bytes(flat));
}

/* Multiply and xor-shift, 64 bits at a time, in chains side by side so that the
 * multiplications overlap; each step is a bijection of its chain, so one changed word
 * always shows. The constants are the odd numbers nearest 2^64 over the golden ratio and
 * its square. */
static inline uint64_t mix(uint64_t chain, uint64_t word)
{
    chain = (chain ^ word) * 0x9E3779B97F4A7C15u;
    return chain ^ chain >> 32;
}

static uint64_t hash_bytes(const char *bytes, size_t n)
{
    enum { N = 64, N_CHAINS = 64 / sizeof(uint64_t) };
    uint64_t chain[N_CHAINS], words[N_CHAINS], hash = 0x61C8864680B583EBu;

    for (int lane = 0; lane < N_CHAINS; lane++)
        chain[lane] = (uint64_t)lane + 1;
    for (size_t i = 0; i < n; i += N) {
        memcpy(words, bytes + i, sizeof words);
        for (int lane = 0; lane < N_CHAINS; lane++)
            chain[lane] = mix(chain[lane], words[lane]);
    }
    for (int lane = 0; lane < N_CHAINS; lane++)
        hash = mix(hash, chain[lane]);
    return hash;
}

lks_status lks_flat_hash(const lks_view *flat, uint64_t *out)
{
    const size_t n = size_bytes(flat);
    char *host;
    lks_status st;

    if (lks_device_kernels(flat->device)->host_reads) {
        *out = hash_bytes(flat->data, n);
        return LKS_OK;
    }
    if (!(host = lks_malloc(n)))
        return LKS_NOMEM;
    LKS_GO(lks_flat_read(flat, host));
    *out = hash_bytes(host, n);
cleanup:
    lks_free(host);
    return st;
}
