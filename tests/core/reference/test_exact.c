/* Every kernel of every table leaves the reference's bits: at drawn shapes, strides,
 * places, dtypes and values, a CPU's on one thread and on three. A failure names the
 * seed; LKS_EXACT_SEED=<seed> runs the trials from that one on, LKS_EXACT_TABLE=<name>
 * those of one table. */
#include <stdio.h>
#include <stdlib.h>

#include "test_exact/trial.h"

#include "cpu/cpu.h"
#include "device.h"
#include "element.h"
#include "support/needs_device.h"
#include "reference/reference.h"

#define KERNEL(name, n)                                                                  \
    {                                                                                    \
#name, offsetof(lks_kernels, name), name##_case, n                               \
    }

/* A new kernel adds one row, and its case in test_exact/. */
static const struct {
    const char *name;
    size_t slot;
    case_fn *run;
    int n_trials; /* of each table */
} cases[] = {
    KERNEL(fill, 200),
    KERNEL(copy, 1500),
    KERNEL(unary, 1500),
    KERNEL(unary_backward, 600),
    KERNEL(binary, 1000),
    KERNEL(binary_backward, 600),
    KERNEL(reduce, 3000),
    KERNEL(compare, 1000),
    KERNEL(where, 600),
    KERNEL(arg_reduce, 500),
    KERNEL(scan, 600),
    KERNEL(sort, 600),
    KERNEL(index_select, 300),
    KERNEL(index_add, 300),
    KERNEL(gather, 400),
    KERNEL(scatter, 400),
    KERNEL(gemm, 1500),
    KERNEL(conv2d, 500),
    KERNEL(conv2d_backward_data, 600),
    KERNEL(conv2d_backward_weight, 600),
    KERNEL(max_pool2d, 300),
    KERNEL(max_pool2d_backward, 300),
    KERNEL(avg_pool2d, 300),
    KERNEL(avg_pool2d_backward, 300),
    KERNEL(softmax, 600),
    KERNEL(softmax_backward, 600),
    KERNEL(cross_entropy, 400),
    KERNEL(cross_entropy_backward, 400),
    KERNEL(recurrent, 400),
    KERNEL(recurrent_backward, 400),
    KERNEL(dropout, 300),
    KERNEL(optim, 1200),
};

enum { N_CASES = sizeof cases / sizeof *cases };

/* Tables of the CPU by their instruction set, and devices by their name. */
static const char *const tables[] = {"avx512f", "avx2", "neon", "cuda"};
static const int thread_counts[] = {1, 3}; /* of a CPU */

/* NULL: this build or this machine lacks it. */
static const lks_kernels *table_called(const char *name, lks_device *device)
{
    const lks_kernels *cuda = lks_device_kernels((lks_device){.type = LKS_CUDA});

    *device = lks_cpu;
    if (getenv("LKS_EXACT_TABLE") && strcmp(getenv("LKS_EXACT_TABLE"), name) != 0)
        return NULL;
    if (strcmp(name, "cuda") != 0)
        return lks_cpu_kernels_for(name);
    device->type = LKS_CUDA;
    return cuda && cuda->count() > 0 ? cuda : NULL;
}

static void run(trial *t, const lks_kernels *k, lks_device device, int i, uint64_t seed)
{
    *t = (trial){.k = k, .device = device, .rng = {.seed = seed}};
    t->values = (values)draw(t, 0, N_VALUES - 1);
    cases[i].run(t);
    fetch(t);
}

static bool is_nan(lks_dtype dtype, const unsigned char *at)
{
    switch (dtype) {
#define CASE(name, stored, computed, load, store)                                        \
    case LKS_##name: {                                                                   \
        computed x = load(*(const stored *)at);                                          \
                                                                                         \
        return x != x;                                                                   \
    }
        LKS_FLOAT_ELEMENTS(CASE)
    default:
        return false;
    }
}

static void assert_same(const char *what, const block *got, const block *want)
{
    const size_t size = lks_dtype_size_bytes(want->dtype);
    const size_t n_bytes = (size_t)want->numel * size;

    ck_assert_int_eq(got->numel, want->numel);
    if (memcmp(got->bytes, want->bytes, n_bytes) == 0)
        return;
    for (size_t i = 0; i < n_bytes; i += size) {
        const unsigned char *g = got->bytes + i, *w = want->bytes + i;
        uint64_t g_bits = 0, w_bits = 0;

        if (memcmp(g, w, size) == 0 || (is_nan(got->dtype, g) && is_nan(want->dtype, w)))
            continue;
        memcpy(&g_bits, g, size);
        memcpy(&w_bits, w, size);
        ck_abort_msg("%s: an element of %s is %llx, not %llx", what,
                     lks_dtype_name(want->dtype), (unsigned long long)g_bits,
                     (unsigned long long)w_bits);
    }
}

static void compare(const char *table, int i, uint64_t seed)
{
    lks_device device;
    const lks_kernels *k = table_called(table, &device);
    const size_t n_runs =
        device.type == LKS_CPU ? sizeof thread_counts / sizeof *thread_counts : 1;
    trial want, got;
    char what[128];

    run(&want, lks_reference_kernels(), lks_cpu, i, seed);
    for (size_t n = 0; n < n_runs; n++) {
        lks_set_num_threads(lks_cpu, thread_counts[n]);
        run(&got, k, device, i, seed);
        lks_set_num_threads(lks_cpu, 1);
        snprintf(what, sizeof what, "%s of %s, %d thread(s), seed %llu", cases[i].name,
                 table, thread_counts[n], (unsigned long long)seed);
        for (int b = 0; b < want.n_blocks; b++)
            assert_same(what, &got.blocks[b], &want.blocks[b]);
        release(&got);
    }
    release(&want);
}

START_TEST(every_table_has_the_references_bits)
{
    const char *text = getenv("LKS_EXACT_SEED");
    const uint64_t first = text ? strtoull(text, NULL, 10) : 1;
    const int n_trials = cases[_i].n_trials / LKS_SLOWNESS + 1;
    lks_device device;

    for (size_t table = 0; table < sizeof tables / sizeof *tables; table++)
        if (table_called(tables[table], &device))
            for (int i = 0; i < n_trials; i++)
                compare(tables[table], _i, first + (uint64_t)i);
}
END_TEST

START_TEST(every_kernel_has_a_case)
{
    for (size_t slot = offsetof(lks_kernels, fill); slot < sizeof(lks_kernels);
         slot += sizeof(void *)) {
        bool has = false;

        for (int i = 0; i < N_CASES; i++)
            has = has || cases[i].slot == slot;
        ck_assert_msg(has, "the kernel at slot %zu has no case", slot / sizeof(void *));
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("exact");
    TCase *tcase = tcase_create("exact");
    SRunner *runner;
    int failed;

    if (getenv("LKS_EXACT_TABLE") && strcmp(getenv("LKS_EXACT_TABLE"), "cuda") == 0)
        skip_without_gpus(1);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, every_kernel_has_a_case);
    tcase_add_loop_test(tcase, every_table_has_the_references_bits, 0, N_CASES);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
