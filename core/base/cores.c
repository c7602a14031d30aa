#define _GNU_SOURCE
#include "base/cores.h"

#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The first line of a file of a control group; false where there is none. */
static bool read_line(const char *folder, const char *name, char *out, size_t size_bytes)
{
    char path[2 * PATH_MAX];
    FILE *file;
    bool is_read;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (!(file = fopen(path, "re")))
        return false;
    is_read = fgets(out, (int)size_bytes, file) != NULL;
    fclose(file);
    return is_read;
}

static uint32_t whole_cores(double quota_us, double period_us)
{
    const double cores = period_us > 0 ? quota_us / period_us : 0;

    return cores < 1 ? 1 : cores < UINT32_MAX ? (uint32_t)cores : UINT32_MAX;
}

/* Of one control group: "max 100000" or "150000 100000". */
static uint32_t quota_v2(const char *folder)
{
    double quota_us, period_us;
    char line[64];

    if (read_line(folder, "cpu.max", line, sizeof line) &&
        sscanf(line, "%lf %lf", &quota_us, &period_us) == 2)
        return whole_cores(quota_us, period_us);
    return UINT32_MAX;
}

/* A quota of -1 is none. */
static uint32_t quota_v1(const char *folder)
{
    double quota_us, period_us;
    char quota[64], period[64];

    if (read_line(folder, "cpu.cfs_quota_us", quota, sizeof quota) &&
        read_line(folder, "cpu.cfs_period_us", period, sizeof period) &&
        sscanf(quota, "%lf", &quota_us) == 1 && quota_us > 0 &&
        sscanf(period, "%lf", &period_us) == 1)
        return whole_cores(quota_us, period_us);
    return UINT32_MAX;
}

typedef uint32_t quota_fn(const char *folder);

/* The least of `group` below `mount` and of all above it. In a container the group may be
 * named as the host sees it, and only the top be there. */
static uint32_t least_up_from(const char *root, const char *mount, const char *group,
                              quota_fn *quota_of)
{
    char folder[PATH_MAX];
    const int n_mount =
        snprintf(folder, sizeof folder, "%s/sys/fs/cgroup%s", root, mount);
    uint32_t least = UINT32_MAX;

    if (n_mount < 0 || (size_t)n_mount >= sizeof folder)
        return least;
    snprintf(folder + n_mount, sizeof folder - (size_t)n_mount, "%s", group);
    for (;;) {
        const uint32_t quota = quota_of(folder);
        char *slash = strrchr(folder + n_mount, '/');

        least = quota < least ? quota : least;
        if (!slash)
            return least;
        *slash = '\0';
    }
}

/* Whether `controllers` ("cpu,cpuacct") has the one for CPU time. */
static bool has_cpu(const char *controllers)
{
    for (; *controllers; controllers += strcspn(controllers, ",")) {
        controllers += *controllers == ',';
        if (strcspn(controllers, ",") == 3 && strncmp(controllers, "cpu", 3) == 0)
            return true;
    }
    return false;
}

/* A line of /proc/self/cgroup: "0::/group", "4:cpu,cpuacct:/group". */
static uint32_t quota_of_line(const char *root, char *line)
{
    char *controllers = strchr(line, ':'), *group, mount[64];
    uint32_t least, other;

    if (!controllers || !(group = strchr(++controllers, ':')))
        return UINT32_MAX;
    *group++ = '\0';
    group[strcspn(group, "\n")] = '\0';
    if (!*controllers) {
        least = least_up_from(root, "", group, quota_v2);
        other = least_up_from(root, "/unified", group, quota_v2);
        return least < other ? least : other;
    }
    if (!has_cpu(controllers))
        return UINT32_MAX;
    snprintf(mount, sizeof mount, "/%s", controllers);
    least = least_up_from(root, mount, group, quota_v1);
    other = least_up_from(root, "/cpu", group, quota_v1);
    return least < other ? least : other;
}

uint32_t lks_cores_quota(const char *root)
{
    char path[PATH_MAX], line[PATH_MAX];
    uint32_t least = UINT32_MAX;
    FILE *file;

    snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    if (!(file = fopen(path, "re")))
        return least;
    while (fgets(line, sizeof line, file)) {
        const uint32_t quota = quota_of_line(root, line);

        least = quota < least ? quota : least;
    }
    fclose(file);
    return least;
}

uint32_t lks_cores_usable(void)
{
    const uint32_t quota = lks_cores_quota("");
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    cpu_set_t allowed;

    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0)
        cores = CPU_COUNT(&allowed);
    if (cores < 1)
        return 1;
    return (uint32_t)cores < quota ? (uint32_t)cores : quota;
}
