/* Replicas on GPUs of one process, over NCCL: its double on emulated GPUs. What goes
 * wrong is planned by the double's variables (tests/emulator/nccl.cpp). */
#include "support/test_device.h"

#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "emulator/control.h"
#include "worker/comm_cases.h"
#include "support/replicas.h"

static const lks_comm_nccl_options patient = {.timeout_s = 30};
static const lks_comm_nccl_options hasty = {.timeout_s = 1.5};

static void for_all_sizes(replica_body body)
{
    for (int size = 1; size <= COMM_CASES_MOST; size++)
        run_replicas_over(size, &patient, body, NULL);
}

/* ---- as any communicator ---- */

START_TEST(an_all_gather_brings_everyones_part)
{
    for_all_sizes(check_gather);
}
END_TEST

START_TEST(an_all_reduce_adds_up_in_place)
{
    for_all_sizes(check_all_reduce);
}
END_TEST

START_TEST(a_broadcast_reaches_everyone_from_anyone)
{
    for_all_sizes(check_broadcast);
}
END_TEST

START_TEST(collectives_of_the_hosts_memory_are_another_communicators)
{
    for_all_sizes(check_many);
}
END_TEST

START_TEST(messages_between_two_arrive_in_order)
{
    for (int size = 2; size <= COMM_CASES_MOST; size++)
        run_replicas_over(size, &patient, check_order, NULL);
}
END_TEST

/* ---- equal parts, of several chunks ---- */

static const char *check_equal_parts(lks_comm *comm, void *context)
{
    enum { N = 50000 };
    const size_t size = (size_t)comm->size;
    const lks_view all = flat_new(test_device(), LKS_F32, size * N);
    size_t layout[2 * COMM_CASES_MOST];
    float *values = calloc(size * N, sizeof *values);
    lks_request *request = NULL;
    const char *text = NULL;
    lks_status st;

    (void)context;
    for (size_t r = 0; r < size; r++) {
        layout[r] = r * N;
        layout[size + r] = N;
    }
    for (size_t i = 0; i < size * N; i++)
        values[i] = (float)(i + 1) * (i / N == (size_t)comm->rank);
    flat_put(&all, values);
    st = comm->ops->all_gather(comm, &all, layout, layout + size, &request);
    st = st == LKS_OK ? comm->ops->wait(comm, &request) : st;
    flat_get(&all, values);
    for (size_t i = 0; i < size * N && !text; i++)
        text = values[i] == (float)(i + 1) ? NULL : "another number";
    flat_free(&all);
    free(values);
    return st == LKS_OK ? text : lks_error_text();
}

START_TEST(equal_parts_take_ncclAllGather)
{
    run_replicas_over(3, &patient, check_equal_parts, NULL);
}
END_TEST

/* ---- beside the replica's own queue ---- */

/* A slow reduction is under way while the thread's own queue has gone on and been waited
 * for; what comes behind the wait sees its result. */
static const char *check_overlap(lks_comm *comm, void *context)
{
    const lks_device device = test_device();
    const lks_kernels *kernels = lks_device_kernels(device);
    const lks_view sum = flat_new(device, LKS_F32, 1000);
    const lks_view other = flat_new(device, LKS_F32, 1);
    lks_request *request = NULL;
    float one = 0, values[1000];
    int done = 0;
    lks_status st = kernels->fill(&sum, 1);

    (void)context;
    st = st == LKS_OK ? comm->ops->aside(comm, device) : st;
    st = st == LKS_OK ? kernels->fill(&sum, 2) : st; /* in front of it, in its queue */
    st = st == LKS_OK ? comm->ops->all_reduce(comm, &sum, &request) : st;
    st = st == LKS_OK ? comm->ops->back(comm) : st;
    st = st == LKS_OK ? kernels->fill(&other, 7) : st;
    flat_get(&other, &one);
    st = st == LKS_OK ? comm->ops->test(comm, &request, &done) : st;
    if (st != LKS_OK)
        return lks_error_text();
    if (one != 7 || done)
        return "the thread's queue has waited for the reduction";
    st = comm->ops->wait(comm, &request);
    flat_get(&sum, values);
    flat_free(&sum);
    flat_free(&other);
    if (st != LKS_OK)
        return lks_error_text();
    return values[0] == 2 * (float)comm->size && values[999] == values[0] ? NULL
                                                                          : "another sum";
}

START_TEST(what_the_thread_queues_next_does_not_wait)
{
    setenv("NCCL_EMULATOR_SLOW", "300000", 1);
    run_replicas_over(2, &patient, check_overlap, NULL);
}
END_TEST

