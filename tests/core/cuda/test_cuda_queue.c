/* Queues and the marks that order them: of one thread, of two, of two devices, and of
 * one whose kernels go to another stream. */
#include "cuda_suite.h"

#ifdef LKS_HAS_CUDA
#include <cuda_runtime_api.h>

#include "cuda/cuda.h"
#endif

enum { N = 1000, MANY = 300 /* more marks than a queue remembers */ };

START_TEST(a_mark_of_ones_own_or_of_nothing_is_passed)
{
    const lks_mark none = {0};
    lks_mark mark;

    ck_ok(cuda()->await(0, &none));
    ck_ok(cuda()->mark(0, &mark));
    ck_ok(cuda()->await(0, &mark));
    ck_ok(cuda()->finish(0));
}
END_TEST

/* What another thread does to x behind a mark. */
typedef struct other {
    lks_view x, y;
    lks_mark filled, copied;
    bool awaits;
} other;

static void *copy_after(void *context)
{
    other *o = context;

    if (o->awaits)
        ck_ok(cuda()->await(0, &o->filled));
    ck_ok(cuda()->copy(&o->x, &o->y));
    ck_ok(cuda()->mark(0, &o->copied));
    return NULL;
}

/* What arrives in y of a 1 that this thread writes to x, and the other one copies. */
static float carried(int n_marks_after, bool awaits)
{
    other o = {.awaits = awaits};
    lks_mark more;
    float value;

    o.x = flat_new(gpu, LKS_F32, N);
    o.y = flat_new(gpu, LKS_F32, N);
    ck_ok(cuda()->fill(&o.x, -1));
    ck_ok(cuda()->finish(0)); /* they are there */
    ck_ok(cuda()->fill(&o.x, 1));
    ck_ok(cuda()->mark(0, &o.filled));
    for (int i = 0; i < n_marks_after; i++)
        ck_ok(cuda()->mark(0, &more));
    in_a_thread(copy_after, &o);
    ck_ok(cuda()->await(0, &o.copied));
    value = flat_at(&o.y, N - 1);
    flat_free(&o.x);
    flat_free(&o.y);
    return value;
}

START_TEST(two_threads_are_ordered_by_marks)
{
    for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
        be_late(seed);
        ck_assert_float_eq(carried(0, true), 1);
    }
}
END_TEST

/* So the tests above and below would see it. */
START_TEST(without_a_mark_two_threads_have_no_order)
{
    int n_wrong = 0;

    for (uint64_t seed = 1; seed <= 20 && EMULATED; seed++) {
        be_late(seed);
        n_wrong += carried(0, false) != 1;
    }
    ck_assert(n_wrong > 0 || !EMULATED);
}
END_TEST

START_TEST(an_old_mark_is_as_good_as_a_later_one)
{
    for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
        be_late(seed);
        ck_assert_float_eq(carried(1, true), 1);
        ck_assert_float_eq(carried(255, true), 1);
        ck_assert_float_eq(carried(MANY, true), 1);
    }
}
END_TEST

static void *fill_and_mark(void *context)
{
    other *o = context;

    ck_ok(cuda()->fill(&o->x, 4));
    ck_ok(cuda()->mark(0, &o->filled));
    return NULL;
}

/* Its queue has a new owner meanwhile, who makes marks of its own. */
static void *make_marks(void *context)
{
    lks_mark mark;

    (void)context;
    for (int i = 0; i < MANY; i++)
        ck_ok(cuda()->mark(0, &mark));
    return NULL;
}

START_TEST(a_mark_outlives_its_thread)
{
    for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
        other o = {.x = flat_new(gpu, LKS_F32, N)};
        float value;

        be_late(seed);
        in_a_thread(fill_and_mark, &o);
        if (seed & 1)
            in_a_thread(make_marks, NULL);
        ck_ok(cuda()->await(0, &o.filled));
        value = flat_at(&o.x, N - 1);
        ck_assert_float_eq(value, 4);
        flat_free(&o.x);
    }
}
END_TEST

