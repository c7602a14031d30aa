#include "worker/devices.h"

#include <stdio.h>
#include <string.h>

#include "base/cores.h"
#include "base/try.h"
#include "kernels.h"

/* The type that the job names; of CPUs the choice is ours. */
static const char *type_of(const lks_job *job)
{
    return strcmp(job->train.device, "auto") == 0 ? "cpu" : job->train.device;
}

/* More CPUs than cores can be had, but only by name. */
static int count_all(lks_device device)
{
    return device.type == LKS_CPU ? (int)lks_cores_usable()
                                  : lks_device_kernels(device)->count();
}

static lks_status check_next(const lks_devices *devices, lks_device next)
{
    const lks_device *first = &devices->items[0];
    char texts[2][LKS_DEVICE_TEXT];

    if (devices->n == LKS_DEVICES_MAX)
        return lks_fail(LKS_INVALID, "--devices: more than %d", LKS_DEVICES_MAX);
    if (devices->n > 0 && next.type != first->type)
        return lks_fail(LKS_INVALID,
                        "--devices: %s and %s are of two types, a run has one",
                        lks_device_text(*first, texts[0], sizeof texts[0]),
                        lks_device_text(next, texts[1], sizeof texts[1]));
    for (int i = 0; i < devices->n; i++)
        if (devices->items[i].index == next.index)
            return lks_fail(LKS_INVALID, "--devices: %s stands there twice",
                            lks_device_text(next, texts[0], sizeof texts[0]));
    return LKS_OK;
}

static lks_status parse_list(const char *list, lks_devices *out)
{
    while (true) {
        const size_t n = strcspn(list, ",");
        char name[LKS_DEVICE_TEXT];
        lks_device device;

        snprintf(name, sizeof name, "%.*s", (int)n, list);
        LKS_TRY(lks_device_parse(name, &device));
        LKS_TRY(check_next(out, device));
        out->items[out->n++] = device;
        if (list[n] == '\0')
            return LKS_OK;
        list += n + 1;
    }
}

/* The first n of a type; n 0: all. */
static lks_status take_first(const char *type, int n, lks_devices *out)
{
    lks_device device;

    LKS_TRY(lks_device_parse(type, &device));
    n = n ? n : count_all(device);
    for (int i = 0; i < n && i < LKS_DEVICES_MAX; i++) {
        char name[LKS_DEVICE_TEXT];

        snprintf(name, sizeof name, "%s:%d", type, i);
        LKS_TRY(lks_device_parse(name, &out->items[out->n]));
        out->n++;
    }
    return LKS_OK;
}

lks_status lks_devices_choose(const lks_job *job, const char *list, lks_devices *out)
{
    const char *type = type_of(job);

    out->n = 0;
    if (list && strcmp(list, "all") == 0)
        return take_first(type, 0, out);
    return list ? parse_list(list, out) : take_first(type, (int)job->train.replicas, out);
}

void lks_devices_settle(const lks_devices *devices, lks_job *job)
{
    job->train.device = lks_device_name(devices->items[0].type);
    job->train.replicas = (uint32_t)devices->n;
}
