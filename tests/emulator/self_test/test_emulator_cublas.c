/* Products of the cuBLAS double, opened as a program opens the real one. */
#include <cublas_v2.h>

#include <dlfcn.h>
#include <math.h>
#include <stdint.h>

#include "cuda_suite.h"

#define FUNCTIONS(each)                                                                  \
    each(cublasCreate_v2) each(cublasDestroy_v2) each(cublasSetStream_v2)                \
        each(cublasSetWorkspace_v2) each(cublasSetMathMode) each(cublasGemmEx)           \
            each(cublasGemmStridedBatchedEx) each(cublasGetStatusString)

#define DECLARE(name) static __typeof__(name) *p_##name;
FUNCTIONS(DECLARE)

static cublasHandle_t handle;

static void open_library(void)
{
    void *library = dlopen(LKS_BINARY_DIR "/lib/libcublas.so.13", RTLD_NOW | RTLD_LOCAL);

    ck_assert_msg(library != NULL, "%s", dlerror());
#define LOAD(name)                                                                       \
    *(void **)&p_##name = dlsym(library, #name);                                         \
    ck_assert_msg(p_##name != NULL, #name);
    FUNCTIONS(LOAD)
    ck_assert_int_eq(p_cublasCreate_v2(&handle), CUBLAS_STATUS_SUCCESS);
}

/* c[2,2] = a[2,3] b[3,2] by rows: by columns the factors change places. */
static void multiply(const float *a, const float *b, float *c, cudaStream_t stream)
{
    const float one = 1, zero = 0;
    void *da = on_device(a, 24), *db = on_device(b, 24), *dc = on_device(NULL, 16);

    ck_assert_int_eq(p_cublasSetStream_v2(handle, stream), CUBLAS_STATUS_SUCCESS);
    ck_assert_int_eq(p_cublasGemmEx(handle, CUBLAS_OP_N, CUBLAS_OP_N, 2, 2, 3, &one, db,
                                    CUDA_R_32F, 2, da, CUDA_R_32F, 3, &zero, dc,
                                    CUDA_R_32F, 2, CUBLAS_COMPUTE_32F,
                                    CUBLAS_GEMM_DEFAULT),
                     CUBLAS_STATUS_SUCCESS);
    ck_cuda(cudaStreamSynchronize(stream));
    to_host(c, dc, 16);
}

START_TEST(products_of_rows_are_products_of_columns_the_other_way_round)
{
    const float a[6] = {1, 2, 3, 4, 5, 6}, b[6] = {1, 0, 2, 0, 0, 1};
    const float want[4] = {5, 3, 14, 6};
    float c[4];

    open_library();
    multiply(a, b, c, new_stream());
    ck_assert_mem_eq(c, want, sizeof c);
}
END_TEST

START_TEST(tf32_has_ten_bits_of_mantissa)
{
    const float fine = 1 + 0x1p-11f + 0x1p-13f, below = 1 + 0x1p-12f;
    const float a[6] = {fine, 0, 0, below, 0, 0}, b[6] = {1, 0, 0, 0, 0, 0};
    float c[4];

    open_library();
    multiply(a, b, c, 0);
    ck_assert_float_eq(c[0], fine);
    ck_assert_int_eq(p_cublasSetMathMode(handle, CUBLAS_TF32_TENSOR_OP_MATH),
                     CUBLAS_STATUS_SUCCESS);
    multiply(a, b, c, 0);
    ck_assert_float_eq(c[0], 1 + 0x1p-10f);
    ck_assert_float_eq(c[2], 1);
}
END_TEST

START_TEST(batches_of_bfloat16_with_a_transposed_factor)
{
    const uint16_t a[4] = {0x3f80, 0x4000, 0x4040, 0x4080}; /* two batches of [1,2] */
    const uint16_t b[4] = {0x3f80, 0x3f80, 0x4000, 0x3f80};
    const float two = 2, one = 1;
    float c[2] = {100, 200};
    void *da = on_device(a, sizeof a), *db = on_device(b, sizeof b),
         *dc = on_device(c, sizeof c);

    open_library();
    ck_assert_int_eq(p_cublasGemmStridedBatchedEx(
                         handle, CUBLAS_OP_T, CUBLAS_OP_N, 1, 1, 2, &two, da, CUDA_R_16BF,
                         2, 2, db, CUDA_R_16BF, 2, 2, &one, dc, CUDA_R_32F, 1, 1, 2,
                         CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT),
                     CUBLAS_STATUS_SUCCESS);
    to_host(c, dc, sizeof c);
    ck_assert_float_eq(c[0], 100 + 2 * (1 + 2));
    ck_assert_float_eq(c[1], 200 + 2 * (2 * 3 + 4));
}
END_TEST

START_TEST(matrices_have_to_be_there)
{
    const float one = 1, zero = 0;
    void *x = on_device(NULL, 16);

    open_library();
    ck_assert_int_eq(p_cublasGemmEx(handle, CUBLAS_OP_N, CUBLAS_OP_N, 2, 2, 2, &one, x,
                                    CUDA_R_32F, 1, x, CUDA_R_32F, 2, &zero, x, CUDA_R_32F,
                                    2, CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT),
                     CUBLAS_STATUS_INVALID_VALUE);
    p_cublasGemmEx(handle, CUBLAS_OP_N, CUBLAS_OP_N, 2, 2, 3, &one, x, CUDA_R_32F, 2, x,
                   CUDA_R_32F, 3, &zero, x, CUDA_R_32F, 2, CUBLAS_COMPUTE_32F,
                   CUBLAS_GEMM_DEFAULT);
    ck_assert_int_eq(cudaDeviceSynchronize(), cudaErrorIllegalAddress);
    emulator_reset();
}
END_TEST

START_TEST(calls_of_cublas_fail_as_told)
{
    cublasHandle_t none;

    open_library();
    emulator_fail("cublasCreate", 0, CUBLAS_STATUS_ALLOC_FAILED);
    ck_assert_int_eq(p_cublasCreate_v2(&none), CUBLAS_STATUS_ALLOC_FAILED);
    ck_assert_str_eq(p_cublasGetStatusString(CUBLAS_STATUS_ALLOC_FAILED),
                     "CUBLAS_STATUS_ALLOC_FAILED");
    ck_assert_int_eq(p_cublasDestroy_v2(handle), CUBLAS_STATUS_SUCCESS);
}
END_TEST

LKS_SUITE("emulator_cublas", products_of_rows_are_products_of_columns_the_other_way_round,
          tf32_has_ten_bits_of_mantissa, batches_of_bfloat16_with_a_transposed_factor,
          matrices_have_to_be_there, calls_of_cublas_fail_as_told)
