#include "cpu/cpu.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "reference/reference.h"

#if defined(__x86_64__)
extern const lks_kernels lks_cpu_avx512f_table, lks_cpu_avx2_table;

static bool has_avx512(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("fma");
}

static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

#elif defined(__aarch64__)
extern const lks_kernels lks_cpu_neon_table;

static bool has_neon(void)
{
    return true;
}
#endif

/* Best first; a machine that has none of them runs the reference. */
static const struct {
    const char *name;
    bool (*is_here)(void);
    const lks_kernels *kernels;
} sets[] = {
#if defined(__x86_64__)
    {"avx512f", has_avx512, &lks_cpu_avx512f_table},
    {"avx2", has_avx2, &lks_cpu_avx2_table},
#elif defined(__aarch64__)
    {"neon", has_neon, &lks_cpu_neon_table},
#endif
    {"reference", NULL, NULL},
};

enum { N_SETS = sizeof sets / sizeof *sets };

static bool is_here(int set)
{
    return !sets[set].is_here || sets[set].is_here();
}

static int find_set(const char *name)
{
    for (int i = 0; name && i < N_SETS; i++)
        if (strcmp(sets[i].name, name) == 0 && is_here(i))
            return i;
    return -1;
}

/* LKS_CPU_ISA in the environment names another than the best, for tests: whichever it is,
 * results are the same. */
static int chosen_set(void)
{
    static _Atomic int chosen = -1;
    int i = atomic_load_explicit(&chosen, memory_order_relaxed);

    if (i < 0) {
        i = find_set(getenv("LKS_CPU_ISA"));
        while (i < 0 || !is_here(i))
            i++;
        atomic_store_explicit(&chosen, i, memory_order_relaxed);
    }
    return i;
}

static const lks_kernels *kernels_of(int set)
{
    return sets[set].kernels ? sets[set].kernels : lks_reference_kernels();
}

const lks_kernels *lks_cpu_kernels(void)
{
    return kernels_of(chosen_set());
}

const char *lks_cpu_instruction_set(void)
{
    return sets[chosen_set()].name;
}

const lks_kernels *lks_cpu_kernels_for(const char *instruction_set)
{
    const int i = find_set(instruction_set);

    return i < 0 ? NULL : kernels_of(i);
}

lks_status lks_cpu_no_dtype(const char *kernel, lks_dtype dtype)
{
    return lks_fail(LKS_DTYPE, "the cpu kernel %s does not take %s", kernel,
                    lks_dtype_name(dtype));
}
