/* The NCCL double, opened as a program opens the real one: two ranks, on a device each,
 * of one thread, or of two processes. */
#include <nccl.h>

#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cuda_suite.h"

#define FUNCTIONS(each)                                                                  \
    each(ncclGetUniqueId) each(ncclCommInitRankConfig) each(ncclCommGetAsyncError)       \
        each(ncclCommAbort) each(ncclCommFinalize) each(ncclCommDestroy)                 \
            each(ncclGetLastError) each(ncclGroupStart) each(ncclGroupEnd)               \
                each(ncclAllReduce) each(ncclAllGather) each(ncclSend) each(ncclRecv)

#define DECLARE(name) static __typeof__(name) *p_##name;
FUNCTIONS(DECLARE)

static ncclComm_t comms[2];
static cudaStream_t streams[2];

static void open_library(void)
{
    void *library = dlopen(LKS_BINARY_DIR "/lib/libnccl.so.2", RTLD_NOW | RTLD_LOCAL);

    ck_assert_msg(library != NULL, "%s", dlerror());
#define LOAD(name)                                                                       \
    *(void **)&p_##name = dlsym(library, #name);                                         \
    ck_assert_msg(p_##name != NULL, #name);
    FUNCTIONS(LOAD)
}

/* What became of the last call. */
static ncclResult_t settled(int rank)
{
    ncclResult_t result = ncclInProgress;

    for (int i = 0; i < 1000 && result == ncclInProgress; i++) {
        ck_assert_int_eq(p_ncclCommGetAsyncError(comms[rank], &result), ncclSuccess);
        if (result == ncclInProgress)
            usleep(1000);
    }
    return result;
}

static ncclResult_t begin(int rank, int device, ncclUniqueId id)
{
    ncclConfig_t config = NCCL_CONFIG_INITIALIZER;

    config.blocking = 0;
    ck_cuda(cudaSetDevice(device));
    streams[rank] = new_stream();
    return p_ncclCommInitRankConfig(&comms[rank], 2, id, rank, &config);
}

static void meet(void)
{
    ncclUniqueId id;

    open_library();
    ck_assert_int_eq(p_ncclGetUniqueId(&id), ncclSuccess);
    for (int r = 0; r < 2; r++)
        ck_assert_int_eq(begin(r, r, id), ncclInProgress);
    for (int r = 0; r < 2; r++)
        ck_assert_int_eq(settled(r), ncclSuccess);
}

static float *number_on(int device, float value)
{
    ck_cuda(cudaSetDevice(device));
    return on_device(&value, sizeof value);
}

static float read_back(const float *p)
{
    float value;

    to_host(&value, p, sizeof value);
    return value;
}

static bool is_over(int rank)
{
    cudaError_t error = cudaErrorNotReady;

    for (int i = 0; i < 200 && error == cudaErrorNotReady; i++) {
        error = cudaStreamQuery(streams[rank]);
        usleep(500);
    }
    return error == cudaSuccess;
}

static void reduce(int rank, void *data, size_t n, ncclDataType_t type, ncclRedOp_t op)
{
    ck_assert_int_eq(p_ncclAllReduce(data, data, n, type, op, comms[rank], streams[rank]),
                     ncclInProgress);
    ck_assert_int_eq(settled(rank), ncclSuccess);
}

START_TEST(sums_and_extremes_of_several_types)
{
    const double wide[2] = {1.5, -3};
    const int64_t whole[2] = {1ll << 40, 5};
    double wide_sum;
    int64_t most;
    void *w[2], *m[2];

    meet();
    for (int r = 0; r < 2; r++) {
        ck_cuda(cudaSetDevice(r));
        w[r] = on_device(&wide[r], sizeof *wide);
        m[r] = on_device(&whole[r], sizeof *whole);
        reduce(r, w[r], 1, ncclFloat64, ncclSum);
        reduce(r, m[r], 1, ncclInt64, ncclMax);
    }
    for (int r = 0; r < 2; r++) {
        ck_cuda(cudaStreamSynchronize(streams[r]));
        to_host(&wide_sum, w[r], sizeof wide_sum);
        to_host(&most, m[r], sizeof most);
        ck_assert_double_eq(wide_sum, -1.5);
        ck_assert_int_eq(most, 1ll << 40);
    }
}
END_TEST

/* To each other, and from each other. */
static void exchange(int rank, const float *out, float *in, bool in_a_group)
{
    if (in_a_group)
        p_ncclGroupStart();
    p_ncclSend(out, 1, ncclFloat32, 1 - rank, comms[rank], streams[rank]);
    if (!in_a_group)
        ck_assert_int_eq(settled(rank), ncclSuccess);
    p_ncclRecv(in, 1, ncclFloat32, 1 - rank, comms[rank], streams[rank]);
    if (in_a_group)
        ck_assert_int_eq(p_ncclGroupEnd(), ncclInProgress);
    ck_assert_int_eq(settled(rank), ncclSuccess);
}

START_TEST(two_that_send_to_each_other_need_a_group)
{
    meet();
    for (int in_a_group = 1; in_a_group >= 0; in_a_group--) {
        float *out[2], *in[2];

        for (int r = 0; r < 2; r++) {
            out[r] = number_on(r, (float)(r + 1));
            in[r] = number_on(r, 0);
            exchange(r, out[r], in[r], in_a_group);
        }
        for (int r = 0; r < 2; r++) {
            ck_assert_int_eq(is_over(r), in_a_group);
            if (in_a_group)
                ck_assert_float_eq(read_back(in[r]), (float)(2 - r));
        }
    }
    for (int r = 0; r < 2; r++) {
        ck_assert_int_eq(p_ncclCommAbort(comms[r]), ncclSuccess);
        ck_assert(is_over(r));
    }
}
END_TEST

START_TEST(an_operation_is_queued_once_its_caller_asks)
{
    float *x;
    cudaEvent_t event;

    meet();
    x = number_on(0, 1);
    event = new_event();
    ck_assert_int_eq(p_ncclAllReduce(x, x, 1, ncclFloat32, ncclSum, comms[0], streams[0]),
                     ncclInProgress);
    ck_cuda(cudaEventRecord(event, streams[0]));
    ck_cuda(cudaEventSynchronize(event)); /* nothing is in front of it */
    ck_assert_int_eq(p_ncclAllReduce(x, x, 1, ncclFloat32, ncclSum, comms[0], streams[0]),
                     ncclInvalidUsage);
    ck_assert_ptr_nonnull(strstr(p_ncclGetLastError(comms[0]), "still busy"));
    ck_assert_int_eq(settled(0), ncclSuccess);
    ck_assert(!is_over(0));
}
END_TEST

START_TEST(two_ranks_on_one_device_are_refused)
{
    ncclUniqueId id;

    open_library();
    ck_assert_int_eq(p_ncclGetUniqueId(&id), ncclSuccess);
    for (int r = 0; r < 2; r++)
        ck_assert_int_eq(begin(r, 0, id), ncclInProgress);
    ck_assert_int_eq(settled(0), ncclInvalidUsage);
    ck_assert_ptr_nonnull(strstr(p_ncclGetLastError(comms[0]), "Duplicate GPU"));
}
END_TEST

START_TEST(a_rank_that_comes_twice_is_refused)
{
    ncclUniqueId id;

    open_library();
    ck_assert_int_eq(p_ncclGetUniqueId(&id), ncclSuccess);
    ck_assert_int_eq(begin(0, 0, id), ncclInProgress);
    ck_assert_int_eq(begin(0, 1, id), ncclInvalidUsage);
    ck_assert_ptr_nonnull(strstr(p_ncclGetLastError(NULL), "rank 0 has come twice"));
    memset(&id, 1, sizeof id);
    ck_assert_int_eq(begin(0, 0, id), ncclSystemError);
}
END_TEST

/* Without a pause: most of what two processes do to each other takes nanoseconds. */
static bool is_over_at_once(int rank)
{
    cudaError_t error = cudaErrorNotReady;

    for (long i = 0; i < 20000000 && error == cudaErrorNotReady; i++)
        error = cudaStreamQuery(streams[rank]);
    return error == cudaSuccess;
}

/* As one of two processes: messages both ways, each of its own number. How
 * many came right. */
static int write_to_each_other(int rank, ncclUniqueId id, int n_rounds)
{
    float *out, *in;

    ck_assert_int_eq(begin(rank, rank, id), ncclInProgress);
    ck_assert_int_eq(settled(rank), ncclSuccess);
    out = number_on(rank, 0);
    in = number_on(rank, 0);
    for (int i = 1; i <= n_rounds; i++) {
        const float value = (float)i;

        ck_cuda(cudaMemcpy(out, &value, sizeof value, cudaMemcpyHostToDevice));
        exchange(rank, out, in, true);
        if (!is_over_at_once(rank) || read_back(in) != value)
            return i - 1;
    }
    return n_rounds;
}

START_TEST(messages_between_processes_come_once_each)
{
    enum { N_ROUNDS = 10000 };
    ncclUniqueId id;
    pid_t child;
    int status;

    open_library();
    ck_assert_int_eq(p_ncclGetUniqueId(&id), ncclSuccess);
    child = fork(); /* before either has a device */
    ck_assert_int_ge(child, 0);
    if (child == 0)
        _exit(write_to_each_other(1, id, N_ROUNDS) == N_ROUNDS ? 0 : 1);
    ck_assert_int_eq(write_to_each_other(0, id, N_ROUNDS), N_ROUNDS);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(it_ends_when_its_streams_are_empty)
{
    meet();
    for (int r = 0; r < 2; r++)
        reduce(r, number_on(r, 1), 1, ncclFloat32, ncclSum);
    for (int r = 0; r < 2; r++) {
        ck_assert_int_eq(p_ncclCommFinalize(comms[r]), ncclInProgress);
        ck_assert_int_eq(settled(r), ncclSuccess);
        ck_assert_int_eq(p_ncclCommDestroy(comms[r]), ncclSuccess);
    }
}
END_TEST

LKS_SUITE("emulator_nccl", sums_and_extremes_of_several_types,
          two_that_send_to_each_other_need_a_group,
          an_operation_is_queued_once_its_caller_asks,
          two_ranks_on_one_device_are_refused, a_rank_that_comes_twice_is_refused,
          messages_between_processes_come_once_each, it_ends_when_its_streams_are_empty)
