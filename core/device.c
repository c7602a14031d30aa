#include "device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/try.h"
#include "cpu/cpu.h"
#include "reference/reference.h"

enum { MAX_INDEX_DIGITS = 4 };

static const lks_kernels *absent(void)
{
    return NULL;
}

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
    [LKS_CUDA] = {"cuda", absent},
    [LKS_OTHER] = {NULL, other},
};

static const char *name_of(int type)
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

static lks_status check_present(lks_device device, const char *name)
{
    const lks_kernels *kernels = lks_device_kernels(device);
    const int n = kernels ? kernels->count() : 0;

    if (!kernels)
        return lks_fail(LKS_DEVICE,
                        "device \"%s\": this Lockstep was not built with CUDA; use "
                        "\"cpu\"",
                        name);
    if (device.index < n)
        return LKS_OK;
    if (n == 0)
        return lks_fail(LKS_DEVICE, "device \"%s\": there is no %s device here", name,
                        kernels->name);
    return lks_fail(LKS_DEVICE, "device \"%s\": the last one here is %s:%d", name,
                    kernels->name, n - 1);
}

lks_status lks_device_parse(const char *name, lks_device *out)
{
    for (int type = 0; type < LKS_N_DEVICE_TYPES; type++) {
        const char *own = name_of(type);
        const size_t n = own ? strlen(own) : 0;
        lks_device device = {.type = (lks_device_type)type};

        if (!own || strncmp(name, own, n) != 0 || !parse_index(name + n, &device.index))
            continue;
        LKS_TRY(check_present(device, name));
        *out = device;
        return LKS_OK;
    }
    return lks_fail(LKS_INVALID,
                    "no device is called \"%s\"; it is \"cpu\", \"cpu:1\", \"cuda:0\" …",
                    name);
}

const char *lks_device_text(lks_device device, char *text, size_t size)
{
    const char *name = name_of((int)device.type);

    snprintf(text, size, "%s:%d", name ? name : "?", device.index);
    return text;
}

const lks_kernels *lks_device_kernels(lks_device device)
{
    return types[device.type].kernels();
}
