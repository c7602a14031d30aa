/* A double of libcublas, in a library of its own as the real one: products by their
 * definition, in the order of k, one fma each. Matrices are column-major, as there.
 *
 * f32 inputs lose 13 bits where the math mode or the compute type says TF32; f16 and bf16
 * inputs are what they are. What the real library may do in any order is done in one. */
#include "emulator.h"

#include <cublas_v2.h>
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cmath>
#include <cstring>
#include <vector>

struct cublasContext {
    int device;
    cudaStream_t stream;
    cublasMath_t math;
    cublasPointerMode_t pointers;
    void *workspace;
    size_t workspace_bytes;
};

namespace
{
struct matrix { /* as the product sees it, [n_rows, n_columns] */
    const char *name;
    char *data;
    cudaDataType type;
    bool transposed;
    long long n_rows, n_columns, leading, stride;
};
struct product {
    const char *name;
    int device;
    long long m, n, k, n_batches;
    double alpha, beta;
    matrix a, b, c;
    bool in_double, in_tf32;
    void *workspace;
    size_t workspace_bytes;
};
} // namespace

static size_t size_of(cudaDataType type)
{
    switch (type) {
    case CUDA_R_64F:
        return 8;
    case CUDA_R_32F:
        return 4;
    case CUDA_R_16F:
    case CUDA_R_16BF:
        return 2;
    default:
        return 0;
    }
}

static double load(const char *p, cudaDataType type)
{
    switch (type) {
    case CUDA_R_64F:
        return *reinterpret_cast<const double *>(p);
    case CUDA_R_32F:
        return *reinterpret_cast<const float *>(p);
    case CUDA_R_16F:
        return __half2float(*reinterpret_cast<const __half *>(p));
    default:
        return __bfloat162float(*reinterpret_cast<const __nv_bfloat16 *>(p));
    }
}

static void store(char *p, cudaDataType type, double value)
{
    switch (type) {
    case CUDA_R_64F:
        *reinterpret_cast<double *>(p) = value;
        break;
    case CUDA_R_32F:
        *reinterpret_cast<float *>(p) = static_cast<float>(value);
        break;
    case CUDA_R_16F:
        *reinterpret_cast<__half *>(p) = __float2half_rn(static_cast<float>(value));
        break;
    default:
        *reinterpret_cast<__nv_bfloat16 *>(p) =
            __float2bfloat16_rn(static_cast<float>(value));
    }
}

