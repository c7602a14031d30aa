#include "cpu/cpu.h"

#include <stdatomic.h>
#include <string.h>

#include "device.h"

#if defined(__x86_64__)
extern const lks_kernels lks_cpu_avx512f_table, lks_cpu_avx2_table, lks_cpu_sse2_table;

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

static bool has_sse2(void)
{
    return true;
}
#else
extern const lks_kernels lks_cpu_generic_table;

static bool has_generic(void)
{
    return true;
}
#endif

/* Best first; the last runs anywhere. */
static const struct {
    const char *name;
    bool (*is_here)(void);
    const lks_kernels *kernels;
} sets[] = {
#if defined(__x86_64__)
    {"avx512f", has_avx512, &lks_cpu_avx512f_table},
    {"avx2", has_avx2, &lks_cpu_avx2_table},
    {"sse2", has_sse2, &lks_cpu_sse2_table},
#else
    {"generic", has_generic, &lks_cpu_generic_table},
#endif
};

enum { N_SETS = sizeof sets / sizeof *sets };

static int chosen_set(void)
{
    static _Atomic int chosen = -1;
    int i = atomic_load_explicit(&chosen, memory_order_relaxed);

    if (i < 0) {
        for (i = 0; i < N_SETS - 1 && !sets[i].is_here(); i++)
            ;
        atomic_store_explicit(&chosen, i, memory_order_relaxed);
    }
    return i;
}

const lks_kernels *lks_cpu_kernels(void)
{
    return sets[chosen_set()].kernels;
}

const char *lks_cpu_instruction_set(void)
{
    return sets[chosen_set()].name;
}

const lks_kernels *lks_cpu_kernels_for(const char *instruction_set)
{
    for (int i = 0; i < N_SETS; i++)
        if (strcmp(sets[i].name, instruction_set) == 0 && sets[i].is_here())
            return sets[i].kernels;
    return NULL;
}

lks_status lks_cpu_no_dtype(const char *kernel, lks_dtype dtype)
{
    return lks_fail(LKS_DTYPE, "the cpu kernel %s does not take %s", kernel,
                    lks_dtype_name(dtype));
}