START_TEST(marks_of_another_device_are_awaited)
{
    if (cuda()->count() < 2)
        return;
    for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
        const lks_view x = flat_new(gpu, LKS_F32, N), y = flat_new(other_gpu, LKS_F32, N);
        lks_mark mark;

        be_late(seed);
        for (int i = 0; i < MANY; i++)
            ck_ok(cuda()->mark(0, &mark));
        ck_ok(cuda()->fill(&x, 3));
        ck_ok(cuda()->mark(0, &mark));
        ck_ok(cuda()->await(1, &mark));
        ck_ok(cuda()->copy_across(1, y.data, 0, x.data, N * sizeof(float)));
        ck_assert_float_eq(flat_at(&y, N - 1), 3);
        ck_ok(cuda()->finish(0));
        flat_free(&x);
        flat_free(&y);
    }
}
END_TEST

START_TEST(no_queue_is_told_of_a_device_that_is_not_there)
{
    const lks_view nowhere = lks_view_flat((lks_device){LKS_CUDA, 63}, NULL, LKS_F32, 8);
    lks_device_work work;
    lks_mark mark;
    char byte = 0;

    ck_fails(cuda()->mark(63, &mark), LKS_DEVICE, "cuda:63");
    ck_fails(cuda()->await(63, &mark), LKS_DEVICE, "cuda:63");
    ck_fails(cuda()->finish(63), LKS_DEVICE, "cuda:63");
    ck_fails(cuda()->work(63, &work), LKS_DEVICE, "cuda:63");
    ck_fails(cuda()->copy_in(63, &byte, &byte, 1), LKS_DEVICE, "cuda:63");
    ck_fails(cuda()->copy_out(63, &byte, &byte, 1), LKS_DEVICE, "cuda:63");
    ck_fails(cuda()->copy_across(63, &byte, 0, &byte, 1), LKS_DEVICE, "cuda:63");
    ck_fails(cuda()->fill(&nowhere, 1), LKS_DEVICE, "cuda:63");
}
END_TEST

START_TEST(work_is_counted)
{
    const lks_view x = flat_new(gpu, LKS_F32, N);
    lks_device_work before, after;

    ck_ok(cuda()->work(0, &before));
    ck_ok(cuda()->fill(&x, 1));
    ck_ok(cuda()->binary(LKS_BINARY_add, &x, &x, &x));
    ck_ok(cuda()->finish(0));
    ck_ok(cuda()->work(0, &after));
    ck_assert_uint_eq(after.n_launches - before.n_launches, 2);
    ck_assert_uint_eq(after.n_waits - before.n_waits, 1);
    ck_assert_uint_eq(after.n_bytes - before.n_bytes, (1 + 3) * N * sizeof(float));
    flat_free(&x);
}
END_TEST

#ifdef LKS_CUDA_EMULATED
/* The first mark since a block was freed lets what comes in ahead: one that is none would
 * let it overtake who still reads the block. */
START_TEST(a_mark_that_failed_lets_no_copy_ahead)
{
    for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
        const lks_view y = flat_new(gpu, LKS_F32, N);
        lks_view x = flat_new(gpu, LKS_F32, N);
        float values[N] = {9};
        lks_mark mark;

        be_late(seed);
        ck_ok(cuda()->fill(&x, 1));
        ck_ok(cuda()->copy(&x, &y));
        flat_free(&x);
        emulator_fail("cudaEventRecord", 0, cudaErrorInvalidValue);
        ck_fails(cuda()->mark(0, &mark), LKS_DEVICE, "cudaEventRecord: invalid argument");
        x = flat_new(gpu, LKS_F32, N);
        flat_put(&x, values);
        ck_assert_float_eq(flat_at(&x, 0), 9);
        ck_assert_float_eq(flat_at(&y, 0), 1);
        flat_free(&x);
        flat_free(&y);
    }
}
END_TEST
#else
START_TEST(a_mark_that_failed_lets_no_copy_ahead)
{
}
END_TEST
#endif

/* ---- another stream ---- */

