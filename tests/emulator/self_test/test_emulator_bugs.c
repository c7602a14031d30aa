/* Planted bugs: each is told, by kernel, block, thread, file and line. Built with every
 * access checked. */
#include "kernels.h"

#include <signal.h>
#include <string.h>

#include "child.h"
#include "emulator/control.h"
#include "support/suite.h"

static bug planted;
static unsigned n_blocks;
static cudaError_t answer;

static void run_planted(void)
{
    void *x;
    cudaError_t error;

    must(cudaMalloc(&x, 64 * sizeof(float)) == cudaSuccess);
    must(cudaMemset(x, 0, 64 * sizeof(float)) == cudaSuccess);
    run_bug(planted, n_blocks, x, 0);
    error = cudaDeviceSynchronize();
    if (error != answer)
        fprintf(stderr, "answered %d\n", (int)error);
    must(error == answer);
    must(cudaMemset(x, 0, 4) == answer); /* a device that failed stays so */
    fprintf(stderr, "line %d\n", line_of_bug(planted));
}

/* All parts are said, and the place. */
static void ck_told(bug which, unsigned blocks, cudaError_t error,
                    const char *const *parts)
{
    char place[32];
    const char *said;
    int status, line = 0;

    planted = which;
    n_blocks = blocks;
    answer = error;
    said = run_child(run_planted, &status);
    ck_assert_msg(status == 0, "bug %d: %d: %s", which, status, said);
    for (; *parts; parts++)
        ck_assert_msg(strstr(said, *parts), "bug %d: no \"%s\" in: %s", which, *parts,
                      said);
    if (strstr(said, "line "))
        line = atoi(strstr(said, "\nline ") ? strstr(said, "\nline ") + 6 : said + 5);
    snprintf(place, sizeof place, "bugs.cu:%d", line);
    ck_assert_msg(line == 0 || strstr(said, place), "bug %d: not %s in: %s", which, place,
                  said);
}

#define TELLS(name, which, blocks, error, ...)                                           \
    START_TEST(name)                                                                     \
    {                                                                                    \
        const char *const parts[] = {__VA_ARGS__, NULL};                                 \
                                                                                         \
        ck_told(which, blocks, error, parts);                                            \
    }                                                                                    \
    END_TEST

START_TEST(a_kernel_without_a_bug_says_nothing)
{
    int status;
    const char *said;

    planted = BUG_NONE;
    n_blocks = 4;
    answer = cudaSuccess;
    said = run_child(run_planted, &status);
    ck_assert_int_eq(status, 0);
    ck_assert_str_eq(said, "line 0\n");
}
END_TEST

TELLS(a_missing_barrier, BUG_NO_BARRIER, 1, cudaErrorLaunchFailure,
      "kernel barrier_kernel, block (0,0,0), thread (", "race on", "(shared memory)")
TELLS(a_missing_syncwarp, BUG_NO_SYNCWARP, 1, cudaErrorLaunchFailure, "race on",
      "(shared memory)")
TELLS(a_read_that_a_later_write_overtakes, BUG_LATE_READ, 1, cudaErrorLaunchFailure,
      "race on", "(shared memory)", "written", "read")
TELLS(blocks_that_race, BUG_BLOCKS_RACE, 4, cudaErrorLaunchFailure, "race on",
      "kernel blocks_kernel, block (1,0,0), thread (", "of block 0",
      "a block of 256 bytes of device 0")
TELLS(a_sum_without_atomics, BUG_PLAIN_SUM, 1, cudaErrorLaunchFailure, "race on",
      "thread 0 of block 0")
TELLS(four_bytes_written_out_of_bounds, BUG_WRITES_BEHIND_END, 1, cudaErrorIllegalAddress,
      "thread (63,0,0)", "writes 4 bytes",
      "0 bytes behind the end of a block of 256 bytes")
TELLS(four_bytes_read_out_of_bounds, BUG_READS_BEHIND_END, 1, cudaErrorIllegalAddress,
      "thread (63,0,0)", "reads 4 bytes",
      "0 bytes behind the end of a block of 256 bytes")
TELLS(a_divergent_barrier, BUG_DIVERGENT_BARRIER, 1, cudaErrorLaunchTimeout,
      "waits for ever in __syncthreads", "24 of 64 threads of the block have ended")
TELLS(barriers_of_two_lines, BUG_BARRIERS_OF_TWO_LINES, 1, cudaErrorLaunchFailure,
      "divergent barriers: __syncthreads at ", "bugs.cu:", "while others wait at ")
TELLS(half_a_warp_in_a_shuffle_of_all, BUG_HALF_WARP_SHUFFLE, 1, cudaErrorLaunchTimeout,
      "waits for ever in a shuffle")
TELLS(shared_memory_read_before_it_is_written, BUG_UNINITIALISED_SHARED, 1,
      cudaErrorLaunchFailure, "block (0,0,0), thread (", "reads shared memory",
      "that no thread of the block has written")
TELLS(sixteen_bytes_misaligned, BUG_MISALIGNED, 1, cudaErrorMisalignedAddress,
      "thread (0,0,0)", "aligned to 16 bytes", "misaligned")
TELLS(a_copy_nobody_waited_for, BUG_NO_PIPELINE_WAIT, 1, cudaErrorLaunchFailure,
      "reads shared memory", "that no thread of the block has written")
