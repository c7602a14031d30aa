/* numerics: fast on a GPU: products by cuBLAS, near the exact ones but not their bits,
 * for the views that it takes; the others exact as ever. */
#include "cuda_suite.h"

#include "support/temp_dir.h"

#include <math.h>
#include <stdlib.h>

enum { M = 37, N = 29, K = 53, BATCH = 3 };

static const double tf32_error = 0x1p-10; /* of each factor, half of it at the most */

/* Numbers that TF32 does not hold, none of them large. */
static void fill(float *x, size_t n, unsigned seed)
{
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1664525 + 1013904223;
        x[i] = (float)(seed >> 8) * 0x1p-23f - 1;
    }
}

typedef struct product {
    lks_view a, b, bias, c;
    bool has_bias, accumulate;
} product;

static lks_view make(int ndim, int64_t batch, int64_t rows, int64_t columns,
                     unsigned seed)
{
    const lks_shape shape = {
        .ndim = ndim,
        .sizes = {ndim == 3 ? batch : rows, ndim == 3 ? rows : columns, columns}};
    const size_t n = (size_t)(batch * rows * columns);
    void *block = cuda()->alloc(0, n * sizeof(float));
    float *x = malloc(n * sizeof *x);

    ck_assert_ptr_nonnull(block);
    fill(x, n, seed);
    ck_ok(cuda()->copy_in(0, block, x, n * sizeof *x));
    free(x);
    return lks_view_dense(gpu, block, LKS_F32, &shape);
}

static void drop(const lks_view *view)
{
    cuda()->free(0, view->data, (size_t)lks_view_count(view) * sizeof(float));
}

/* c of the product, from the same start each time. */
static void multiply(const product *p, bool fast, float *out)
{
    const size_t n = (size_t)lks_view_count(&p->c);

    fill(out, n, 9);
    ck_ok(cuda()->copy_in(0, p->c.data, out, n * sizeof *out));
    ck_ok(cuda()->fast(0, fast));
    ck_ok(
        cuda()->gemm(&p->a, &p->b, p->has_bias ? &p->bias : NULL, p->accumulate, &p->c));
    ck_ok(cuda()->fast(0, false));
    ck_ok(cuda()->copy_out(0, out, p->c.data, n * sizeof *out));
}

/* How far apart the two are, at the most. */
static double difference(const product *p)
{
    static float exact[BATCH * M * N], fast[BATCH * M * N];
    double most = 0;

    multiply(p, false, exact);
    multiply(p, true, fast);
    for (int64_t i = 0; i < lks_view_count(&p->c); i++)
        most = fmax(most, fabs((double)fast[i] - (double)exact[i]));
    return most;
}

/* Factors are in [-1, 1). */
static void expect_near(const product *p)
{
    const double most = difference(p);

    ck_assert_msg(most > 0, "the same bits: that was no other arithmetic");
    ck_assert_msg(most < K * tf32_error, "%g apart", most);
}

START_TEST(products_of_any_layout_are_near_the_exact_ones)
{
    for (int i = 0; i < 16; i++) {
        const bool turn_a = i & 1, turn_b = i & 2;
        product p = {.has_bias = i & 4, .accumulate = i & 8};

        p.a = turn_a ? make(2, 1, K, M, 1) : make(2, 1, M, K, 1);
        p.b = turn_b ? make(2, 1, N, K, 2) : make(2, 1, K, N, 2);
        p.bias = make(2, 1, 1, N, 3);
        p.c = make(2, 1, M, N, 4);
        p.a = turn_a ? lks_view_transpose(&p.a, 0, 1) : p.a;
        p.b = turn_b ? lks_view_transpose(&p.b, 0, 1) : p.b;
        p.bias = lks_view_flat(gpu, p.bias.data, LKS_F32, N);
        expect_near(&p);
        drop(&p.a), drop(&p.b), drop(&p.bias), drop(&p.c);
    }
}
END_TEST

START_TEST(a_batch_is_one_call)
{
    product p;
    lks_device_work before, after;
    float out[BATCH * M * N];

    p = (product){.a = make(3, BATCH, M, K, 1), .c = make(3, BATCH, M, N, 4)};
    p.b = make(3, 1, K, N, 2);
    p.b.sizes[0] = BATCH; /* one for all of a */
    p.b.strides[0] = 0;
    expect_near(&p);
    ck_ok(cuda()->work(0, &before));
    multiply(&p, true, out);
    ck_ok(cuda()->work(0, &after));
    ck_assert_uint_eq(after.n_launches - before.n_launches, 1);
    p.b.sizes[0] = 1;
    drop(&p.a), drop(&p.b), drop(&p.c);
}
END_TEST

START_TEST(what_cublas_does_not_take_is_exact)
{
    product p;

    p = (product){.a = make(2, 1, M, 2 * K, 1), .b = make(2, 1, K, N, 2)};
    p.c = make(2, 1, M, N, 4);
    p.a = lks_view_slice(&p.a, 1, 0, 2, K); /* no stride of 1 */
    ck_assert_double_eq(difference(&p), 0);
    p.a.sizes[1] *= 2;
    p.a.strides[1] = 1;
    drop(&p.a), drop(&p.b), drop(&p.c);
}
END_TEST

