/* Small blocks: kept by the thread that frees them, given back when it ends. */
#include "support/suite.h"

#include <pthread.h>
#include <string.h>

#include "base/alloc.h"
#include "base/small.h"

static const size_t sizes[] = {0, 1, 64, 65, 511, 512, 513, 1024, 1025, 65536, 65537};

enum { N_SIZES = sizeof sizes / sizeof *sizes };

START_TEST(a_block_holds_what_it_was_asked_for)
{
    for (int round = 0; round < 3; round++) {
        unsigned char *blocks[N_SIZES];

        for (int i = 0; i < N_SIZES; i++) {
            ck_assert_ptr_nonnull(blocks[i] = lks_small_alloc(sizes[i]));
            memset(blocks[i], i + round, sizes[i]);
        }
        for (int i = 0; i < N_SIZES; i++) {
            for (size_t j = 0; j < sizes[i]; j++)
                ck_assert_int_eq(blocks[i][j], i + round);
            lks_small_free(blocks[i], sizes[i]);
        }
    }
    lks_small_free(NULL, 64);
}
END_TEST

START_TEST(a_block_that_grows_has_what_it_had)
{
    char *block = lks_small_grow(NULL, 0, 10), *grown;

    memcpy(block, "012345678", 10);
    grown = lks_small_grow(block, 10, 5000);
    ck_assert_str_eq(grown, "012345678");
    lks_alloc_fail_after(0);
    ck_assert_ptr_null(lks_small_grow(grown, 5000, 10000));
    lks_alloc_fail_after(-1);
    ck_assert_str_eq(grown, "012345678");
    lks_small_free(grown, 5000);
}
END_TEST

/* A test may let any request fail, whether a kept block would have served it or not. */
START_TEST(a_kept_block_can_fail_too)
{
    lks_small_free(lks_small_alloc(100), 100);
    lks_alloc_fail_after(0);
    ck_assert_ptr_null(lks_small_alloc(100));
    ck_assert_int_eq(lks_error_status(), LKS_NOMEM);
    lks_error_clear();
    lks_alloc_fail_after(-1);
}
END_TEST

enum { N_HANDED = 1000 };

static void *free_all(void *blocks)
{
    for (int i = 0; i < N_HANDED; i++)
        lks_small_free(((void **)blocks)[i], 200);
    return NULL;
}

/* The address sanitizer would tell of blocks that such a thread keeps for ever. */
START_TEST(another_thread_may_free_and_end)
{
    void *blocks[N_HANDED];

    for (int round = 0; round < 20; round++) {
        pthread_t thread;

        for (int i = 0; i < N_HANDED; i++)
            ck_assert_ptr_nonnull(blocks[i] = lks_small_alloc(200));
        ck_assert_int_eq(pthread_create(&thread, NULL, free_all, blocks), 0);
        pthread_join(thread, NULL);
    }
}
END_TEST

LKS_SUITE("small", a_block_holds_what_it_was_asked_for,
          a_block_that_grows_has_what_it_had, a_kept_block_can_fail_too,
          another_thread_may_free_and_end)