TELLS(a_copy_of_another_thread_without_a_barrier, BUG_NO_BARRIER_AFTER_COPY, 1,
      cudaErrorLaunchFailure, "shared memory")
TELLS(dynamic_shared_memory_out_of_bounds, BUG_DYNAMIC_SHARED_BEHIND_END, 1,
      cudaErrorIllegalAddress, "thread (63,0,0)",
      "writes 4 bytes at byte 256 of 256 bytes of dynamic shared memory")
TELLS(an_index_behind_a_shared_array, BUG_SHARED_INDEX, 1, cudaErrorIllegalAddress,
      "thread (63,0,0)", "index 64 is outside of its array")
TELLS(a_wild_address, BUG_WILD_STORE, 1, cudaErrorIllegalAddress, "thread (5,0,0)",
      "writes 4 bytes at 0x40", "pageable memory of the host")

static void freed_too_early(void)
{
    void *x, *y;

    must(cudaMalloc(&x, 256) == cudaSuccess && cudaMalloc(&y, 256) == cudaSuccess);
    must(cudaMemset(y, 0, 256) == cudaSuccess && cudaFree(x) == cudaSuccess);
    run_add(64, x, y, 0);
    must(cudaDeviceSynchronize() == cudaErrorIllegalAddress);
}

START_TEST(use_after_free)
{
    ck_child(freed_too_early, 0, "use after free: reads 4 bytes at 0x");
    ck_child(freed_too_early, 0, "at byte 0 of a freed block of 256 bytes of device 0");
    ck_child(freed_too_early, 0, "(kernels.cu:");
}
END_TEST

static void host_touches(void)
{
    void *x;

    must(cudaMalloc(&x, 256) == cudaSuccess);
    store_from_the_host(x); /* instrumented, in a .cu file */
}

START_TEST(the_host_touches_device_memory)
{
    ck_child(host_touches, 128 + SIGABRT, "emulator: the host touches device memory: 0x");
    ck_child(host_touches, 128 + SIGABRT,
             "at byte 12 of a block of 256 bytes of device 0 (kernels.cu:");
}
END_TEST

static void kernel_touches_heap(void)
{
    float *heap = calloc(64, sizeof *heap);
    void *y;

    must(cudaMalloc(&y, 256) == cudaSuccess && cudaMemset(y, 0, 256) == cudaSuccess);
    run_add(64, heap, y, 0);
    must(cudaDeviceSynchronize() == cudaErrorIllegalAddress);
}

START_TEST(a_kernel_touches_pageable_memory)
{
    ck_child(kernel_touches_heap, 0,
             "kernel add_kernel, block (0,0,0), thread (0,0,0): reads 4 bytes at 0x");
    ck_child(kernel_touches_heap, 0, "pageable memory of the host (kernels.cu:");
}
END_TEST

static void kernel_touches_another_device(void)
{
    void *x, *y;

    must(cudaMalloc(&x, 256) == cudaSuccess && cudaMemset(x, 0, 256) == cudaSuccess);
    must(cudaSetDevice(1) == cudaSuccess && cudaMalloc(&y, 256) == cudaSuccess);
    must(cudaMemset(y, 0, 256) == cudaSuccess);
    run_add(64, x, y, 0);
    must(cudaDeviceSynchronize() == cudaErrorIllegalAddress);
    must(cudaSetDevice(0) == cudaSuccess && cudaDeviceSynchronize() == cudaSuccess);
}

START_TEST(a_kernel_touches_another_devices_memory)
{
    ck_child(kernel_touches_another_device, 0,
             "a block of 256 bytes of device 0, memory of another device without peer "
             "access (kernels.cu:");
}
END_TEST

static void all_bugs_at_all_seeds(void)
{
    for (uint64_t seed = 1; seed < 4; seed++)
        for (bug which = BUG_NO_BARRIER; which <= BUG_WILD_STORE; which++) {
            void *x;

            emulator_reset();
            emulator_seed(seed);
            must(cudaMalloc(&x, 256) == cudaSuccess &&
                 cudaMemset(x, 0, 256) == cudaSuccess);
            run_bug(which, 4, x, 0);
            if (cudaDeviceSynchronize() == cudaSuccess) {
                fprintf(stderr, "bug %d at seed %d was not told\n", which, (int)seed);
                _exit(1);
            }
        }
}

START_TEST(no_order_of_threads_hides_a_bug)
{
    ck_child(all_bugs_at_all_seeds, 0, "race on");
}
END_TEST

LKS_SUITE("emulator_bugs", a_kernel_without_a_bug_says_nothing, a_missing_barrier,
          a_missing_syncwarp, a_read_that_a_later_write_overtakes, blocks_that_race,
          a_sum_without_atomics, four_bytes_written_out_of_bounds,
          four_bytes_read_out_of_bounds, a_divergent_barrier, barriers_of_two_lines,
          half_a_warp_in_a_shuffle_of_all, shared_memory_read_before_it_is_written,
          sixteen_bytes_misaligned, a_copy_nobody_waited_for,
          a_copy_of_another_thread_without_a_barrier, dynamic_shared_memory_out_of_bounds,
          an_index_behind_a_shared_array, a_wild_address, use_after_free,
          the_host_touches_device_memory, a_kernel_touches_pageable_memory,
          a_kernel_touches_another_devices_memory, no_order_of_threads_hides_a_bug)
