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

LKS_SUITE("mpirun_news", a_killed_rank_is_read_from_what_mpirun_says,
          an_exit_status_is_read_from_what_mpirun_says,
          a_refusal_to_start_is_read_from_what_mpirun_says)
