/* Replicas of one process: each operation between 1 to 9 threads. */
#include "support/test_device.h"

#include "base/alloc.h"
#include "worker/comm_cases.h"
#include "support/replicas.h"

static void for_all_sizes(replica_body body)
{
    for (int size = 1; size <= COMM_CASES_MOST; size++)
        run_replicas(size, body, NULL);
}

/* ---- collectives ---- */

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

START_TEST(blocks_of_any_size_stand_one_behind_the_other)
{
    for_all_sizes(check_blocks);
}
END_TEST

START_TEST(collectives_of_two_kinds_run_at_once)
{
    for_all_sizes(check_many);
}
END_TEST

/* ---- messages ---- */

START_TEST(messages_between_two_arrive_in_order)
{
    for (int size = 2; size <= COMM_CASES_MOST; size++)
        run_replicas(size, check_order, NULL);
}
END_TEST

/* On a CPU the receiver reads, and writes, where the sender's numbers stand. */
static const char *check_no_copy(lks_comm *comm, void *context)
{
    float *const shared = context, room = 0;
    const size_t offsets[] = {0, 1}, counts[] = {1, 1};
    lks_request *request = NULL;
    const lks_view sent = lks_view_flat(lks_cpu, shared, LKS_F32, 1);
    lks_view received = lks_view_flat((lks_device){LKS_CPU, 1}, &room, LKS_F32, 1);
    float both[2] = {(float)comm->rank, (float)comm->rank};
    const lks_view all = lks_view_flat(lks_cpu, both, LKS_F32, 2);
    lks_status st = comm->rank == 0 ? comm->ops->send(comm, 1, 1, &sent, &request)
                                    : comm->ops->receive(comm, 0, 1, &received, &request);

    st = st == LKS_OK ? comm->ops->wait(comm, &request) : st;
    if (st == LKS_OK && comm->rank == 1) {
        if (received.data != shared || room != 0)
            return "it was copied";
        *(float *)received.data += 1;
    }
    st = st == LKS_OK ? comm->ops->all_gather(comm, &all, offsets, counts, &request) : st;
    st = st == LKS_OK ? comm->ops->wait(comm, &request) : st;
    return st != LKS_OK ? lks_error_text() : *shared == 8 ? NULL : "not added in place";
}

START_TEST(a_message_is_read_where_it_stands)
{
    float shared = 7;

    run_replicas(2, check_no_copy, &shared);
}
END_TEST

static const char *check_sizes(lks_comm *comm, void *context)
{
    float values[2] = {0};
    lks_view view = lks_view_flat(lks_cpu, values, LKS_F32, comm->rank ? 2 : 1);
    lks_request *request = NULL;
    lks_status st = comm->rank == 0 ? comm->ops->send(comm, 1, 1, &view, &request)
                                    : comm->ops->receive(comm, 0, 1, &view, &request);

    (void)context;
    if (comm->rank == 0)
        return text_of(st); /* and nobody waits for it */
    st = st == LKS_OK ? comm->ops->wait(comm, &request) : st;
    return st == LKS_COMM && strstr(lks_error_text(), "4 bytes, 8 expected")
               ? NULL
               : "taken as it was";
}

START_TEST(a_message_of_another_size_is_refused)
{
    run_replicas(2, check_sizes, NULL);
}
END_TEST

/* ---- the end of one ---- */

typedef struct failing {
    lks_mail *mail;
    lks_status st;
    char text[128];
} failing;

static void *wait_for_the_other(void *context)
{
    failing *f = context;
    lks_comm *comm = NULL;

    ck_ok(lks_comm_local_create(f->mail, NULL, 0, &comm));
    f->st = lks_comm_barrier(comm);
    snprintf(f->text, sizeof f->text, "%s", lks_error_text());
    lks_comm_destroy(comm);
    return NULL;
}

START_TEST(nobody_waits_for_a_replica_that_has_failed)
{
    const struct timespec moment = {.tv_nsec = 20000000};
    failing f = {.mail = NULL};
    pthread_t thread;

    ck_ok(lks_mail_create(2, &f.mail));
    ck_assert_int_eq(pthread_create(&thread, NULL, wait_for_the_other, &f), 0);
    nanosleep(&moment, NULL); /* it sleeps by now */
    lks_mail_fail(f.mail);
    pthread_join(thread, NULL);
    ck_assert_int_eq(f.st, LKS_COMM);
    ck_assert_str_eq(f.text, "another replica of this process has failed");
    lks_mail_destroy(f.mail);
}
END_TEST

START_TEST(without_memory_there_is_none)
{
    for (long n = 0;; n++) {
        lks_mail *mail = NULL;
        lks_comm *comm = NULL;
        lks_status st;

        lks_alloc_fail_after(n);
        st = lks_mail_create(3, &mail);
        if (st == LKS_OK)
            st = lks_comm_local_create(mail, NULL, 0, &comm);
        const int failed = lks_alloc_has_failed();
        lks_alloc_fail_after(-1);
        ck_assert_int_eq(st, failed ? LKS_NOMEM : LKS_OK);
        if (comm)
            lks_comm_destroy(comm);
        lks_mail_destroy(mail);
        lks_error_clear();
        if (!failed)
            break;
    }
}
END_TEST

LKS_SUITE("comm_local", an_all_gather_brings_everyones_part,
          blocks_of_any_size_stand_one_behind_the_other, an_all_reduce_adds_up_in_place,
          a_broadcast_reaches_everyone_from_anyone, collectives_of_two_kinds_run_at_once,
          messages_between_two_arrive_in_order, a_message_is_read_where_it_stands,
          a_message_of_another_size_is_refused,
          nobody_waits_for_a_replica_that_has_failed, without_memory_there_is_none)