/* ---- asked, not waited for ---- */

/* Until `test` says so; NULL, or what was wrong. */
static const char *ask(lks_comm *comm, lks_request **request)
{
    for (int done = 0; !done;)
        if (comm->ops->test(comm, request, &done) != LKS_OK)
            return lks_error_text();
    return *request ? "done, but the request is there" : NULL;
}

/* A message around the ring on the GPUs, then everyone's number in the host's memory. */
static const char *check_asked(lks_comm *comm, void *context)
{
    const lks_view out = flat_new(test_device(), LKS_F32, 1);
    lks_view in = flat_new(test_device(), LKS_F32, 1);
    const int next = (comm->rank + 1) % comm->size;
    const int before = (comm->rank + comm->size - 1) % comm->size;
    const float mine = (float)comm->rank;
    double ranks[COMM_CASES_MOST] = {[0 ... COMM_CASES_MOST - 1] = -1};
    const lks_view all = lks_view_flat(lks_cpu, ranks, LKS_F64, (size_t)comm->size);
    size_t layout[2 * COMM_CASES_MOST];
    lks_request *requests[2] = {NULL}, *gather = NULL;
    const char *text = NULL;
    float got = -1;

    (void)context;
    for (int r = 0; r < comm->size; r++) {
        layout[r] = (size_t)r;
        layout[comm->size + r] = 1;
    }
    ranks[comm->rank] = comm->rank;
    flat_put(&out, &mine);
    if (comm->ops->send(comm, next, 1, &out, &requests[0]) != LKS_OK ||
        comm->ops->receive(comm, before, 1, &in, &requests[1]) != LKS_OK ||
        comm->ops->all_gather(comm, &all, layout, layout + comm->size, &gather) != LKS_OK)
        return lks_error_text();
    text = ask(comm, &requests[1]);
    text = text ? text : ask(comm, &requests[0]);
    text = text ? text : ask(comm, &gather);
    flat_get(&in, &got);
    flat_free(&out);
    flat_free(&in);
    for (int r = 0; r < comm->size && !text; r++)
        text = ranks[r] == r ? NULL : "another rank's number";
    return text || got == (float)before ? text : "another message";
}

START_TEST(who_asks_gets_there_as_who_waits)
{
    for (int size = 2; size <= 4; size++)
        run_replicas_over(size, &patient, check_asked, NULL);
}
END_TEST

static const char *check_elsewhere(lks_comm *comm, void *context)
{
    const lks_device here = test_device();
    const lks_device there = {LKS_CUDA, here.index == 0 ? 1 : 0};
    const lks_view values = flat_new(there, LKS_F32, 1);
    lks_request *request = NULL;
    const char *text = NULL;

    (void)context;
    if (comm->ops->all_reduce(comm, &values, &request) != LKS_COMM)
        text = "values of another GPU are reduced";
    else if (!strstr(lks_error_text(), "but the replica is on"))
        text = "another text";
    else if (comm->ops->send(comm, 0, 1, &values, &request) != LKS_COMM)
        text = "values of another GPU are sent";
    lks_error_text();
    flat_free(&values);
    return text;
}

START_TEST(values_of_another_gpu_are_refused)
{
    run_replicas_over(2, &patient, check_elsewhere, NULL);
}
END_TEST

/* ---- failure ---- */

typedef struct trouble {
    const char *parts[2]; /* of what it is to say */
    size_t n[3];          /* elements that each replica brings */
} trouble;

static const char *says(lks_status st, const trouble *t)
{
    static _Thread_local char text[512];

    if (st == LKS_OK)
        return "it went well";
    snprintf(text, sizeof text, "%s", lks_error_text());
    if (st == LKS_COMM && strstr(text, t->parts[0]) && strstr(text, t->parts[1]))
        return NULL;
    return text;
}

/* Reductions until one fails: the host comes back from the GPU, and is told not to use
 * what is there. */
static const char *reduce_until_it_fails(lks_comm *comm, void *context)
{
    const trouble *t = context;
    const size_t n = t->n[comm->rank];
    const lks_view sum = flat_new(test_device(), LKS_F32, n);
    float *values = calloc(n, sizeof *values);
    lks_status st = LKS_OK;

    for (int step = 1; step <= 10 && st == LKS_OK; step++) {
        lks_request *request = NULL;

        comm->step = (uint64_t)step;
        comm->bucket = 3;
        st = comm->ops->all_reduce(comm, &sum, &request);
        st = st == LKS_OK ? comm->ops->wait(comm, &request) : st;
        if (st == LKS_OK)
            flat_get(&sum, values);
        st = st == LKS_OK ? lks_comm_check(comm) : st;
    }
    free(values);
    return says(st, t);
}

