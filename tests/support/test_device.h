/* The device that a test runs on, and its memory as the host sees it. A test that holds
 * on every device says test_device() for lks_cpu, and reads and writes through these. */
#ifndef LKS_TESTS_SUPPORT_TEST_DEVICE_H
#define LKS_TESTS_SUPPORT_TEST_DEVICE_H

#include "support/suite.h"

#include "device.h"
#include "kernels.h"

/* LKS_TEST_DEVICE in the environment, or cpu. */
static inline lks_device test_device(void)
{
    const char *name = getenv("LKS_TEST_DEVICE");
    lks_device device = lks_cpu;

    if (name)
        ck_ok(lks_device_parse(name, &device));
    return device;
}

/* A flat view's elements to the host, and from it. */
static inline void flat_get(const lks_view *flat, void *out)
{
    ck_ok(lks_device_kernels(flat->device)
              ->copy_out(flat->device.index, out, flat->data,
                         (size_t)flat->sizes[0] * lks_dtype_size_bytes(flat->dtype)));
}

static inline void flat_put(const lks_view *flat, const void *values)
{
    ck_ok(lks_device_kernels(flat->device)
              ->copy_in(flat->device.index, flat->data, values,
                        (size_t)flat->sizes[0] * lks_dtype_size_bytes(flat->dtype)));
}

/* n elements of a device's memory, to be given back with flat_free. */
static inline lks_view flat_new(lks_device device, lks_dtype dtype, size_t n)
{
    void *block =
        lks_device_kernels(device)->alloc(device.index, n * lks_dtype_size_bytes(dtype));

    ck_assert_ptr_nonnull(block);
    return lks_view_flat(device, block, dtype, n);
}

static inline void flat_free(const lks_view *flat)
{
    lks_device_kernels(flat->device)
        ->free(flat->device.index, flat->data,
               (size_t)flat->sizes[0] * lks_dtype_size_bytes(flat->dtype));
}

#endif
