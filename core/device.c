#include "device.h"

#include <stdlib.h>
#include <string.h>

#include "cpu/cpu.h"

static const struct {
    const char *name;
    lks_device_type type;
} types[] = {{"cpu", LKS_CPU}, {"cuda", LKS_CUDA}};

enum { MAX_INDEX_DIGITS = 4 };

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

lks_status lks_device_parse(const char *name, lks_device *out)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        size_t n = strlen(types[i].name);
        lks_device device = {.type = types[i].type};

        if (strncmp(name, types[i].name, n) != 0 || !parse_index(name + n, &device.index))
            continue;
        if (!lks_device_kernels(device))
            return lks_fail(LKS_DEVICE,
                            "device \"%s\": this Lockstep was not built with CUDA; use "
                            "\"cpu\"",
                            name);
        *out = device;
        return LKS_OK;
    }
    return lks_fail(LKS_INVALID,
                    "no device is called \"%s\"; it is \"cpu\", \"cpu:1\", \"cuda:0\" …",
                    name);
}

const lks_kernels *lks_device_kernels(lks_device device)
{
    return device.type == LKS_CPU ? lks_cpu_kernels() : NULL;
}
