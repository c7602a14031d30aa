/* Ranks as threads, and one of them without memory. */
#include "support/suite.h"

#include "base/alloc.h"
#include "support/replicas.h"
#include "worker/devices.h"
#include "worker/world.h"

/* Rank r of them fails where r is odd, with exit status r. */
static const char *bring_failures(lks_comm *comm, void *text)
{
    const int rank = comm->rank;
    int exit_code = rank;
    lks_status st = rank % 2 == 0 ? LKS_OK : lks_fail(LKS_IO, "no file %d", rank);
    const char *expected = text;

    st = lks_world_agree(comm, st, &exit_code);
    if (comm->size == 1)
        return st == LKS_OK ? NULL : "one rank alone did not agree with itself";
    if (st != LKS_IO || exit_code != 1)
        return "not the first failing rank's status";
    return strcmp(lks_error_text(), expected) == 0 ? NULL : "not its text";
}

START_TEST(the_first_failing_ranks_verdict_is_everyones)
{
    for (int size = 1; size <= 5; size++)
        run_replicas(size, bring_failures, "rank 1: no file 1");
}
END_TEST

/* What one of two ranks says when its n-th wish for memory is refused; the other rank is
 * not there, so whoever asks for it waits for ever. */
#define CK_IS_ALONE(n, call)                                                             \
    do {                                                                                 \
        lks_mail *mail = NULL;                                                           \
        lks_comm *comm = NULL;                                                           \
                                                                                         \
        ck_ok(lks_mail_create(2, &mail));                                                \
        ck_ok(lks_comm_local_create(mail, NULL, 1, &comm));                              \
        lks_alloc_fail_after(n);                                                         \
        ck_fails(call, LKS_COMM, "cannot allocate");                                     \
        lks_alloc_fail_after(-1);                                                        \
        lks_comm_destroy(comm);                                                          \
        lks_mail_destroy(mail);                                                          \
    } while (0)

START_TEST(a_rank_that_cannot_ask_the_others_is_told_so)
{
    lks_placement placement;
    lks_devices devices = {.n = 1};
    const lks_job job = {.train.collectives = "auto"};
    int exit_code = 2;

    for (long n = 0; n < 2; n++) {
        CK_IS_ALONE(n, lks_world_agree(comm, LKS_OK, &exit_code));
        CK_IS_ALONE(n, lks_world_placement(comm, &placement));
        CK_IS_ALONE(n, lks_world_check_same(comm, 7, "the job"));
        CK_IS_ALONE(n, lks_devices_share_out(comm, &job, &devices));
    }
}
END_TEST

LKS_SUITE("world", the_first_failing_ranks_verdict_is_everyones,
          a_rank_that_cannot_ask_the_others_is_told_so)
