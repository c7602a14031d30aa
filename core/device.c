#include "device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/try.h"
#include "cpu/cpu.h"
#ifdef LKS_HAS_CUDA
#include "cuda/cuda.h"
#endif
#include "reference/reference.h"

enum { MAX_INDEX_DIGITS = 4 };

#ifndef LKS_HAS_CUDA
static const lks_kernels *lks_cuda_kernels(void)
{
    return NULL;
}
#endif

static const lks_kernels *other(void)
{
    return lks_other_kernels ? lks_other_kernels() : NULL;
}

static const struct {
    const char *name; /* NULL: its table says */
    const lks_kernels *(*kernels)(void);
} types[LKS_N_DEVICE_TYPES] = {
    [LKS_CPU] = {"cpu", lks_cpu_kernels},
    [LKS_REFERENCE] = {"reference", lks_reference_kernels},
    [LKS_CUDA] = {"cuda", lks_cuda_kernels},
    [LKS_OTHER] = {NULL, other},
};

const char *lks_device_name(lks_device_type type)
{
    if (types[type].name)
        return types[type].name;
    return types[type].kernels() ? types[type].kernels()->name : NULL;
}

/* "" is device 0, ":7" device 7. */
static bool parse_index(const char *text, int *out)
{
    size_t n_digits;

    if (*text == '\0') {
        *out = 0;
        return true;
    }
    if (*text++ != ':')
        return false;
    n_digits = strspn(text, "0123456789");
    if (n_digits == 0 || n_digits > MAX_INDEX_DIGITS || text[n_digits] != '\0')
        return false;
    *out = atoi(text);
    return true;
}

int lks_device_count(lks_device_type type)
{
    const lks_kernels *kernels = types[type].kernels();

    return kernels ? kernels->count() : 0;
}

const char *lks_device_absence(lks_device_type type, bool *is_fault)
{
    const lks_kernels *kernels = types[type].kernels();
    bool unused;

    is_fault = is_fault ? is_fault : &unused;
    *is_fault = false;
    if (!kernels)
        return "this Lockstep was not built with CUDA";
    return kernels->absence ? kernels->absence(is_fault) : "there is no such device here";
}

static lks_status check_present(lks_device device, const char *name)
{
    const int n = lks_device_count(device.type);

    if (device.index < n)
        return LKS_OK;
    if (n == 0)
        return lks_fail(LKS_DEVICE, "device \"%s\": %s; use \"cpu\"", name,
                        lks_device_absence(device.type, NULL));
    return lks_fail(LKS_DEVICE, "device \"%s\": the last one here is %s:%d", name,
                    lks_device_name(device.type), n - 1);
}

lks_status lks_device_parse(const char *name, lks_device *out)
{
    for (int type = 0; type < LKS_N_DEVICE_TYPES; type++) {
        const char *own = lks_device_name((lks_device_type)type);
        const size_t n = own ? strlen(own) : 0;
        lks_device device = {.type = (lks_device_type)type};

        if (!own || strncmp(name, own, n) != 0 || !parse_index(name + n, &device.index))
            continue;
        LKS_TRY(check_present(device, name));
        *out = device;
        return LKS_OK;
    }
    return lks_fail(LKS_INVALID,
                    "no device is called \"%s\"; it is \"cpu\", \"cpu:1\", "
                    "\"reference\", \"cuda:0\" …",
                    name);
}

const char *lks_device_text(lks_device device, char *text, size_t size)
{
    const char *name = lks_device_name(device.type);

    snprintf(text, size, "%s:%d", name ? name : "?", device.index);
    return text;
}

const char *lks_device_instruction_set(lks_device device)
{
    return device.type == LKS_CPU ? lks_cpu_instruction_set() : "";
}

const lks_kernels *lks_device_kernels(lks_device device)
{
    return types[device.type].kernels();
}