START_TEST(a_recording_has_the_products_of_its_time)
{
    product p;
    lks_recording *recording = NULL;
    float plain[M * N], replayed[M * N];

    p = (product){.a = make(2, 1, M, K, 1), .b = make(2, 1, K, N, 2)};
    p.c = make(2, 1, M, N, 4);
    multiply(&p, true, plain);
    ck_ok(cuda()->fast(0, true));
    ck_ok(cuda()->record(0));
    ck_ok(cuda()->gemm(&p.a, &p.b, NULL, false, &p.c));
    ck_ok(cuda()->recorded(0, &recording));
    ck_ok(cuda()->fast(0, false));
    ck_ok(cuda()->fill(&p.c, 0));
    ck_ok(cuda()->replay(0, recording, 0));
    ck_ok(cuda()->copy_out(0, replayed, p.c.data, sizeof replayed));
    ck_assert_mem_eq(replayed, plain, sizeof plain);
    cuda()->forget(0, recording);
    drop(&p.a), drop(&p.b), drop(&p.c);
}
END_TEST

static lks_status multiply_once(const product *p)
{
    lks_status st = cuda()->fast(0, true);

    if (st == LKS_OK)
        st = cuda()->gemm(&p->a, &p->b, NULL, false, &p->c);
    ck_ok(cuda()->fast(0, false));
    return st;
}

/* cuBLAS's failure 13 is CUBLAS_STATUS_EXECUTION_FAILED. */
START_TEST(what_cublas_refuses_is_one_error_and_the_next_product_works)
{
    static const struct {
        const char *function, *text;
    } failures[] = {
        {"cublasCreate", "cuda:0: cublasCreate: "},
        {"cublasSetStream", "cuda:0: cublasSetStream: "},
        {"cublasSetWorkspace", "cuda:0: cublasSetWorkspace: "},
        {"cublasGemmStridedBatchedEx", "; numerics: exact needs no cuBLAS"},
    };
    product p;

    p = (product){.a = make(2, 1, M, K, 1), .b = make(2, 1, K, N, 2)};
    p.c = make(2, 1, M, N, 4);
    for (size_t i = 0; EMULATED && i < sizeof failures / sizeof *failures; i++) {
        emulator_fail(failures[i].function, 0, 13);
        ck_fails(multiply_once(&p), LKS_DEVICE, failures[i].text);
    }
    ck_ok(multiply_once(&p));
    expect_near(&p);
    drop(&p.a), drop(&p.b), drop(&p.c);
}
END_TEST

START_TEST(the_workspace_is_memory_like_any_other)
{
    lks_device_use use;
    void *block;

    if (!EMULATED)
        return;
    setenv("EMULATOR_MEMORY", "67108864", 1);
    ck_assert_ptr_nonnull(block = cuda()->alloc(0, 40 << 20));
    ck_fails(cuda()->fast(0, true), LKS_NOMEM,
             "cuda:0 is out of memory: 32 MiB asked for, 24 MiB of 64 MiB free");
    cuda()->free(0, block, 40 << 20); /* kept, until somebody wants it */
    ck_ok(cuda()->fast(0, true));
    cuda()->use(0, &use);
    ck_assert_uint_eq(use.now_bytes, 32 << 20);
    ck_ok(cuda()->fast(0, false));
}
END_TEST

/* What this program says where the library is a file of nothing: it is run again, and
 * this test of it asks. */
START_TEST(without_cublas_fast_says_what_to_do)
{
    const char *asks = getenv("LKS_TEST_ASKS_FOR_FAST");
    char command[512], said[512] = "";

    if (asks) {
        if (cuda()->fast(0, true) != LKS_OK)
            file_put(asks, lks_error_text(), strlen(lks_error_text()));
        return;
    }
    temp_dir_make();
    file_put(temp_path("libcublas.so.12"), "", 0);
    file_put(temp_path("libcublas.so.13"), "", 0);
    snprintf(command, sizeof command,
             "LD_LIBRARY_PATH=%s LKS_TEST_ASKS_FOR_FAST=%s /proc/%d/exe >/dev/null",
             temp_dir, temp_path("said"), getpid());
    ck_assert_int_ne(system(command), 0); /* the other tests need it */
    file_get(temp_path("said"), said, sizeof said - 1);
    ck_assert_msg(strstr(said, "numerics: fast needs cuBLAS, which does not load (") &&
                      strstr(said, "): install it, or use numerics: exact"),
                  "said: %s", said);
    temp_dir_remove();
}
END_TEST

LKS_SUITE("cuda_fast", products_of_any_layout_are_near_the_exact_ones,
          a_batch_is_one_call, what_cublas_does_not_take_is_exact,
          a_recording_has_the_products_of_its_time,
          what_cublas_refuses_is_one_error_and_the_next_product_works,
          the_workspace_is_memory_like_any_other, without_cublas_fast_says_what_to_do)
