/* The device that a test runs on, and its memory as the host sees it. A test that holds
 * on every device says test_device() for lks_cpu, and reads and writes through these. */
#ifndef LKS_TESTS_SUPPORT_TEST_DEVICE_H
#define LKS_TESTS_SUPPORT_TEST_DEVICE_H

#include "support/suite.h"

#include "device.h"
#include "kernels.h"
#include "nn/param_block.h"
#include "support/needs_device.h"
#include "tensor/tensor.h"

/* A suite of GPUs, LKS_TEST_GPUS of them or one, is skipped where these are not. */
__attribute__((constructor)) static inline void skip_without_test_device(void)
{
    const char *n = getenv("LKS_TEST_GPUS");

    if (is_test_of_gpus())
        skip_without_gpus(n ? atoi(n) : 1);
}

/* Where each replica has a device of its own: how many behind the first this thread's is.
 */
static _Thread_local int test_device_offset;

/* LKS_TEST_DEVICE in the environment, or cpu. */
static inline lks_device test_device(void)
{
    const char *name = getenv("LKS_TEST_DEVICE");
    lks_device device = lks_cpu;

    if (name)
        ck_ok(lks_device_parse(name, &device));
    device.index += test_device_offset;
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

/* A tensor's elements, row-major, in memory that the test frees. */
static inline void *tensor_get(const lks_tensor *t)
{
    void *host =
        malloc((size_t)lks_numel(t) * lks_dtype_size_bytes(lks_tensor_dtype(t)) + 1);

    ck_assert_ptr_nonnull(host);
    ck_ok(lks_to_host(t, host));
    return host;
}

/* Element i of an f32 or f64 tensor. */
static inline double tensor_at(const lks_tensor *t, int64_t i)
{
    void *host = tensor_get(t);
    const double value = lks_tensor_dtype(t) == LKS_F64 ? ((const double *)host)[i]
                                                        : ((const float *)host)[i];

    free(host);
    return value;
}

/* The hash of parameters. */
static inline uint64_t hash_of(const lks_param_block *block)
{
    uint64_t hash = 0;

    ck_ok(lks_param_block_hash(block, &hash));
    return hash;
}

/* What the test's device says once it is done with all it was told. */
static inline lks_status test_finish(void)
{
    const lks_device device = test_device();

    return lks_device_kernels(device)->finish(device.index);
}

#endif
