/* Blocks of a GPU: who gets a freed one, what is counted, and what happens when there is
 * no more. */
#include "cuda_suite.h"

#include <stdint.h>

#include "base/alloc.h"

static long n_mallocs(void)
{
    return emulator_calls("cudaMallocAsync");
}

START_TEST(a_freed_block_serves_the_next_of_its_size)
{
    void *block = cuda()->alloc(0, 1000), *again;
    const long before = n_mallocs();

    ck_assert_ptr_nonnull(block);
    for (int i = 0; i < 100; i++) {
        cuda()->free(0, block, 1000);
        again = cuda()->alloc(0, 1000);
        ck_assert_ptr_eq(again, block);
    }
    ck_assert_int_eq(n_mallocs(), before);
    cuda()->free(0, block, 1000);
}
END_TEST

/* Classes stand at 1, 1.25, 1.5 and 1.75 times powers of two. */
START_TEST(a_block_serves_all_sizes_of_its_class)
{
    static const size_t classes[] = {256, 320, 384, 448, 512, 640, 1280, 1792, 1 << 20};

    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        const size_t most = classes[i],
                     least = i && i < 6 ? classes[i - 1] + 1 : most - 1;
        void *block = cuda()->alloc(0, least), *larger;

        cuda()->free(0, block, least);
        ck_assert_ptr_eq(cuda()->alloc(0, most), block);
        cuda()->free(0, block, most);
        larger = cuda()->alloc(0, most + 1);
        ck_assert_ptr_ne(larger, block);
        cuda()->free(0, larger, most + 1);
    }
    ck_assert_uint_eq(bytes_in_use(0), 0);
}
END_TEST

/* All of a class is there to be used, whatever was asked for first. */
START_TEST(a_block_that_served_a_small_size_has_room_for_a_larger_one)
{
    lks_view x = flat_new(gpu, LKS_F32, 257);
    float values[320];

    flat_free(&x);
    x = flat_new(gpu, LKS_F32, 320);
    ck_ok(cuda()->fill(&x, 3));
    flat_get(&x, values);
    ck_assert_float_eq(values[319], 3);
    flat_free(&x);
}
END_TEST

START_TEST(no_bytes_are_a_block_too)
{
    void *one = cuda()->alloc(0, 0), *other = cuda()->alloc(0, 0);

    ck_assert_ptr_nonnull(one);
    ck_assert_ptr_nonnull(other);
    ck_assert_ptr_ne(one, other);
    cuda()->free(0, one, 0);
    cuda()->free(0, other, 0);
    cuda()->free(0, NULL, 7);
    ck_assert_uint_eq(bytes_in_use(0), 0);
}
END_TEST

START_TEST(no_device_has_more_than_there_is)
{
    const size_t huge[] = {PTRDIFF_MAX, SIZE_MAX, (size_t)1 << 41, (size_t)1 << 45};

    for (int i = 0; i < 4; i++) {
        ck_assert_ptr_null(cuda()->alloc(0, huge[i]));
        ck_assert_int_eq(lks_error_status(), LKS_NOMEM);
        ck_assert_ptr_nonnull(strstr(
            lks_error_text(), i < 2 ? "cannot allocate" : "cuda:0 is out of memory"));
    }
    ck_assert_uint_eq(bytes_in_use(0), 0);
}
END_TEST

START_TEST(a_device_that_is_not_there_has_no_memory)
{
    ck_fails((cuda()->alloc(99, 8), lks_error_status()), LKS_DEVICE,
             "there is no device cuda:99");
    ck_fails((cuda()->alloc(-1, 8), lks_error_status()), LKS_DEVICE,
             "there is no device cuda:-1");
    ck_fails((cuda()->alloc(63, 8), lks_error_status()), LKS_DEVICE,
             "cuda:63: cudaSetDevice: invalid device ordinal");
    cuda()->free(99, &n_mallocs, 8);
}
END_TEST

START_TEST(what_is_in_use_is_counted_and_the_most_of_it)
{
    void *first = cuda()->alloc(0, 1000), *second;
    lks_device_use use;

    second = cuda()->alloc(0, 5000);
    cuda()->free(0, second, 5000);
    cuda()->use(0, &use);
    ck_assert_uint_eq(use.now_bytes, 1000);
    ck_assert_uint_eq(use.peak_bytes, 6000);
    cuda()->forget_peak(0);
    cuda()->use(0, &use);
    ck_assert_uint_eq(use.peak_bytes, 1000);
    cuda()->free(0, first, 1000);
    cuda()->use(0, &use);
    ck_assert_uint_eq(use.now_bytes, 0);
    ck_assert_uint_eq(use.peak_bytes, 1000);
}
END_TEST

/* ---- threads ---- */

enum { N_BLOCKS = 4096 };

static void *blocks[N_BLOCKS];

