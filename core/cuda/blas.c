#include "cuda/blas.h"

#include <cublas_v2.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#define TEXT_(x) #x
#define TEXT(x)  TEXT_(x)

enum { WORKSPACE_BYTES = 32 << 20 /* what cuBLAS recommends for Hopper */ };

/* What is used of the library, by its own declarations. */
#define FUNCTIONS(X)                                                                     \
    X(cublasCreate_v2)                                                                   \
    X(cublasSetStream_v2)                                                                \
    X(cublasSetWorkspace_v2)                                                             \
    X(cublasGemmStridedBatchedEx)                                                        \
    X(cublasGetStatusString)

static struct {
    pthread_mutex_t lock;
    bool is_open;
#define FIELD(name) __typeof__(name) *name;
    FUNCTIONS(FIELD)
} blas = {.lock = PTHREAD_MUTEX_INITIALIZER};

static _Atomic bool is_fast[LKS_CUDA_MAX_DEVICES];

/* ---- the library ---- */

static lks_status open_library(void)
{
    static const char name[] = "libcublas.so." TEXT(CUBLAS_VER_MAJOR);
    void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);

    if (!library)
        return lks_fail(LKS_DEVICE,
                        "numerics: fast needs cuBLAS, which does not load (%s): install "
                        "it, or use numerics: exact",
                        dlerror());
#define LOAD(function)                                                                   \
    if (!(*(void **)&blas.function = dlsym(library, #function)))                         \
        return lks_fail(LKS_DEVICE, "%s has no function " #function, name);
    FUNCTIONS(LOAD)
    blas.is_open = true;
    return LKS_OK;
}

static lks_status open_once(void)
{
    lks_status st = LKS_OK;

    pthread_mutex_lock(&blas.lock);
    if (!blas.is_open)
        st = open_library();
    pthread_mutex_unlock(&blas.lock);
    return st;
}

static lks_status check(const lks_cuda_queue *q, const char *what, cublasStatus_t status)
{
    return status == CUBLAS_STATUS_SUCCESS
               ? LKS_OK
               : lks_fail(LKS_DEVICE, "cuda:%d: %s: %s; numerics: exact needs no cuBLAS",
                          q->index, what, blas.cublasGetStatusString(status));
}

/* ---- a handle a queue ---- */

/* With a workspace of its own: where streams share one, results may vary. */
static lks_status create_handle(lks_cuda_queue *q)
{
    cublasHandle_t handle;

    if (!q->blas_workspace)
        q->blas_workspace = lks_cuda_alloc(q->index, WORKSPACE_BYTES);
    if (!q->blas_workspace)
        return LKS_NOMEM;
    LKS_TRY(check(q, "cublasCreate", blas.cublasCreate_v2(&handle)));
    q->blas = handle;
    return LKS_OK;
}

/* The stream comes first: setting it takes the workspace away. */
static lks_status prepare(lks_cuda_queue *q)
{
    if (!q->blas)
        LKS_TRY(create_handle(q));
    LKS_TRY(check(q, "cublasSetStream", blas.cublasSetStream_v2(q->blas, q->compute)));
    return check(q, "cublasSetWorkspace",
                 blas.cublasSetWorkspace_v2(q->blas, q->blas_workspace, WORKSPACE_BYTES));
}

/* What the thread's products need stands before the first of them: a run is told at its
 * start what does not fit, and nothing is made while work is recorded. */
lks_status lks_cuda_fast(int index, bool fast)
{
    lks_cuda_queue *q;

    LKS_TRY(lks_cuda_queue_of(index, &q));
    if (fast) {
        LKS_TRY(open_once());
        LKS_TRY(prepare(q));
    }
    atomic_store(&is_fast[index], fast);
    return LKS_OK;
}

bool lks_cuda_is_fast(int index)
{
    return atomic_load(&is_fast[index]);
}

/* ---- products ---- */

/* A row-major matrix is what cuBLAS, which counts by columns, calls its transpose. */
typedef struct operand {
    cublasOperation_t operation;
    int leading;
    long long stride; /* to the next matrix of a batch */
} operand;

/* The transpose of a matrix as cuBLAS's operand; false: neither of its strides is 1, or a
 * number does not fit an int. */
static bool operand_of(const lks_view *x, operand *out)
{
    const int rows = x->ndim - 2, columns = x->ndim - 1;
    const bool is_plain = x->strides[columns] == 1;
    const int64_t leading = x->strides[is_plain ? rows : columns];
    const int64_t least = x->sizes[is_plain ? columns : rows];

    if (!is_plain && x->strides[rows] != 1)
        return false;
    if (leading < least || leading < 1 || leading > INT32_MAX)
        return false;
    out->operation = is_plain ? CUBLAS_OP_N : CUBLAS_OP_T;
    out->leading = (int)leading;
    out->stride = x->ndim > 2 ? x->strides[0] : 0;
    return true;
}

/* One matrix or a row of them, and sizes that cuBLAS counts. */
static bool fits(const lks_view *a, const lks_view *c)
{
    const int64_t sizes[] = {c->sizes[c->ndim - 2], c->sizes[c->ndim - 1],
                             a->sizes[a->ndim - 1], c->ndim > 2 ? c->sizes[0] : 1};

    for (int i = 0; i < 4; i++)
        if (sizes[i] < 1 || sizes[i] > INT32_MAX)
            return false;
    return c->dtype == LKS_F32 && c->ndim <= 3;
}

lks_status lks_cuda_blas_gemm(lks_cuda_queue *q, const lks_view *a, const lks_view *b,
                              bool accumulate, const lks_view *c, bool *done)
{
    const float one = 1, beta = accumulate ? 1 : 0;
    operand left, right, out;

    *done = fits(a, c) && operand_of(b, &left) && operand_of(a, &right) &&
            operand_of(c, &out) && out.operation == CUBLAS_OP_N;
    if (!*done)
        return LKS_OK;
    LKS_TRY(prepare(q));
    q->fresh = NULL;
    q->work.n_launches++;
    return check(q, "cublasGemmStridedBatchedEx",
                 blas.cublasGemmStridedBatchedEx(
                     q->blas, left.operation, right.operation, (int)c->sizes[c->ndim - 1],
                     (int)c->sizes[c->ndim - 2], (int)a->sizes[a->ndim - 1], &one,
                     b->data, CUDA_R_32F, left.leading, left.stride, a->data, CUDA_R_32F,
                     right.leading, right.stride, &beta, c->data, CUDA_R_32F, out.leading,
                     out.stride, c->ndim > 2 ? (int)c->sizes[0] : 1,
                     CUBLAS_COMPUTE_32F_FAST_TF32, CUBLAS_GEMM_DEFAULT));
}