/* To 10 bits of mantissa, ties away from zero. */
static float to_tf32(float x)
{
    unsigned bits;

    if (!std::isfinite(x))
        return x;
    memcpy(&bits, &x, sizeof bits);
    bits = (bits + 0x1000) & ~0x1fffu;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static char *element(const matrix &x, long long batch, long long row, long long column)
{
    const long long i =
        x.transposed ? column + row * x.leading : row + column * x.leading;

    return x.data + static_cast<size_t>(batch * x.stride + i) * size_of(x.type);
}

/* The whole matrix, column-major and dense. */
template <class T>
static std::vector<T> read(const product &p, const matrix &x, long long batch)
{
    std::vector<T> out(static_cast<size_t>(x.n_rows * x.n_columns));
    size_t i = 0;

    for (long long column = 0; column < x.n_columns; column++)
        for (long long row = 0; row < x.n_rows; row++) {
            T value = static_cast<T>(load(element(x, batch, row, column), x.type));

            if (p.in_tf32 && x.type == CUDA_R_32F)
                value = to_tf32(static_cast<float>(value));
            out[i++] = value;
        }
    return out;
}

template <class T> static void multiply(const product &p, long long batch)
{
    const std::vector<T> a = read<T>(p, p.a, batch), b = read<T>(p, p.b, batch);
    const size_t m = static_cast<size_t>(p.m), k = static_cast<size_t>(p.k);
    std::vector<T> sums(m);

    for (size_t j = 0; j < static_cast<size_t>(p.n); j++) {
        std::fill(sums.begin(), sums.end(), T(0));
        for (size_t l = 0; l < k; l++)
            for (size_t i = 0; i < m; i++)
                sums[i] = std::fma(a[i + l * m], b[l + j * k], sums[i]);
        for (size_t i = 0; i < m; i++) {
            char *c =
                element(p.c, batch, static_cast<long long>(i), static_cast<long long>(j));
            const double old = p.beta == 0 ? 0 : p.beta * load(c, p.c.type);

            store(c, p.c.type, p.alpha * static_cast<double>(sums[i]) + old);
        }
    }
}

static bool is_there(const product &p, const matrix &x)
{
    const long long rows = x.transposed ? x.n_columns : x.n_rows;
    const long long columns = x.transposed ? x.n_rows : x.n_columns;
    const long long n = (p.n_batches - 1) * x.stride + (columns - 1) * x.leading + rows;
    std::string why;

    if (rows == 0 || columns == 0 ||
        emu::is_reachable(p.device, x.data, static_cast<size_t>(n) * size_of(x.type),
                          &why))
        return true;
    emu::fail_device(p.device, cudaErrorIllegalAddress, "%s: matrix %s: %s", p.name,
                     x.name, why.c_str());
    return false;
}

static void run(product p)
{
    std::string why;

    if (p.workspace_bytes &&
        !emu::is_reachable(p.device, p.workspace, p.workspace_bytes, &why)) {
        emu::fail_device(p.device, cudaErrorIllegalAddress, "%s: workspace: %s", p.name,
                         why.c_str());
        return;
    }
    for (matrix *x : {&p.a, &p.b, &p.c}) {
        if (!is_there(p, *x))
            return;
        x->data = static_cast<char *>(emu::host_address(x->data));
    }
    for (long long i = 0; i < p.n_batches; i++)
        p.in_double ? multiply<double>(p, i) : multiply<float>(p, i);
}

static bool is_well_formed(const matrix &x)
{
    const long long rows = x.transposed ? x.n_columns : x.n_rows;

    return x.n_rows >= 0 && x.n_columns >= 0 && x.leading >= (rows > 1 ? rows : 1) &&
           size_of(x.type) > 0;
}

static cublasStatus_t enqueue_product(cublasHandle_t handle, product p, const void *alpha,
                                      const void *beta)
{
    if (!handle)
        return CUBLAS_STATUS_NOT_INITIALIZED;
    if (handle->pointers != CUBLAS_POINTER_MODE_HOST)
        return CUBLAS_STATUS_NOT_SUPPORTED;
    if (!is_well_formed(p.a) || !is_well_formed(p.b) || !is_well_formed(p.c) ||
        p.n_batches < 0 || !alpha || !beta)
        return CUBLAS_STATUS_INVALID_VALUE;
    if (emu::device_of(handle->stream) != handle->device)
        return CUBLAS_STATUS_EXECUTION_FAILED;
    p.device = handle->device;
    p.alpha =
        load(static_cast<const char *>(alpha), p.in_double ? CUDA_R_64F : CUDA_R_32F);
    p.beta = load(static_cast<const char *>(beta), p.in_double ? CUDA_R_64F : CUDA_R_32F);
    p.in_tf32 |= handle->math == CUBLAS_TF32_TENSOR_OP_MATH;
    p.workspace = handle->workspace;
    p.workspace_bytes = handle->workspace_bytes;
    if (p.m == 0 || p.n == 0 || p.n_batches == 0)
        return CUBLAS_STATUS_SUCCESS;
    if (emu::enqueue(handle->stream, p.name, [p] { run(p); }) != cudaSuccess)
        return CUBLAS_STATUS_EXECUTION_FAILED;
    return CUBLAS_STATUS_SUCCESS;
}

static matrix input(const char *name, const void *data, cudaDataType type,
                    cublasOperation_t operation, int n_rows, int n_columns, int leading,
                    long long stride)
{
    return {name,    static_cast<char *>(const_cast<void *>(data)),
            type,    operation != CUBLAS_OP_N,
            n_rows,  n_columns,
            leading, stride};
}

/* All of them are this one. */
static cublasStatus_t
multiply_batches(const char *name, cublasHandle_t handle, cublasOperation_t a_is,
                 cublasOperation_t b_is, int m, int n, int k, const void *alpha,
                 const void *a, cudaDataType a_type, int lda, long long a_stride,
                 const void *b, cudaDataType b_type, int ldb, long long b_stride,
                 const void *beta, void *c, cudaDataType c_type, int ldc,
                 long long c_stride, int n_batches, cublasComputeType_t compute)
{
    product p = {};

    p.name = name;
    p.m = m;
    p.n = n;
    p.k = k;
    p.n_batches = n_batches;
    p.a = input("A", a, a_type, a_is, m, k, lda, a_stride);
    p.b = input("B", b, b_type, b_is, k, n, ldb, b_stride);
    p.c = input("C", c, c_type, CUBLAS_OP_N, m, n, ldc, c_stride);
    p.in_double = compute == CUBLAS_COMPUTE_64F || compute == CUBLAS_COMPUTE_64F_PEDANTIC;
    p.in_tf32 = compute == CUBLAS_COMPUTE_32F_FAST_TF32;
    return enqueue_product(handle, p, alpha, beta);
}

#define COUNTED                                                                          \
    if (const int planned = emu::count_call(__func__))                                   \
    return static_cast<cublasStatus_t>(planned)

extern "C" {

cublasStatus_t cublasCreate_v2(cublasHandle_t *out)
{
    COUNTED;
    int device;

    if (cudaGetDevice(&device) != cudaSuccess)
        return CUBLAS_STATUS_NOT_INITIALIZED;
    *out = new cublasContext{
        device, nullptr, CUBLAS_DEFAULT_MATH, CUBLAS_POINTER_MODE_HOST, nullptr, 0};
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasDestroy_v2(cublasHandle_t handle)
{
    COUNTED;
    if (!handle)
        return CUBLAS_STATUS_NOT_INITIALIZED;
    delete handle;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasGetVersion_v2(cublasHandle_t, int *version)
{
    COUNTED;
    *version = CUBLAS_VERSION;
    return CUBLAS_STATUS_SUCCESS;
}

/* The workspace is the library's own again, as there. */
cublasStatus_t cublasSetStream_v2(cublasHandle_t handle, cudaStream_t stream)
{
    COUNTED;
    if (!handle)
        return CUBLAS_STATUS_NOT_INITIALIZED;
    handle->stream = stream;
    handle->workspace = nullptr;
    handle->workspace_bytes = 0;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasGetStream_v2(cublasHandle_t handle, cudaStream_t *stream)
{
    COUNTED;
    if (!handle)
        return CUBLAS_STATUS_NOT_INITIALIZED;
    *stream = handle->stream;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetWorkspace_v2(cublasHandle_t handle, void *p, size_t n_bytes)
{
    COUNTED;
    if (!handle)
        return CUBLAS_STATUS_NOT_INITIALIZED;
    if (reinterpret_cast<size_t>(p) % 256)
        return CUBLAS_STATUS_INVALID_VALUE;
    handle->workspace = p;
    handle->workspace_bytes = p ? n_bytes : 0;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetMathMode(cublasHandle_t handle, cublasMath_t mode)
{
    COUNTED;
    if (!handle)
        return CUBLAS_STATUS_NOT_INITIALIZED;
    handle->math = mode;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasGetMathMode(cublasHandle_t handle, cublasMath_t *mode)
{
    COUNTED;
    if (!handle)
        return CUBLAS_STATUS_NOT_INITIALIZED;
    *mode = handle->math;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetPointerMode_v2(cublasHandle_t handle, cublasPointerMode_t mode)
{
    COUNTED;
    if (!handle)
        return CUBLAS_STATUS_NOT_INITIALIZED;
    handle->pointers = mode;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetAtomicsMode(cublasHandle_t handle, cublasAtomicsMode_t)
{
    COUNTED;
    return handle ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_NOT_INITIALIZED;
}

cublasStatus_t cublasGemmStridedBatchedEx(
    cublasHandle_t handle, cublasOperation_t a_is, cublasOperation_t b_is, int m, int n,
    int k, const void *alpha, const void *a, cudaDataType a_type, int lda,
    long long a_stride, const void *b, cudaDataType b_type, int ldb, long long b_stride,
    const void *beta, void *c, cudaDataType c_type, int ldc, long long c_stride,
    int n_batches, cublasComputeType_t compute, cublasGemmAlgo_t)
{
    COUNTED;
    return multiply_batches(__func__, handle, a_is, b_is, m, n, k, alpha, a, a_type, lda,
                            a_stride, b, b_type, ldb, b_stride, beta, c, c_type, ldc,
                            c_stride, n_batches, compute);
}

cublasStatus_t cublasGemmEx(cublasHandle_t handle, cublasOperation_t a_is,
                            cublasOperation_t b_is, int m, int n, int k,
                            const void *alpha, const void *a, cudaDataType a_type,
                            int lda, const void *b, cudaDataType b_type, int ldb,
                            const void *beta, void *c, cudaDataType c_type, int ldc,
                            cublasComputeType_t compute, cublasGemmAlgo_t)
{
    COUNTED;
    return multiply_batches(__func__, handle, a_is, b_is, m, n, k, alpha, a, a_type, lda,
                            0, b, b_type, ldb, 0, beta, c, c_type, ldc, 0, 1, compute);
}

cublasStatus_t cublasSgemm_v2(cublasHandle_t handle, cublasOperation_t a_is,
                              cublasOperation_t b_is, int m, int n, int k,
                              const float *alpha, const float *a, int lda, const float *b,
                              int ldb, const float *beta, float *c, int ldc)
{
    COUNTED;
    return multiply_batches(__func__, handle, a_is, b_is, m, n, k, alpha, a, CUDA_R_32F,
                            lda, 0, b, CUDA_R_32F, ldb, 0, beta, c, CUDA_R_32F, ldc, 0, 1,
                            CUBLAS_COMPUTE_32F);
}

const char *cublasGetStatusName(cublasStatus_t status)
{
    switch (status) {
#define NAMED(name)                                                                      \
    case name:                                                                           \
        return #name
        NAMED(CUBLAS_STATUS_SUCCESS);
        NAMED(CUBLAS_STATUS_NOT_INITIALIZED);
        NAMED(CUBLAS_STATUS_ALLOC_FAILED);
        NAMED(CUBLAS_STATUS_INVALID_VALUE);
        NAMED(CUBLAS_STATUS_ARCH_MISMATCH);
        NAMED(CUBLAS_STATUS_MAPPING_ERROR);
        NAMED(CUBLAS_STATUS_EXECUTION_FAILED);
        NAMED(CUBLAS_STATUS_INTERNAL_ERROR);
        NAMED(CUBLAS_STATUS_NOT_SUPPORTED);
        NAMED(CUBLAS_STATUS_LICENSE_ERROR);
#undef NAMED
    }
    return "CUBLAS_STATUS_?";
}

const char *cublasGetStatusString(cublasStatus_t status)
{
    return status == CUBLAS_STATUS_SUCCESS ? "the operation completed successfully"
                                           : cublasGetStatusName(status);
}

} // extern "C"