static void *free_all(void *context)
{
    (void)context;
    for (int i = 0; i < N_BLOCKS; i++)
        cuda()->free(0, blocks[i], 64);
    return NULL;
}

static void take_all(void)
{
    for (int i = 0; i < N_BLOCKS; i++) {
        blocks[i] = cuda()->alloc(0, 64);
        ck_assert_ptr_nonnull(blocks[i]);
    }
}

/* 17 times as many as a queue keeps the list elements of. */
START_TEST(blocks_that_another_thread_frees_are_gone)
{
    for (int i = 0; i < 17; i++) {
        take_all();
        in_a_thread(free_all, NULL);
    }
    ck_assert_uint_eq(bytes_in_use(0), 0);
    take_all();
    free_all(NULL);
    take_all();
    free_all(NULL);
    ck_assert_uint_eq(bytes_in_use(0), 0);
}
END_TEST

static void *take_and_free(void *context)
{
    void **out = context;

    *out = cuda()->alloc(0, 3000);
    cuda()->free(0, *out, 3000);
    return NULL;
}

START_TEST(the_queue_of_a_thread_that_ended_serves_the_next)
{
    void *first, *next;
    long n_streams, before;

    in_a_thread(take_and_free, &first);
    n_streams = emulator_calls("cudaStreamCreateWithFlags");
    before = n_mallocs();
    for (int i = 0; i < 10; i++) {
        in_a_thread(take_and_free, &next);
        ck_assert_ptr_eq(next, first);
    }
    ck_assert_int_eq(emulator_calls("cudaStreamCreateWithFlags"), n_streams);
    ck_assert_int_eq(n_mallocs(), before);
}
END_TEST

/* ---- no more ---- */

enum { MIB = 1 << 20 };

START_TEST(kept_blocks_are_given_back_before_memory_is_out)
{
    void *block;

    setenv("EMULATOR_MEMORY", "67108864", 1);
    for (int i = 0; EMULATED && i < 3; i++) {
        block = cuda()->alloc(0, 40 * MIB);
        ck_assert_ptr_nonnull(block);
        cuda()->free(0, block, 40 * MIB);
        block = cuda()->alloc(0, 50 * MIB);
        ck_assert_ptr_nonnull(block);
        cuda()->free(0, block, 50 * MIB);
    }
}
END_TEST

START_TEST(a_device_that_is_full_says_how_full)
{
    void *block;

    if (!EMULATED)
        return;
    setenv("EMULATOR_MEMORY", "67108864", 1);
    block = cuda()->alloc(0, 32 * MIB);
    ck_assert_ptr_null(cuda()->alloc(0, 40 * MIB));
    ck_assert_int_eq(lks_error_status(), LKS_NOMEM);
    ck_assert_str_eq(lks_error_text(),
                     "cuda:0 is out of memory: 40 MiB asked for, 32 MiB of 64 MiB free, "
                     "32 MiB in use by this process");
    cuda()->free(0, block, 32 * MIB);
    block = cuda()->alloc(0, 40 * MIB);
    ck_assert_ptr_nonnull(block);
    cuda()->free(0, block, 40 * MIB);
}
END_TEST

START_TEST(the_hosts_memory_may_be_out_as_well)
{
    void *block = cuda()->alloc(0, 64);

    for (int n = 0; n < 2; n++) {
        lks_alloc_fail_after(n);
        ck_assert_ptr_null(cuda()->alloc(0, 100 * MIB));
        ck_assert(lks_alloc_has_failed());
        lks_alloc_fail_after(-1);
        ck_assert_int_eq(lks_error_status(), LKS_NOMEM);
        lks_error_clear();
    }
    cuda()->free(0, block, 64);
    ck_assert_uint_eq(bytes_in_use(0), 0);
}
END_TEST

/* A thread's queues, and a queue. */
START_TEST(a_first_call_may_find_no_memory_for_its_queue)
{
    lks_device_facts facts;

    for (int n = 0; n < 2; n++) {
        lks_alloc_fail_after(n);
        ck_fails(cuda()->describe(0, &facts), LKS_NOMEM, "cannot allocate");
        lks_alloc_fail_after(-1);
    }
    ck_ok(cuda()->describe(0, &facts));
}
END_TEST

LKS_SUITE("cuda_memory", a_freed_block_serves_the_next_of_its_size,
          a_block_serves_all_sizes_of_its_class,
          a_block_that_served_a_small_size_has_room_for_a_larger_one,
          no_bytes_are_a_block_too, no_device_has_more_than_there_is,
          a_device_that_is_not_there_has_no_memory,
          what_is_in_use_is_counted_and_the_most_of_it,
          blocks_that_another_thread_frees_are_gone,
          the_queue_of_a_thread_that_ended_serves_the_next,
          kept_blocks_are_given_back_before_memory_is_out,
          a_device_that_is_full_says_how_full, the_hosts_memory_may_be_out_as_well,
          a_first_call_may_find_no_memory_for_its_queue)
