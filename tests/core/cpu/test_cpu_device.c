#include "support/suite.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/cores.h"
#include "cpu/cpu.h"
#include "device.h"

START_TEST(cpu_names_are_parsed_with_their_index)
{
    static const struct {
        const char *name;
        int index;
    } cases[] = {{"cpu", 0}, {"cpu:0", 0}, {"cpu:1", 1}, {"cpu:7", 7}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lks_device device = {LKS_CUDA, -1};

        ck_ok(lks_device_parse(cases[i].name, &device));
        ck_assert_int_eq(device.type, LKS_CPU);
        ck_assert_int_eq(device.index, cases[i].index);
        ck_assert_ptr_nonnull(lks_device_kernels(device));
    }
}
END_TEST

START_TEST(there_are_eight_cpus_or_as_many_as_cores)
{
    const int n = lks_cpu_count();
    lks_device device = lks_cpu;
    char name[16], last[16];

    ck_assert_int_eq(n, lks_cores_usable() > 8 ? (int)lks_cores_usable() : 8);
    snprintf(name, sizeof name, "cpu:%d", n);
    snprintf(last, sizeof last, "cpu:%d", n - 1);
    ck_ok(lks_device_parse(last, &device));
    ck_fails(lks_device_parse(name, &device), LKS_DEVICE, last);
}
END_TEST

START_TEST(other_names_are_refused_and_leave_the_output_alone)
{
    static const char *const names[] = {"",       "cp",     "CPU",  "cpu:",      "cpu:x",
                                        "cpu:-1", "cpu:1x", "cpux", "cpu:99999", "gpu"};
    lks_device device = {LKS_CUDA, 77};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        ck_fails(lks_device_parse(names[i], &device), LKS_INVALID, "no device is called");
    ck_assert_int_eq(device.index, 77);
}
END_TEST

START_TEST(cuda_is_asked_for_but_absent)
{
    lks_device device;

    if (lks_device_count(LKS_CUDA) == 0) {
        const char *why = lks_device_absence(LKS_CUDA, NULL);

        ck_fails(lks_device_parse("cuda:0", &device), LKS_DEVICE, why);
        ck_fails(lks_device_parse("cuda", &device), LKS_DEVICE, "\"cuda\"");
    }
    ck_fails(lks_device_parse("cuda:q", &device), LKS_INVALID, "cuda:q");
}
END_TEST

START_TEST(the_number_of_threads_is_at_least_one)
{
    ck_assert_int_eq(lks_num_threads(lks_cpu), 1);
    lks_set_num_threads(lks_cpu, 3);
    ck_assert_int_eq(lks_num_threads(lks_cpu), 3);
    lks_set_num_threads(lks_cpu, 0);
    ck_assert_int_eq(lks_num_threads(lks_cpu), 1);
}
END_TEST

START_TEST(the_instruction_set_names_the_table_in_use)
{
    ck_assert_ptr_eq(lks_cpu_kernels_for(lks_cpu_instruction_set()), lks_cpu_kernels());
    ck_assert_ptr_null(lks_cpu_kernels_for("mmx"));
}
END_TEST

START_TEST(every_kernel_of_every_table_is_filled)
{
    static const char *const sets[] = {"avx512f", "avx2", "neon", "reference"};
    const size_t first = offsetof(lks_kernels, fill) / sizeof(void *);
    int n_found = 0;

    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        const lks_kernels *k = lks_cpu_kernels_for(sets[i]);
        void *slots[sizeof *k / sizeof(void *)];

        if (!k)
            continue;
        n_found++;
        memcpy(slots, k, sizeof *k);
        for (size_t j = first; j < sizeof slots / sizeof *slots; j++)
            ck_assert_msg(slots[j], "%s lacks kernel %zu", sets[i], j - first);
    }
    ck_assert_int_ge(n_found, 1);
}
END_TEST

START_TEST(blocks_are_aligned_apart_and_writable_at_any_size)
{
    const lks_kernels *k = lks_cpu_kernels();

    for (size_t round = 0; round < 2; round++)
        for (size_t n = 0; n < 5000000; n = n * 3 / 2 + 1) {
            char *a = k->alloc(0, n), *b = k->alloc(0, n);

            ck_assert_uint_eq((uintptr_t)a % 64, 0);
            ck_assert_uint_eq((uintptr_t)b % 64, 0);
            memset(a, 1, n);
            memset(b, 2, n);
            ck_assert(n == 0 || (a[0] == 1 && a[n - 1] == 1));
            ck_assert_ptr_ne(a, b);
            k->free(0, a, n);
            k->free(0, b, n);
        }
    k->free(0, NULL, 100);
}
END_TEST

START_TEST(the_fault_hook_reaches_new_and_kept_blocks)
{
    const lks_kernels *k = lks_cpu_kernels();
    void *block = k->alloc(0, 1000);

    k->free(0, block, 1000);
    for (size_t n = 1000; n <= (size_t)1 << 20; n += ((size_t)1 << 20) - 1000) {
        lks_alloc_fail_after(0);
        lks_error_clear();
        ck_assert_ptr_null(k->alloc(0, n));
        ck_assert_int_eq(lks_error_status(), LKS_NOMEM);
        block = k->alloc(0, n);
        ck_assert_ptr_nonnull(block);
        k->free(0, block, n);
    }
}
END_TEST

LKS_SUITE("device", cpu_names_are_parsed_with_their_index,
          there_are_eight_cpus_or_as_many_as_cores,
          other_names_are_refused_and_leave_the_output_alone,
          cuda_is_asked_for_but_absent, the_number_of_threads_is_at_least_one,
          the_instruction_set_names_the_table_in_use,
          every_kernel_of_every_table_is_filled,
          blocks_are_aligned_apart_and_writable_at_any_size,
          the_fault_hook_reaches_new_and_kept_blocks)