START_TEST(counts_that_differ_are_told_by_all)
{
    run_replicas_over(2, &patient, reduce_until_it_fails,
                      &(trouble){{"all-reduce of bucket 3, step 1: NCCL: invalid usage",
                                  "bytes (type 7, operation 0) meets rank"},
                                 {7, 8}});
}
END_TEST

START_TEST(a_reduction_that_never_ends_is_named_and_ended)
{
    const double began_s = lks_clock_s();

    setenv("NCCL_EMULATOR_HANG", "1:4", 1);
    run_replicas_over(
        3, &hasty, reduce_until_it_fails,
        &(trouble){{"all-reduce of bucket 3, step 4 does not come to its end",
                    "NCCL waits for the other replicas"},
                   {7, 7, 7}});
    ck_assert_msg(lks_clock_s() - began_s < 5, "it took %.1f s", lks_clock_s() - began_s);
}
END_TEST

START_TEST(a_broken_link_is_named)
{
    setenv("NCCL_EMULATOR_FAIL", "0:4", 1);
    run_replicas_over(
        1, &patient, reduce_until_it_fails,
        &(trouble){{"all-reduce of bucket 3, step 4: NCCL: unhandled system",
                    "the emulated link is broken"},
                   {7}});
}
END_TEST

/* One reduction for which CUDA refuses a call, and one that goes well. */
static const char *reduce_refused(lks_comm *comm, void *context)
{
    static const struct {
        const char *function;
        long n;
        int error; /* cudaErrorInvalidValue, cudaErrorMemoryAllocation */
        lks_status st;
    } all[] = {
        {"cudaEventCreateWithFlags", 0, 2, LKS_NOMEM},
        {"cudaEventCreateWithFlags", 1, 1, LKS_DEVICE},
        {"cudaEventRecord", 0, 1, LKS_DEVICE}, /* behind the thread's queue */
        {"cudaEventRecord", 1, 1, LKS_DEVICE}, /* before the operation */
        {"cudaEventRecord", 2, 1, LKS_DEVICE}, /* and behind it */
        {"cudaStreamWaitEvent", 0, 1, LKS_DEVICE},
    };
    const lks_view sum = flat_new(test_device(), LKS_F32, 8);
    static _Thread_local char text[512];
    lks_request *request = NULL;

    (void)context;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        lks_status st;

        emulator_fail(all[i].function, all[i].n, all[i].error);
        st = comm->ops->all_reduce(comm, &sum, &request);
        snprintf(text, sizeof text, "%s %ld: status %d, %s", all[i].function, all[i].n,
                 (int)st, lks_error_text());
        if (st != all[i].st || !strstr(text, all[i].function))
            return text;
        lks_error_clear();
    }
    if (comm->ops->all_reduce(comm, &sum, &request) != LKS_OK ||
        comm->ops->wait(comm, &request) != LKS_OK)
        return lks_error_text();
    return NULL;
}

START_TEST(what_cuda_refuses_an_operation_is_told)
{
    run_replicas_over(1, &patient, reduce_refused, NULL);
}
END_TEST

/* What is left behind has been written to, and the host is not told that it may use it.
 */
static const char *check_pieces(lks_comm *comm, void *context)
{
    const lks_view sum = flat_new(test_device(), LKS_F32, 1);
    lks_request *request = NULL;
    float value = 1;
    lks_status st;

    (void)context;
    flat_put(&sum, &value);
    st = comm->ops->all_reduce(comm, &sum, &request);
    st = st == LKS_OK ? comm->ops->wait(comm, &request) : st;
    if (st != LKS_OK)
        return lks_error_text();
    flat_get(&sum, &value); /* comes back when it is aborted */
    if (value == 1 || value == (float)comm->size)
        return "no pieces are left: the double does not do what this test is for";
    if (lks_comm_check(comm) != LKS_COMM || lks_comm_barrier(comm) != LKS_COMM)
        return "it may be used";
    return NULL;
}

START_TEST(what_an_abort_leaves_is_not_to_be_used)
{
    setenv("NCCL_EMULATOR_HANG", "1:1", 1);
    run_replicas_over(2, &hasty, check_pieces, NULL);
}
END_TEST

static _Atomic int n_told;

static void on_stuck(void *context, const char *text)
{
    (void)context;
    if (strstr(text, "all-reduce before the first step does not come to its end"))
        atomic_fetch_add(&n_told, 1);
}

