#include "support/suite.h"

#include <stdio.h>

#include "base/cores.h"
#include "worker/devices.h"

static lks_job job_of(const char *device, uint32_t replicas)
{
    lks_job job = {0};

    job.train.device = device;
    job.train.replicas = replicas;
    return job;
}

/* The indices of what was chosen, as in "0 3 1". */
static const char *chosen(const char *list, const char *device, uint32_t replicas)
{
    static lks_devices devices;
    static char text[256];
    lks_job job = job_of(device, replicas);
    size_t n = 0;

    ck_ok(lks_devices_choose(&job, list, &devices));
    text[0] = '\0';
    for (int i = 0; i < devices.n; i++) {
        ck_assert_int_eq(devices.items[i].type, LKS_CPU);
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%d", i ? " " : "",
                              devices.items[i].index);
    }
    lks_devices_settle(&devices, &job);
    ck_assert_str_eq(job.train.device, "cpu");
    ck_assert_uint_eq(job.train.replicas, (uint32_t)devices.n);
    return text;
}

START_TEST(the_job_says_how_many_of_what)
{
    ck_assert_str_eq(chosen(NULL, "auto", 1), "0");
    ck_assert_str_eq(chosen(NULL, "cpu", 4), "0 1 2 3");
}
END_TEST

START_TEST(the_command_line_says_which)
{
    ck_assert_str_eq(chosen("cpu", "auto", 1), "0");
    ck_assert_str_eq(chosen("cpu:3,cpu,cpu:1", "auto", 7), "3 0 1");
}
END_TEST

START_TEST(all_cpus_are_one_a_core)
{
    lks_job job = job_of("auto", LKS_JOB_ALL);
    lks_devices devices;

    ck_ok(lks_devices_choose(&job, NULL, &devices));
    ck_assert_int_eq(devices.n, (int)lks_cores_usable());
    job.train.replicas = 1;
    ck_ok(lks_devices_choose(&job, "all", &devices));
    ck_assert_int_eq(devices.n, (int)lks_cores_usable());
}
END_TEST

START_TEST(bad_lists_are_refused_in_words)
{
    static const struct {
        const char *list;
        lks_status st;
        const char *says;
    } cases[] = {
        {"cpu:0,cpu:1,cpu:0", LKS_INVALID, "--devices: cpu:0 stands there twice"},
        {"cpu,cpu:0", LKS_INVALID, "--devices: cpu:0 stands there twice"},
        {"", LKS_INVALID, "no device is called \"\""},
        {"cpu:0,", LKS_INVALID, "no device is called \"\""},
        {"cpu:0;cpu:1", LKS_INVALID, "no device is called \"cpu:0;cpu:1\""},
        {"all,cpu:0", LKS_INVALID, "no device is called \"all\""},
        {"cpu:0,cuda:0", LKS_DEVICE, "device \"cuda:0\""},
        {"cpu:9999", LKS_DEVICE, "the last one here is cpu:"},
        {"a-name-that-is-far-longer-than-any-device-has", LKS_INVALID, "a-name-that-is"},
    };
    lks_job job = job_of("auto", 1);
    lks_devices devices;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_fails(lks_devices_choose(&job, cases[i].list, &devices), cases[i].st,
                 cases[i].says);
    job.train.replicas = 1024;
    if (lks_cores_usable() < 1024)
        ck_fails(lks_devices_choose(&job, NULL, &devices), LKS_DEVICE,
                 "the last one here is cpu:");
}
END_TEST

LKS_SUITE("devices", the_job_says_how_many_of_what, the_command_line_says_which,
          all_cpus_are_one_a_core, bad_lists_are_refused_in_words)