#ifdef LKS_HAS_CUDA
static void order(cudaStream_t first, cudaStream_t then)
{
    cudaEvent_t event;

    ck_assert_int_eq(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), 0);
    ck_assert_int_eq(cudaEventRecord(event, first), 0);
    ck_assert_int_eq(cudaStreamWaitEvent(then, event, 0), 0);
    ck_assert_int_eq(cudaEventDestroy(event), 0);
}

START_TEST(kernels_go_where_they_are_diverted_to)
{
    const lks_view x = flat_new(gpu, LKS_F32, N);
    cudaStream_t own = lks_cuda_stream(0), side;

    ck_assert_ptr_nonnull(own);
    ck_assert_ptr_null(lks_cuda_stream(63));
    ck_fails(lks_cuda_divert(63, NULL), LKS_DEVICE, "cuda:63");
    ck_assert_int_eq(cudaStreamCreateWithFlags(&side, cudaStreamNonBlocking), 0);
    for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
        be_late(seed);
        ck_ok(cuda()->fill(&x, 1));
        order(own, side);
        ck_ok(lks_cuda_divert(0, side));
        ck_assert_ptr_eq(lks_cuda_stream(0), side);
        ck_ok(cuda()->binary(LKS_BINARY_add, &x, &x, &x));
        ck_assert_int_eq(cudaStreamQuery(side),
                         EMULATED ? cudaErrorNotReady : cudaStreamQuery(side));
        order(side, own);
        ck_ok(lks_cuda_divert(0, NULL));
        ck_assert_ptr_eq(lks_cuda_stream(0), own);
        ck_ok(cuda()->binary(LKS_BINARY_mul, &x, &x, &x));
        ck_assert_float_eq(flat_at(&x, N - 1), 4);
    }
    flat_free(&x);
    cudaStreamDestroy(side);
}
END_TEST

/* Copies in stay in order there, and a mark that the other stream has passed says nothing
 * of the own one, which still reads the block. */
START_TEST(a_mark_of_another_stream_lets_no_copy_ahead)
{
    cudaStream_t side;

    ck_assert_ptr_nonnull(lks_cuda_stream(0));
    ck_assert_int_eq(cudaStreamCreateWithFlags(&side, cudaStreamNonBlocking), 0);
    for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
        const lks_view y = flat_new(gpu, LKS_F32, N);
        lks_view x = flat_new(gpu, LKS_F32, N), z = flat_new(gpu, LKS_F32, N);
        float values[N] = {9};
        lks_mark mark;

        be_late(seed);
        ck_ok(cuda()->fill(&x, 1));
        ck_ok(cuda()->copy(&x, &y));
        flat_free(&x);
        ck_ok(lks_cuda_divert(0, side));
        flat_put(&z, values);
        ck_ok(cuda()->mark(0, &mark));
        ck_assert_float_eq(flat_at(&z, 0), 9);
        ck_ok(lks_cuda_divert(0, NULL));
        x = flat_new(gpu, LKS_F32, N);
        flat_put(&x, values);
        ck_assert_float_eq(flat_at(&x, 0), 9);
        ck_assert_float_eq(flat_at(&y, 0), 1);
        flat_free(&x);
        flat_free(&y);
        flat_free(&z);
    }
    cudaStreamDestroy(side);
}
END_TEST
#else
START_TEST(kernels_go_where_they_are_diverted_to)
{
}
END_TEST

START_TEST(a_mark_of_another_stream_lets_no_copy_ahead)
{
}
END_TEST
#endif

LKS_SUITE("cuda_queue", a_mark_of_ones_own_or_of_nothing_is_passed,
          two_threads_are_ordered_by_marks, without_a_mark_two_threads_have_no_order,
          an_old_mark_is_as_good_as_a_later_one, a_mark_outlives_its_thread,
          marks_of_another_device_are_awaited,
          no_queue_is_told_of_a_device_that_is_not_there, work_is_counted,
          a_mark_that_failed_lets_no_copy_ahead, kernels_go_where_they_are_diverted_to,
          a_mark_of_another_stream_lets_no_copy_ahead)