/* A thread that waits for something else: nobody hears that it has failed. */
static const char *be_elsewhere(lks_comm *comm, void *context)
{
    const lks_view sum = flat_new(test_device(), LKS_F32, 1);
    lks_request *request = NULL;
    lks_status st = comm->ops->all_reduce(comm, &sum, &request);

    (void)context;
    for (int i = 0; i < 100 && atomic_load(&n_told) < comm->size; i++)
        usleep(100000);
    return st != LKS_OK ? lks_error_text()
           : lks_comm_check(comm) == LKS_COMM && atomic_load(&n_told) == comm->size
               ? NULL
               : "nobody was told";
}

START_TEST(who_does_not_notice_is_told_of)
{
    lks_comm_nccl_options options = hasty;

    options.on_stuck = on_stuck;
    setenv("NCCL_EMULATOR_HANG", "1:1", 1);
    run_replicas_over(2, &options, be_elsewhere, NULL);
}
END_TEST

/* ---- the start ---- */

/* One replica's way, with the text of its failure in `out`. */
static void fail_to_start(double timeout_s, char *out, size_t size)
{
    lks_comm *host = NULL, *comm = NULL;
    lks_comm_nccl_options options = {.timeout_s = timeout_s,
                                     .device = test_device().index};
    lks_nccl_id id;
    lks_status st;

    ck_ok(lks_comm_self_create(&host));
    options.host = host;
    st = lks_comm_nccl_create(&options, &comm);
    st = st == LKS_OK ? lks_comm_nccl_make_id(comm, &id) : st;
    st = st == LKS_OK ? lks_comm_nccl_join(comm, &id) : st;
    ck_assert(st == LKS_DEVICE || st == LKS_STATE);
    snprintf(out, size, "%s", lks_error_text());
    lks_comm_destroy(comm);
    lks_comm_destroy(host);
}

START_TEST(a_start_that_hangs_ends)
{
    char text[256];

    setenv("NCCL_EMULATOR_HANG", "0", 1);
    fail_to_start(0.2, text, sizeof text);
    ck_assert_str_eq(text, "NCCL on cuda:0 does not find the other replicas within 0 s; "
                           "train.collectives: mpi goes without it");
}
END_TEST

START_TEST(a_start_that_fails_says_why)
{
    char text[256];

    setenv("NCCL_EMULATOR_FAIL", "0", 1);
    fail_to_start(30, text, sizeof text);
    ck_assert_str_eq(text, "NCCL on cuda:0 does not start: unhandled system error (run "
                           "with NCCL_DEBUG=INFO for details): the emulated link is "
                           "broken; train.collectives: mpi goes without it");
}
END_TEST

START_TEST(what_nccl_refuses_at_the_start_is_told)
{
    static const struct {
        const char *function, *text;
    } all[] = {
        {"ncclGetUniqueId", "unhandled system error"},
        {"ncclCommInitRankConfig", "unhandled system error"},
        {"ncclCommGetAsyncError", "internal error"},
    };
    enum { SYSTEM_ERROR = 2 }; /* ncclSystemError */
    char text[256];

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        emulator_fail(all[i].function, 0, SYSTEM_ERROR);
        fail_to_start(30, text, sizeof text);
        ck_assert_msg(strstr(text, "NCCL on cuda:0 does not start: ") == text &&
                          strstr(text, all[i].text),
                      "%s: %s", all[i].function, text);
    }
}
END_TEST

START_TEST(an_old_library_is_refused)
{
    char text[256];

    setenv("NCCL_EMULATOR_VERSION", "2804", 1);
    fail_to_start(30, text, sizeof text);
    ck_assert_str_eq(text, "libnccl.so.2 is version 2804, too old: install libnccl2 of "
                           "2.14 or later");
}
END_TEST

LKS_SUITE("comm_nccl", an_all_gather_brings_everyones_part,
          an_all_reduce_adds_up_in_place, a_broadcast_reaches_everyone_from_anyone,
          collectives_of_the_hosts_memory_are_another_communicators,
          messages_between_two_arrive_in_order, equal_parts_take_ncclAllGather,
          what_the_thread_queues_next_does_not_wait, who_asks_gets_there_as_who_waits,
          values_of_another_gpu_are_refused, counts_that_differ_are_told_by_all,
          a_reduction_that_never_ends_is_named_and_ended, a_broken_link_is_named,
          what_cuda_refuses_an_operation_is_told, what_an_abort_leaves_is_not_to_be_used,
          who_does_not_notice_is_told_of, a_start_that_hangs_ends,
          a_start_that_fails_says_why, what_nccl_refuses_at_the_start_is_told,
          an_old_library_is_refused)
