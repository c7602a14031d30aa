#include "mpi/mpi_suite.h"

#include <stdio.h>

#include "worker/comm/comm.h"
#include "worker/world.h"

static lks_comm *open_comm(void)
{
    lks_comm *comm = NULL;

    ck_ok(lks_comm_mpi_create(&comm));
    ck_assert_str_eq(comm->ops->name, "mpi");
    return comm;
}

START_TEST(an_all_reduce_adds_in_place)
{
    lks_comm *comm = open_comm();
    lks_request *request = NULL;
    float values[3] = {(float)comm->rank, 1, 0.5f};

    ck_ok(comm->ops->all_reduce(comm, values, 3, &request));
    ck_ok(comm->ops->wait(comm, &request));
    ck_assert_ptr_null(request);
    ck_assert_float_eq(values[0], (float)(comm->size * (comm->size - 1)) / 2);
    ck_assert_float_eq(values[1], (float)comm->size);
    ck_assert_float_eq(values[2], 0.5f * (float)comm->size);
    lks_comm_destroy(comm);
}
END_TEST

START_TEST(messages_of_one_tag_arrive_in_order)
{
    lks_comm *comm = open_comm();
    const int next = (comm->rank + 1) % comm->size;
    const int last = (comm->rank + comm->size - 1) % comm->size;
    lks_request *requests[6] = {NULL};
    float out[3] = {1, 2, 3}, in[3] = {0};

    for (int i = 0; i < 3; i++) {
        ck_ok(comm->ops->receive(comm, last, 1, &in[i], 1, &requests[i]));
        ck_ok(comm->ops->send(comm, next, 1, &out[i], 1, &requests[3 + i]));
    }
    for (int i = 5; i >= 0; i--)
        ck_ok(comm->ops->wait(comm, &requests[i]));
    ck_assert_mem_eq(in, out, sizeof in);
    lks_comm_destroy(comm);
}
END_TEST

START_TEST(an_all_gather_takes_parts_of_any_size)
{
    lks_comm *comm = open_comm();
    size_t offsets[8], counts[8], n = 0; /* rank r brings r bytes: rank 0 none */
    unsigned char bytes[64] = {0};
    lks_request *request = NULL;
    int done = 0;

    for (int r = 0; r < comm->size; r++) {
        offsets[r] = n;
        counts[r] = (size_t)r;
        n += counts[r];
    }
    memset(bytes + offsets[comm->rank], comm->rank + 1, counts[comm->rank]);
    ck_ok(comm->ops->all_gather(comm, bytes, offsets, counts, &request));
    memset(offsets, 0xff, sizeof offsets); /* read during the call only */
    memset(counts, 0xff, sizeof counts);
    while (!done)
        ck_ok(comm->ops->test(comm, &request, &done));
    ck_assert_ptr_null(request);
    for (int r = 0, at = 0; r < comm->size; r++)
        for (int i = 0; i < r; i++)
            ck_assert_uint_eq(bytes[at++], r + 1);
    lks_comm_destroy(comm);
}
END_TEST

START_TEST(a_broadcast_and_a_barrier_reach_everyone)
{
    lks_comm *comm = open_comm();
    char text[16] = "";

    if (comm->rank == comm->size - 1)
        strcpy(text, "hello");
    ck_ok(lks_comm_broadcast(comm, text, sizeof text, comm->size - 1));
    ck_assert_str_eq(text, "hello");
    ck_ok(lks_comm_barrier(comm));
    lks_comm_destroy(comm);
}
END_TEST

START_TEST(a_message_beyond_mpis_counts_is_a_comm_error)
{
    lks_comm *comm = open_comm();
    lks_request *request = NULL;
    float value = 0;

    ck_fails(comm->ops->all_reduce(comm, &value, (size_t)1 << 40, &request), LKS_COMM,
             "all-reduce");
    ck_fails(comm->ops->send(comm, 0, 1, &value, (size_t)1 << 40, &request), LKS_COMM,
             "send");
    lks_comm_destroy(comm);
}
END_TEST

START_TEST(a_failure_of_some_rank_is_everyones_verdict)
{
    lks_comm *comm = open_comm();
    const int last = comm->size - 1;
    int exit_code = 1;
    char want[64];

    lks_error_clear();
    ck_ok(lks_world_agree(comm, LKS_OK, &exit_code));
    if (comm->rank == last)
        lks_fail(LKS_IO, "no such file");
    exit_code = comm->rank == last ? 2 : 1;
    ck_assert_int_eq(
        lks_world_agree(comm, comm->rank == last ? LKS_IO : LKS_OK, &exit_code), LKS_IO);
    snprintf(want, sizeof want, "rank %d: no such file", last);
    ck_assert_str_eq(lks_error_text(), want);
    ck_assert_int_eq(exit_code, 2);
    lks_comm_destroy(comm);
}
END_TEST

START_TEST(numbers_that_differ_are_noticed_by_all)
{
    lks_comm *comm = open_comm();

    ck_ok(lks_world_check_same(comm, 7, "the data"));
    ck_fails(lks_world_check_same(comm, comm->rank == 1 ? 8 : 7, "the data"), LKS_STATE,
             "the data of rank 1 differs from rank 0's");
    lks_comm_destroy(comm);
}
END_TEST

START_TEST(ranks_of_one_host_share_its_cores)
{
    lks_comm *comm = open_comm();
    lks_placement placement;

    ck_ok(lks_world_placement(comm, &placement));
    ck_assert(placement.one_host);
    ck_assert_uint_ge(placement.threads_per_rank, 1);
    ck_assert(placement.threads_per_rank == 1 ||
              placement.threads_per_rank * (uint32_t)comm->size <= placement.cores);
    lks_comm_destroy(comm);
}
END_TEST

LKS_MPI_SUITE("comm_mpi", an_all_reduce_adds_in_place,
              messages_of_one_tag_arrive_in_order, an_all_gather_takes_parts_of_any_size,
              a_broadcast_and_a_barrier_reach_everyone,
              a_message_beyond_mpis_counts_is_a_comm_error,
              a_failure_of_some_rank_is_everyones_verdict,
              numbers_that_differ_are_noticed_by_all, ranks_of_one_host_share_its_cores)
