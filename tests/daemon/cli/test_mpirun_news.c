#include "support/suite.h"

#include "daemon/cli/mpirun_news.h"

/* The texts are Open MPI 4.1.4's own. */
START_TEST(a_killed_rank_is_read_from_what_mpirun_says)
{
    lks_mpirun_news news;

    lks_mpirun_news_init(&news);
    ck_assert_int_eq(news.rank, -1);
    lks_mpirun_news_read(&news,
                         "Primary job  terminated normally, but 1 process returned");
    lks_mpirun_news_read(&news,
                         "mpirun noticed that process rank 3 with PID 0 on node vm "
                         "exited on signal 9 (Killed).");
    ck_assert_int_eq(news.rank, 3);
    ck_assert_int_eq(news.signal_number, 9);
    ck_assert_str_eq(news.host, "vm");
}
END_TEST

#define STATE(proc, state)                                                               \
    "[vm:2419] [[25997,0],0] ACTIVATE PROC " proc " STATE " state                        \
    " AT ../orte/mca/odls/base/odls_base_default_fns.c:1746"

START_TEST(the_first_rank_to_die_is_read_from_its_news_of_states)
{
    static const char *const others[] = {
        "[vm:2419] [[25997,0],0] ACTIVATE JOB [25997,1] STATE RUNNING AT x.c:692",
        STATE("[[25997,1],0]", "EXITED WITH NON-ZERO STATUS"),
        STATE("[[25997,0],2]", "ABORTED BY SIGNAL"), /* a daemon of its own */
    };
    lks_mpirun_news news;

    lks_mpirun_news_init(&news);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        ck_assert(lks_mpirun_news_read_state(&news, others[i]));
    ck_assert(news.tells_states);
    ck_assert_int_eq(news.killed_rank, -1);
    ck_assert_int_eq(news.left_rank, 0);
    ck_assert(
        lks_mpirun_news_read_state(&news, STATE("[[25997,1],12]", "ABORTED BY SIGNAL")));
    ck_assert(
        lks_mpirun_news_read_state(&news, STATE("[[25997,1],3]", "ABORTED BY SIGNAL")));
    ck_assert_int_eq(news.killed_rank, 12);
    ck_assert(!lks_mpirun_news_is_end(&news));
    ck_assert(!lks_mpirun_news_read_state(
        &news, "it will ACTIVATE PROC [[1,1],3] STATE ABORTED BY SIGNAL"));
}
END_TEST

START_TEST(the_end_of_the_others_is_read_and_is_no_reason)
{
    lks_mpirun_news news;

    lks_mpirun_news_init(&news);
    ck_assert(!news.is_aborting);
    lks_mpirun_news_read(&news,
                         "Primary job  terminated normally, but 1 process returned");
    lks_mpirun_news_read(&news, "a non-zero exit code. Per user-direction, the job has "
                                "been aborted.");
    ck_assert(news.is_aborting);
    ck_assert_str_eq(news.first, "");
}
END_TEST

START_TEST(an_exit_status_is_read_from_what_mpirun_says)
{
    lks_mpirun_news news;

    lks_mpirun_news_init(&news);
    lks_mpirun_news_read(&news, "  Process name: [[15996,1],2]");
    lks_mpirun_news_read(&news, "  Exit code:    3");
    ck_assert_int_eq(news.rank, 2);
    ck_assert_int_eq(news.exit_code, 3);
    ck_assert_int_eq(news.signal_number, 0);
    ck_assert_str_eq(news.refusal, "");
}
END_TEST

START_TEST(a_refusal_to_start_is_read_from_what_mpirun_says)
{
    lks_mpirun_news news;

    lks_mpirun_news_init(&news);
    lks_mpirun_news_read(&news, "There are not enough slots available in the system to "
                                "satisfy the 3");
    lks_mpirun_news_read(&news, "slots that were requested by the application:");
    ck_assert_ptr_nonnull(strstr(news.refusal, "not enough slots"));
    ck_assert_int_eq(news.rank, -1);
}
END_TEST

START_TEST(a_refusal_of_ssh_is_read)
{
    lks_mpirun_news news;

    lks_mpirun_news_init(&news);
    lks_mpirun_news_read(&news, "me@node2: Permission denied (publickey,password).");
    lks_mpirun_news_read(&news, "ORTE was unable to reliably start one or more daemons.");
    ck_assert_str_eq(news.refusal, "me@node2: Permission denied (publickey,password)");
    lks_mpirun_news_init(&news);
    lks_mpirun_news_read(&news, "Host key verification failed.");
    ck_assert_str_eq(news.refusal, "Host key verification failed");
}
END_TEST

