/* A control group's quota, from the files of a made-up root. */
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cores.h"

static char root[64];

static void put(const char *path, const char *text)
{
    char command[512], full[256];
    FILE *file;

    snprintf(full, sizeof full, "%s%s", root, path);
    snprintf(command, sizeof command, "mkdir -p \"$(dirname '%s')\"", full);
    ck_assert_int_eq(system(command), 0);
    file = fopen(full, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

static void make_root(const char *groups)
{
    snprintf(root, sizeof root, "/tmp/lks-cores-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
    put("/proc/self/cgroup", groups);
}

static void ck_quota(uint32_t want)
{
    char command[128];
    const uint32_t got = lks_cores_quota(root);

    snprintf(command, sizeof command, "rm -r %s", root);
    ck_assert_int_eq(system(command), 0);
    ck_assert_uint_eq(got, want);
}

START_TEST(the_quota_of_version_2_counts_in_whole_cores)
{
    static const struct {
        const char *cpu_max;
        uint32_t cores;
    } cases[] = {{"max 100000\n", UINT32_MAX}, {"200000 100000\n", 2},
                 {"150000 100000\n", 1},       {"50000 100000\n", 1},
                 {"399999 100000\n", 3},       {"1200000 100000\n", 12},
                 {"nonsense\n", UINT32_MAX},   {"", UINT32_MAX}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        make_root("0::/user.slice/a.scope\n");
        put("/sys/fs/cgroup/user.slice/a.scope/cpu.max", cases[i].cpu_max);
        ck_quota(cases[i].cores);
    }
}
END_TEST

START_TEST(the_least_quota_up_the_hierarchy_counts)
{
    make_root("0::/a/b/c\n");
    put("/sys/fs/cgroup/a/b/c/cpu.max", "800000 100000\n");
    put("/sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
    put("/sys/fs/cgroup/a/cpu.max", "300000 100000\n");
    ck_quota(3);
    make_root("0::/\n"); /* a container with a namespace of its own */
    put("/sys/fs/cgroup/cpu.max", "200000 100000\n");
    ck_quota(2);
}
END_TEST

START_TEST(the_quota_of_version_1_counts_wherever_it_is_mounted)
{
    static const char groups[] = "5:cpuset:/docker/x\n4:cpu,cpuacct:/docker/x\n"
                                 "1:name=systemd:/docker/x\n0::/\n";

    make_root(groups);
    put("/sys/fs/cgroup/cpu,cpuacct/docker/x/cpu.cfs_quota_us", "250000\n");
    put("/sys/fs/cgroup/cpu,cpuacct/docker/x/cpu.cfs_period_us", "100000\n");
    ck_quota(2);
    make_root(groups); /* in a container that sees its own group at the top */
    put("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "400000\n");
    put("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
    ck_quota(4);
    make_root(groups);
    put("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
    put("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
    ck_quota(UINT32_MAX);
}
END_TEST

START_TEST(without_control_groups_there_is_no_quota)
{
    make_root("");
    ck_quota(UINT32_MAX);
    make_root("0::/gone\n");
    ck_quota(UINT32_MAX);
    make_root("no colons\n3:only one\n");
    ck_quota(UINT32_MAX);
    ck_assert_uint_eq(lks_cores_quota("/nowhere"), UINT32_MAX);
    ck_assert_uint_ge(lks_cores_usable(), 1);
    ck_assert_uint_le(lks_cores_usable(), (uint32_t)sysconf(_SC_NPROCESSORS_ONLN));
}
END_TEST

LKS_SUITE("cores", the_quota_of_version_2_counts_in_whole_cores,
          the_least_quota_up_the_hierarchy_counts,
          the_quota_of_version_1_counts_wherever_it_is_mounted,
          without_control_groups_there_is_no_quota)
