#include "support/suite.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "support/temp_dir.h"
#include "worker/host_coordinator.h"
#include "worker/report.h"

/* Rank 0's process: its main thread waits for whoever reads its output, and so has that
 * locked, when the run's other rank says that it gave up. */
static _Noreturn void host_a_failing_run(void)
{
    lks_public_key rank_keys[2];
    const lks_host_options options = {.run_dir = temp_dir,
                                      .job_name = "lenet",
                                      .world_size = 2,
                                      .rank_keys = rank_keys,
                                      .lanes = 2,
                                      .total_steps = 10,
                                      .one_host = true};
    static lks_coordinator_place place;
    static lks_pulse pulse;
    lks_reporter_options of_rank_1 = {.addresses = place.addresses,
                                      .pulse = &pulse,
                                      .rank = 1,
                                      .world_size = 2,
                                      .version = LKS_VERSION,
                                      .device = "cpu:0",
                                      .instruction_set = ""};
    lks_reporter *reporter;
    lks_key_pair pair;
    lks_host *host;

    if (lks_key_pair_create(&pair) != LKS_OK)
        _exit(4);
    rank_keys[0] = rank_keys[1] = pair.public_key;
    flockfile(stdout);
    if (lks_host_start(&options, &place, &host) != LKS_OK)
        _exit(2);
    lks_pulse_init(&pulse);
    if (lks_link_keys_of_worker(&pair, &place.key, &of_rank_1.link_keys) != LKS_OK ||
        lks_reporter_start(&of_rank_1, &reporter) != LKS_OK)
        _exit(3);
    lks_reporter_stop(reporter, LKS_NOMEM, "no memory");
    sleep(60);
    _exit(0);
}

START_TEST(a_failure_ends_the_process_though_nobody_reads_its_output)
{
    const double start_s = lks_clock_s();
    pid_t child, ended = 0;
    int status = 0;

    temp_dir_make();
    child = fork();
    if (child == 0)
        host_a_failing_run();
    while (ended == 0 && lks_clock_s() - start_s < 20) {
        usleep(10000);
        ended = waitpid(child, &status, WNOHANG);
    }
    if (ended == 0)
        kill(child, SIGKILL);
    ck_assert_msg(ended == child, "it does not end");
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 1);
    temp_dir_remove();
}
END_TEST

LKS_SUITE("host_coordinator", a_failure_ends_the_process_though_nobody_reads_its_output)
