/* Which GPUs there are, why there are none, and what they are. */
#include "cuda_suite.h"

#ifdef LKS_CUDA_EMULATED
#include <cuda_runtime_api.h>

/* With CUDA's answer to the question how many there are. */
static const char *absence_after(int error, bool *is_fault)
{
    if (error != 0)
        emulator_fail("cudaGetDeviceCount", 0, error);
    return lks_device_absence(LKS_CUDA, is_fault);
}

START_TEST(a_machine_without_a_driver_says_so)
{
    bool is_fault = true;
    lks_device device;

    setenv("EMULATOR_DRIVER", "none", 1);
    ck_assert_int_eq(cuda()->count(), 0);
    ck_assert_str_eq(lks_device_absence(LKS_CUDA, &is_fault),
                     "there is no NVIDIA driver");
    ck_assert(!is_fault);
    ck_fails(lks_device_parse("cuda", &device), LKS_DEVICE,
             "device \"cuda\": there is no NVIDIA driver; use \"cpu\"");
    ck_fails((cuda()->alloc(0, 8), lks_error_status()), LKS_DEVICE,
             "cuda:0: cudaSetDevice");
}
END_TEST

START_TEST(a_driver_without_a_device_says_so)
{
    bool is_fault = true;
    lks_device device;

    setenv("EMULATOR_DEVICES", "0", 1);
    ck_assert_int_eq(cuda()->count(), 0);
    ck_assert_str_eq(lks_device_absence(LKS_CUDA, &is_fault),
                     "there is no NVIDIA GPU that this process may use");
    ck_assert(!is_fault);
    ck_fails(lks_device_parse("cuda:0", &device), LKS_DEVICE, "there is no NVIDIA GPU");
}
END_TEST

START_TEST(a_driver_that_is_too_old_says_how_old)
{
    bool is_fault = false;
    int driver;
    char want[32];

    ck_assert_int_eq(cudaDriverGetVersion(&driver), 0);
    snprintf(want, sizeof want, "it serves CUDA %d.%d, ", driver / 1000,
             driver % 1000 / 10);
    const char *said = absence_after(cudaErrorInsufficientDriver, &is_fault);
    ck_assert_ptr_nonnull(strstr(said, "the NVIDIA driver is too old: "));
    ck_assert_ptr_nonnull(strstr(said, want));
    ck_assert(is_fault);
}
END_TEST

START_TEST(what_else_keeps_cuda_from_starting_is_a_fault)
{
    bool is_fault = false;

    ck_assert_str_eq(absence_after(cudaErrorInitializationError, &is_fault),
                     "CUDA does not start: initialization error");
    ck_assert(is_fault);
    ck_assert_str_eq(absence_after(cudaErrorNoDevice, &is_fault),
                     "there is no NVIDIA GPU that this process may use");
    ck_assert(!is_fault);
    emulator_fail("cudaGetDeviceCount", 0, cudaErrorInitializationError);
    ck_assert_int_eq(cuda()->count(), 0);
    ck_assert_int_eq(cuda()->count(), 2);
}
END_TEST

START_TEST(a_gpu_that_the_kernels_were_not_built_for_is_named)
{
    const lks_view x = flat_new(gpu, LKS_F32, 8);

    emulator_fail("cudaLaunchKernelEx", 0, cudaErrorNoKernelImageForDevice);
    ck_fails(cuda()->fill(&x, 1), LKS_DEVICE,
             "cuda:0 is of a kind that this Lockstep was not built for");
    ck_ok(cuda()->fill(&x, 1));
    flat_free(&x);
}
END_TEST

START_TEST(each_gpu_is_described)
{
    lks_device_facts facts;

    for (int i = 0; i < cuda()->count(); i++) {
        ck_ok(cuda()->describe(i, &facts));
        ck_assert_uint_gt(strlen(facts.model), 0);
        ck_assert_uint_le(facts.free_bytes, facts.total_bytes);
        ck_assert_uint_eq(facts.total_bytes, (size_t)4 << 30);
    }
    ck_fails(cuda()->describe(99, &facts), LKS_DEVICE, "there is no device cuda:99");
    for (int n = 0; n < 2; n++) {
        emulator_fail(n ? "cudaMemGetInfo" : "cudaGetDeviceProperties", 0,
                      cudaErrorInvalidValue);
        ck_fails(cuda()->describe(0, &facts), LKS_DEVICE, "invalid argument");
    }
}
END_TEST

/* Asked in another process, which another order of devices would not change. */
static uint64_t identity_elsewhere(int index)
{
    uint64_t identity = 0;
    int pipe_of[2];

    ck_assert_int_eq(pipe(pipe_of), 0);
    if (fork() == 0) {
        identity = cuda()->identity(index);
        _exit(write(pipe_of[1], &identity, sizeof identity) != sizeof identity);
    }
    ck_assert_int_eq(read(pipe_of[0], &identity, sizeof identity), sizeof identity);
    wait(NULL);
    close(pipe_of[0]);
    close(pipe_of[1]);
    return identity;
}

START_TEST(each_gpu_is_the_same_one_to_every_process)
{
    const uint64_t first = identity_elsewhere(0), second = identity_elsewhere(1);

    ck_assert_uint_ne(first, second);
    ck_assert_uint_eq(cuda()->identity(0), first);
    ck_assert_uint_eq(cuda()->identity(1), second);
    ck_assert_uint_eq(cuda()->identity(99), 0);
    ck_assert_uint_eq(cuda()->identity(0), first);
}
END_TEST

LKS_SUITE("cuda_device", a_machine_without_a_driver_says_so,
          a_driver_without_a_device_says_so, a_driver_that_is_too_old_says_how_old,
          what_else_keeps_cuda_from_starting_is_a_fault,
          a_gpu_that_the_kernels_were_not_built_for_is_named, each_gpu_is_described,
          each_gpu_is_the_same_one_to_every_process)
#else
int main(void)
{
    return 77;
}
#endif