START_TEST(a_refusals_detail_is_read_with_it)
{
    lks_mpirun_news news;

    lks_mpirun_news_init(&news);
    lks_mpirun_news_read(&news, "  Error:     of something else");
    ck_assert_str_eq(news.refusal, "");
    lks_mpirun_news_read(&news,
                         "A call to mkdir was unable to create the desired directory:");
    lks_mpirun_news_read(&news, "");
    lks_mpirun_news_read(&news, "  Directory: /tmp/lockstep-0-1/ompi.vm.0/pid.7");
    lks_mpirun_news_read(&news, "  Error:     No space left on device");
    lks_mpirun_news_read(&news, "  Error:     of something later");
    ck_assert_str_eq(news.refusal, "A call to mkdir was unable to create the desired "
                                   "directory: No space left on device");
    lks_mpirun_news_init(&news);
    lks_mpirun_news_read(&news,
                         "mpirun was unable to launch the specified application as "
                         "it encountered an error:");
    lks_mpirun_news_read(&news, "Error code: 63");
    lks_mpirun_news_read(&news, "Error name: (null)");
    ck_assert_str_eq(news.refusal,
                     "mpirun was unable to launch the specified application "
                     "as it encountered an error:");
}
END_TEST

START_TEST(a_lost_host_is_read_from_what_mpirun_says)
{
    lks_mpirun_news news;

    lks_mpirun_news_init(&news);
    lks_mpirun_news_read(&news, "ORTE has lost communication with a remote daemon.");
    ck_assert(!lks_mpirun_news_is_end(&news));
    lks_mpirun_news_read(&news, "  HNP daemon   : [[6420,0],0] on node node1");
    lks_mpirun_news_read(&news, "  Remote daemon: [[6420,0],1] on node node2");
    ck_assert_str_eq(news.lost_host, "node2");
    ck_assert(lks_mpirun_news_is_end(&news));
}
END_TEST

START_TEST(trouble_is_read_and_need_not_be_the_end)
{
    lks_mpirun_news news;

    lks_mpirun_news_init(&news);
    lks_mpirun_news_read(&news,
                         "[vm:19644] [[8258,0],0] ORTE_ERROR_LOG: The system limit on "
                         "number of pipes a process can open was reached in file "
                         "../../orte/mca/iof/base/iof_base_setup.c at line 128");
    ck_assert_str_eq(news.trouble, "The system limit on number of pipes a process can "
                                   "open was reached");
    ck_assert(!lks_mpirun_news_is_end(&news));
}
END_TEST

START_TEST(the_first_crash_that_a_process_tells_of_is_kept)
{
    lks_mpirun_news news;

    lks_mpirun_news_init(&news);
    lks_mpirun_news_read(&news, "[node1:09477] Signal: Floating point exception (8)");
    lks_mpirun_news_read(&news, "[node1:09470] Signal: Segmentation fault (11)");
    ck_assert_int_eq(news.caught_signal, 8);
    ck_assert_int_eq(news.caught_pid, 9477);
    ck_assert_str_eq(news.caught_host, "node1");
    ck_assert(!lks_mpirun_news_is_end(&news));
}
END_TEST

START_TEST(another_mpis_launcher_is_known_by_its_words)
{
    lks_mpirun_news news;

    lks_mpirun_news_init(&news);
    lks_mpirun_news_read(&news, "[mpiexec@vm] match_arg (lib/utils/args.c:166): "
                                "unrecognized argument oversubscribe");
    ck_assert(news.is_foreign && lks_mpirun_news_is_end(&news));
    ck_assert_ptr_nonnull(strstr(news.refusal, "unrecognized argument oversubscribe"));
}
END_TEST

START_TEST(the_first_line_that_says_anything_is_kept)
{
    lks_mpirun_news news;

    lks_mpirun_news_init(&news);
    lks_mpirun_news_read(&news, "--------------------------------");
    lks_mpirun_news_read(&news, "");
    lks_mpirun_news_read(&news, "[warn] Epoll MOD(1) on fd 26 failed. Old events were 6; "
                                "read change was 0 (none)");
    lks_mpirun_news_read(&news, "[vm:9] MCW rank 0 is not bound (or bound to all "
                                "available processors)");
    lks_mpirun_news_read(&news, "[vm:9] Read -1, expected 8, errno = 3");
    ck_assert_str_eq(news.first, "");
    lks_mpirun_news_read(&news, "Something new in a version to come.");
    lks_mpirun_news_read(&news, "And more of it.");
    ck_assert_str_eq(news.first, "Something new in a version to come.");
    ck_assert(!lks_mpirun_news_is_end(&news));
}
END_TEST

LKS_SUITE("mpirun_news", a_killed_rank_is_read_from_what_mpirun_says,
          the_first_rank_to_die_is_read_from_its_news_of_states,
          the_end_of_the_others_is_read_and_is_no_reason,
          an_exit_status_is_read_from_what_mpirun_says,
          a_refusal_to_start_is_read_from_what_mpirun_says, a_refusal_of_ssh_is_read,
          a_refusals_detail_is_read_with_it, a_lost_host_is_read_from_what_mpirun_says,
          trouble_is_read_and_need_not_be_the_end,
          the_first_crash_that_a_process_tells_of_is_kept,
          another_mpis_launcher_is_known_by_its_words,
          the_first_line_that_says_anything_is_kept)
