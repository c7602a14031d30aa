#include "nn/flat.h"

#include "base/try.h"
#include "device.h"
#include "kernels.h"

static size_t size_bytes(const lks_view *flat)
{
    return (size_t)flat->sizes[0] * sizeof(float);
}

lks_status lks_flat_create(lks_device device, size_t n, lks_view *out)
{
    const lks_kernels *kernels = lks_device_kernels(device);
    void *block = kernels->alloc(device.index, n * sizeof(float));
    lks_status st;

    if (!block)
        return LKS_NOMEM;
    *out = lks_view_flat(device, block, LKS_F32, n);
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

lks_status lks_flat_read(const lks_view *flat, float *out)
{
    return lks_device_kernels(flat->device)
        ->copy_out(flat->device.index, out, flat->data, size_bytes(flat));
}
