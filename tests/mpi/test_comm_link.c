/* Ranks of one, two and three replicas each: the communicator within and between them. */
#define LKS_MPI_THREADS MPI_THREAD_SERIALIZED
#include "mpi/mpi_suite.h"
#include "support/test_device.h"

#include <pthread.h>
#include <stdio.h>

#include "worker/comm/link_mpi.h"
#include "worker/comm_cases.h"
#include "train/reduce.h"
#include "train/reduce_tree.h"
#include "support/replicas.h"

enum { MOST_REPLICAS = 3 };

static void run_everywhere(int n_replicas, replica_body body)
{
    replica_thread threads[MOST_REPLICAS];
    lks_link *link = NULL;
    lks_mail *mail = NULL;

    ck_ok(lks_link_create(n_replicas, &link));
    ck_ok(lks_mail_create(n_replicas, &mail));
    for (int r = 0; r < n_replicas; r++) {
        threads[r] = (replica_thread){.body = body};
        ck_ok(lks_comm_local_create(mail, link, r, &threads[r].comm));
        ck_assert_int_eq(
            pthread_create(&threads[r].thread, NULL, replica_main, &threads[r]), 0);
    }
    for (int r = 0; r < n_replicas; r++) {
        pthread_join(threads[r].thread, NULL);
        ck_assert_msg(threads[r].text[0] == '\0', "replica %d of rank %d: %s", r,
                      lks_link_rank(link), threads[r].text);
        lks_comm_destroy(threads[r].comm);
    }
    lks_mail_destroy(mail);
    lks_link_destroy(link);
}

static void run_all(replica_body body)
{
    for (int n = 1; n <= MOST_REPLICAS; n++)
        run_everywhere(n, body);
}

START_TEST(replicas_are_numbered_rank_by_rank)
{
    lks_link *link = NULL;
    lks_mail *mail = NULL;
    lks_comm *comm = NULL;

    ck_ok(lks_link_create(2, &link));
    ck_ok(lks_mail_create(2, &mail));
    ck_ok(lks_comm_local_create(mail, link, 1, &comm));
    ck_assert_int_eq(comm->rank, 2 * lks_link_rank(link) + 1);
    ck_assert_int_eq(comm->size, 2 * lks_link_n_ranks(link));
    lks_comm_destroy(comm);
    lks_mail_destroy(mail);
    lks_link_destroy(link);
}
END_TEST

START_TEST(an_all_gather_brings_everyones_part)
{
    run_all(check_gather);
}
END_TEST

START_TEST(an_all_reduce_adds_up_in_place)
{
    run_all(check_all_reduce);
}
END_TEST

START_TEST(a_broadcast_reaches_everyone_from_anyone)
{
    run_all(check_broadcast);
}
END_TEST

START_TEST(collectives_of_two_kinds_run_at_once)
{
    run_all(check_many);
}
END_TEST

START_TEST(messages_between_two_arrive_in_order)
{
    run_all(check_order);
}
END_TEST

/* Lanes of very different sizes: the ordered reduction gives the bits of the tree. */
enum { LANES = 9, N = 300 };

static float lane_value(uint64_t lane, size_t i)
{
    return (float)(1 + lane) * 1.7f / (float)(1 << (lane * 3 % 20)) + (float)(i % 7);
}

static float tree(lks_range node, size_t i)
{
    const uint64_t mid = node.end - node.begin > 1 ? lks_tree_split(node) : 0;

    return mid ? tree((lks_range){node.begin, mid}, i) +
                     tree((lks_range){mid, node.end}, i)
               : lane_value(node.begin, i);
}

static const char *check_reduce(lks_comm *comm, void *context)
{
    const lks_range mine =
        lks_shard_lanes((uint32_t)comm->rank, (uint32_t)comm->size, LANES);
    const lks_reducer_options options = {.comm = comm, .n_lanes = LANES, .ordered = true};
    float blocks[8][N];
    lks_view partials[8];
    lks_range cover[LKS_TREE_MAX_COVER];
    const size_t n = lks_tree_cover(mine, LANES, cover);
    lks_reducer *reducer = NULL;
    const char *text = NULL;

    (void)context;
    if (lks_reducer_create(&options, &reducer) != LKS_OK)
        return lks_error_text();
    for (int step = 0; step < 20 && !text; step++) {
        for (size_t k = 0; k < 8; k++) {
            partials[k] = lks_view_flat(lks_cpu, blocks[k], LKS_F32, N);
            for (size_t i = 0; k < n && i < N; i++)
                blocks[k][i] = tree(cover[k], i);
        }
        if (lks_reducer_start(reducer, partials, &partials[0]) != LKS_OK ||
            lks_reducer_wait(reducer) != LKS_OK)
            text = lks_error_text();
        for (size_t i = 0; i < N && !text; i++)
            if (blocks[0][i] != tree((lks_range){0, LANES}, i))
                text = "another sum";
    }
    lks_reducer_destroy(reducer);
    return text;
}

START_TEST(the_ordered_reduction_gives_the_bits_of_the_tree)
{
    run_all(check_reduce);
}
END_TEST

LKS_MPI_SUITE("comm_link", replicas_are_numbered_rank_by_rank,
              an_all_gather_brings_everyones_part, an_all_reduce_adds_up_in_place,
              a_broadcast_reaches_everyone_from_anyone,
              collectives_of_two_kinds_run_at_once, messages_between_two_arrive_in_order,
              the_ordered_reduction_gives_the_bits_of_the_tree)
