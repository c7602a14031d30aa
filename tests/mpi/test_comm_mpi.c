#include "mpi/mpi_suite.h"
#include "support/test_device.h"

#include <stdio.h>

#include "worker/comm/comm_mpi.h"
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
    const lks_view view = flat_new(test_device(), LKS_F32, 3);

    flat_put(&view, values);
    ck_ok(comm->ops->all_reduce(comm, &view, &request));
    ck_ok(comm->ops->wait(comm, &request));
    flat_get(&view, values);
    flat_free(&view);
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
    const lks_view sent = flat_new(test_device(), LKS_F32, 3);
    const lks_view received = flat_new(test_device(), LKS_F32, 3);

    flat_put(&sent, out);
    for (size_t i = 0; i < 3; i++) {
        lks_view to = lks_view_part(&received, i, 1);
        const lks_view from = lks_view_part(&sent, i, 1);

        ck_ok(comm->ops->receive(comm, last, 1, &to, &requests[i]));
        ck_ok(comm->ops->send(comm, next, 1, &from, &requests[3 + i]));
    }
    for (int i = 5; i >= 0; i--)
        ck_ok(comm->ops->wait(comm, &requests[i]));
    flat_get(&received, in);
    ck_assert_mem_eq(in, out, sizeof in);
    flat_free(&sent);
    flat_free(&received);
    lks_comm_destroy(comm);
}
END_TEST

START_TEST(an_all_gather_takes_parts_of_any_size)
{
    lks_comm *comm = open_comm();
    size_t offsets[8], counts[8], n = 0; /* rank r brings r bytes: rank 0 none */
    unsigned char bytes[64] = {0};
    const lks_view view = flat_new(test_device(), LKS_U8, sizeof bytes);
    lks_request *request = NULL;
    int done = 0;

    for (int r = 0; r < comm->size; r++) {
        offsets[r] = n;
        counts[r] = (size_t)r;
        n += counts[r];
    }
    memset(bytes + offsets[comm->rank], comm->rank + 1, counts[comm->rank]);
    flat_put(&view, bytes);
    ck_ok(comm->ops->all_gather(comm, &view, offsets, counts, &request));
    memset(offsets, 0xff, sizeof offsets); /* read during the call only */
    memset(counts, 0xff, sizeof counts);
    while (!done)
        ck_ok(comm->ops->test(comm, &request, &done));
    ck_assert_ptr_null(request);
    flat_get(&view, bytes);
    flat_free(&view);
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
    const lks_view view = lks_view_flat(lks_cpu, &value, LKS_F32, (size_t)1 << 40);

    ck_fails(comm->ops->all_reduce(comm, &view, &request), LKS_COMM, "all-reduce");
    ck_fails(comm->ops->send(comm, 0, 1, &view, &request), LKS_COMM, "send");
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
