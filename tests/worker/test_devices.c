#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/cores.h"
#include "worker/devices.h"

static lks_job job_of(const char *device, uint32_t replicas)
{
    lks_job job = {0};

    setenv("EMULATOR_DEVICES", "0", 1); /* where there would be some: for auto */
    job.train.device = device;
    job.train.replicas = replicas;
    job.train.numerics = "exact";
    job.train.collectives = "auto";
    return job;
}

/* A machine with real ones. */
static bool has_gpus(void)
{
    setenv("EMULATOR_DEVICES", "0", 1);
    return lks_device_count(LKS_CUDA) > 0;
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
    if (!has_gpus())
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
    lks_job job = job_of("cpu", LKS_JOB_ALL);
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
        {"", LKS_INVALID, "--devices: a name is missing; it is \"all\", \"cuda\", or"},
        {"cpu:0,", LKS_INVALID, "--devices: a name is missing"},
        {",cpu:0", LKS_INVALID, "--devices: a name is missing"},
        {"cpu:0;cpu:1", LKS_INVALID, "no device is called \"cpu:0;cpu:1\""},
        {"all,cpu:0", LKS_INVALID, "--devices: \"all\" stands alone; it is "},
        {"cpu:0,all", LKS_INVALID, "--devices: \"all\" stands alone; it is "},
        {"cpu:0,reference", LKS_INVALID, "are of two types"},
        {"cpu:0,cuda:999", LKS_DEVICE, "device \"cuda:999\""},
        {"cpu:9999", LKS_DEVICE, "the last one here is cpu:"},
        {"a-name-that-is-far-longer-than-any-device-has", LKS_INVALID, "a-name-that-is"},
    };
    lks_job job = job_of("cpu", 1);
    lks_devices devices;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_fails(lks_devices_choose(&job, cases[i].list, &devices), cases[i].st,
                 cases[i].says);
    job.train.replicas = 1024;
    if (lks_cores_usable() < 1024)
        ck_fails(
            lks_devices_choose(&job, NULL, &devices), LKS_DEVICE,
            "train.replicas is 1024, but of the devices cpu:0 … the last one here is "
            "cpu:");
}
END_TEST

START_TEST(where_there_is_no_gpu_auto_is_the_cpu_and_cuda_says_why)
{
    lks_job job = job_of("cuda", 1);
    lks_devices devices;
    char want[256];

    if (has_gpus())
        return;
    snprintf(want, sizeof want, "device \"cuda\": %s; use \"cpu\"",
             lks_device_absence(LKS_CUDA, NULL));
    ck_fails(lks_devices_choose(&job, NULL, &devices), LKS_DEVICE, want);
    job = job_of("auto", 1);
    ck_ok(lks_devices_choose(&job, NULL, &devices));
    ck_assert_int_eq(devices.items[0].type, LKS_CPU);
    ck_assert(!devices.is_relative);
    ck_assert_ptr_null(lks_devices_fault(&job, NULL));
}
END_TEST

START_TEST(gpus_without_numbers_are_left_to_the_sharing)
{
    lks_job job = job_of("auto", 1);
    lks_devices devices;

    setenv("EMULATOR_DEVICES", "3", 1);
    if (lks_device_count(LKS_CUDA) < 3)
        return;
    ck_ok(lks_devices_choose(&job, NULL, &devices));
    ck_assert(devices.is_relative && devices.n == 1);
    ck_assert_int_eq(devices.items[0].type, LKS_CUDA);
    ck_ok(lks_devices_choose(&job, "cuda", &devices));
    ck_assert(devices.is_relative && devices.n == 1);
    ck_ok(lks_devices_choose(&job, "all", &devices));
    ck_assert(devices.is_relative && devices.n == lks_device_count(LKS_CUDA));
    ck_ok(lks_devices_choose(&job, "cuda:2,cuda:0", &devices));
    ck_assert(!devices.is_relative && devices.n == 2);
    ck_assert_int_eq(devices.items[0].index, 2);
    ck_ok(lks_devices_choose(&job, "cpu", &devices));
    ck_assert_int_eq(devices.items[0].type, LKS_CPU);
    ck_fails(lks_devices_choose(&job, "cpu:0,cuda:0", &devices), LKS_INVALID,
             "are of two types");
}
END_TEST

/* A rank on `host` that wants n of the GPUs of set `sees`. */
static lks_device_seat gpus(uint64_t host, uint64_t sees, int n_seen, int n)
{
    return (lks_device_seat){.host = host,
                             .sees = sees,
                             .type = LKS_CUDA,
                             .is_relative = true,
                             .n_seen = n_seen,
                             .n = n};
}

START_TEST(ranks_that_see_the_same_gpus_take_one_after_the_other)
{
    const lks_device_seat seats[] = {
        gpus(1, 7, 4, 2), gpus(2, 7, 4, 2),
        gpus(1, 7, 4, 2), gpus(2, 8, 2, 2), /* bound apart: it sees others of that host */
        gpus(2, 7, 4, 2),
    };
    static const int want[] = {0, 0, 2, 0, 2};
    enum { N = sizeof seats / sizeof *seats };

    for (int r = 0; r < N; r++) {
        int first = -1;

        ck_ok(lks_device_seats_check(seats, N, r, &first));
        ck_assert_int_eq(first, want[r]);
    }
}
END_TEST

START_TEST(a_host_with_too_few_gpus_is_told_by_all_ranks)
{
    const lks_device_seat few[] = {gpus(1, 7, 2, 1), gpus(1, 7, 2, 1), gpus(1, 7, 2, 1)};
    const lks_device_seat pairs[] = {gpus(2, 7, 3, 2), gpus(2, 7, 3, 2)};
    int first;

    for (int r = 0; r < 3; r++)
        ck_fails(lks_device_seats_check(few, 3, r, &first), LKS_DEVICE,
                 "3 ranks are on a host with 2 GPUs: start 2 there (--ranks), or set "
                 "train.device to cpu");
    ck_fails(lks_device_seats_check(pairs, 2, 1, &first), LKS_DEVICE,
             "2 ranks of 2 replicas want 4 GPUs and are on a host with 3 GPUs: start 1 "
             "there");
}
END_TEST

START_TEST(ranks_with_and_without_gpus_do_not_train_together)
{
    lks_device_seat seats[] = {gpus(1, 7, 2, 1), {.type = LKS_CPU, .n = 1}};
    int first;

    ck_fails(lks_device_seats_check(seats, 2, 0, &first), LKS_DEVICE,
             "rank 0 has a GPU, and rank 1 has none");
    seats[1] = seats[0];
    seats[0] = (lks_device_seat){.type = LKS_CPU, .n = 1};
    ck_fails(lks_device_seats_check(seats, 2, 0, &first), LKS_DEVICE,
             "rank 1 has a GPU, and rank 0 has none");
    seats[1] = (lks_device_seat){.type = LKS_CPU, .n = 2};
    ck_fails(lks_device_seats_check(seats, 2, 0, &first), LKS_STATE,
             "the number of devices of rank 1 differs from rank 0's");
}
END_TEST

LKS_SUITE("devices", the_job_says_how_many_of_what, the_command_line_says_which,
          all_cpus_are_one_a_core, bad_lists_are_refused_in_words,
          where_there_is_no_gpu_auto_is_the_cpu_and_cuda_says_why,
          gpus_without_numbers_are_left_to_the_sharing,
          ranks_that_see_the_same_gpus_take_one_after_the_other,
          a_host_with_too_few_gpus_is_told_by_all_ranks,
          ranks_with_and_without_gpus_do_not_train_together)
