/* `lockstep guard PID RUN-DIR [FOLDER]… -- PROGRAM ARG…` starts PROGRAM (mpirun) for
 * `lockstep run`, whose process is PID, and sees to it that nothing is left when that is
 * over, however it went: `kill -9` of the command, of mpirun, of a rank, mpirun stopped.
 *
 *     lockstep run -- guard -- mpirun -- ranks     one session, whose leader the guard is
 *                        \-- a saver that a rank has left, in a session of its own
 *
 * Asked to end (SIGTERM), or once the command is gone, it asks mpirun, and after a grace
 * kills what is left; on SIGALRM without a grace. Asked again it kills savers, too. At
 * the end it waits for savers, removes the FOLDERs and ends with mpirun's exit status.
 * Should it be killed itself, the kernel kills mpirun, and mpirun's end the ranks. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/process.h"
#include "base/try.h"
#include "daemon/cli/cli.h"
#include "daemon/cli/mpirun.h"
#include "daemon/cli/mpirun_news.h"
#include "daemon/cli/result.h"
#include "daemon/uv/session.h"
#include "proto/private_folder.h"
#include "proto/run_dir.h"

enum {
    LOOK_MS = 100,
    /* A process that cannot die must not keep us. */
    DRAIN_MS = 2000,
};

/* mpirun asks the ranks, waits a second, kills them: all within this, on one host. */
static const double grace_s = 2.5;
/* The command and mpirun may be stopped together for so long. */
static const double idle_s = 10;

typedef struct guard {
    pid_t command, program;
    sigset_t signals; /* what we wait for */
    sigset_t before;  /* the mask that the program gets */
    bool has_ended;
    int wait_status; /* of the program, then */
    bool is_stopping, is_killing;
    int asked_signal;    /* by somebody else than the command, 0: nobody has */
    double kill_at_s;    /* once it is stopping */
    double idle_since_s; /* 0: the command or the program works */
} guard;

static _Noreturn void become_program(const guard *g, pid_t parent, char *const *argv)
{
    const char *loopback = getenv(LKS_LOOPBACK_VARIABLE);

    if (loopback)
        setenv("LD_PRELOAD", loopback, 1);
    signal(SIGPIPE, SIG_DFL);
    sigprocmask(SIG_SETMASK, &g->before, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) /* gone before we asked */
        _exit(LKS_EXIT_FAILED);
    execvp(argv[0], argv);
    lks_fail(LKS_IO, "%s: %s", argv[0], strerror(errno));
    _exit(lks_cli_failed(LKS_EXIT_FAILED));
}

static lks_status start(guard *g, char *const *argv)
{
    const pid_t self = getpid();

    sigemptyset(&g->signals);
    sigaddset(&g->signals, SIGCHLD);
    sigaddset(&g->signals, SIGTERM);
    sigaddset(&g->signals, SIGINT);
    sigaddset(&g->signals, SIGHUP);
    sigaddset(&g->signals, SIGALRM);
    sigprocmask(SIG_BLOCK, &g->signals, &g->before);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    g->program = fork();
    if (g->program < 0)
        return lks_fail(LKS_IO, "cannot start another process: %s", strerror(errno));
    if (g->program == 0)
        become_program(g, self, argv);
    return LKS_OK;
}

static void kill_ranks(void)
{
    lks_session_signal(getsid(0), SIGKILL);
}

/* Asked once to end, weights are still saved; asked again they are not. */
static void stop(guard *g)
{
    if (g->is_stopping) {
        g->is_killing = true;
        kill_ranks();
        return;
    }
    g->is_stopping = true;
    g->kill_at_s = lks_clock_s() + grace_s;
    if (!g->has_ended)
        kill(g->program, SIGTERM);
}

/* Every child that has ended; among them those that were adopted. */
static void reap(guard *g)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        if (pid == g->program) {
            g->has_ended = true;
            g->wait_status = status;
        }
}

/* Nobody can ask us to end, and nobody's end will be told to us. */
static bool are_both_idle(guard *g)
{
    const double now_s = lks_clock_s();

    if (!lks_process_is_idle(g->command) || !lks_process_is_idle(g->program))
        g->idle_since_s = 0;
    else if (g->idle_since_s == 0)
        g->idle_since_s = now_s;
    return g->idle_since_s > 0 && now_s - g->idle_since_s > idle_s;
}

/* Only the command may hurry us; from others an alarm is a request like any other. */
static int next_signal(guard *g)
{
    const struct timespec wait = {.tv_nsec = LOOK_MS * 1000000L};
    siginfo_t info;
    const int signal_number = sigtimedwait(&g->signals, &info, &wait);

    if (signal_number <= 0 || signal_number == SIGCHLD || info.si_pid == g->command)
        return signal_number;
    g->asked_signal = signal_number;
    return SIGTERM;
}

static bool asks_to_end(int signal_number)
{
    return signal_number > 0 && signal_number != SIGCHLD && signal_number != SIGALRM;
}

/* Until the program has ended. */
static void watch(guard *g)
{
    while (!g->has_ended) {
        const int signal_number = next_signal(g);
        const bool is_asked = asks_to_end(signal_number);

        reap(g);
        if (signal_number == SIGALRM)
            kill_ranks();
        if (is_asked || (getppid() != g->command && !g->is_stopping))
            stop(g);
        if ((g->is_stopping && lks_clock_s() > g->kill_at_s) || are_both_idle(g))
            kill_ranks();
    }
}

/* What the program has left, until it is gone. */
static void drain(guard *g)
{
    for (int ms = 0; lks_session_signal(getsid(0), SIGKILL) > 0 && ms < DRAIN_MS; ms++) {
        usleep(1000);
        reap(g);
    }
}

/* Weights that are being written are finished. */
static void wait_for_savers(guard *g)
{
    while (lks_savers_signal(getpid(), g->is_killing ? SIGKILL : SIGCONT) > 0) {
        const int signal_number = next_signal(g);

        if (asks_to_end(signal_number))
            stop(g);
        reap(g);
    }
}

/* In the place of a command that was killed. */
static void conclude(const char *run_dir)
{
    lks_run_dir_remove(run_dir, LKS_RUN_SOCKET);
    lks_run_dir_remove_unfinished(run_dir);
    if (lks_result_write_orphan(run_dir) != LKS_OK)
        lks_error_clear(); /* nobody is left to be told */
}

/* The command must know mpirun's death from ours, and who asked for it: in words, for an
 * exit status of its own may be the same. */
static int end_as(const guard *g)
{
    if (g->asked_signal)
        fprintf(stderr, LKS_GUARD_ASKED "%d\n", g->asked_signal);
    if (!WIFSIGNALED(g->wait_status))
        return WEXITSTATUS(g->wait_status);
    fprintf(stderr, LKS_MPIRUN_KILLED "%d\n", WTERMSIG(g->wait_status));
    return 128 + WTERMSIG(g->wait_status);
}

static int run_guard(const lks_args *args)
{
    guard g = {.command = (pid_t)strtol(args->positional.items[0], NULL, 10)};

    if (args->rest.n_items == 0) {
        lks_fail(LKS_INVALID, "guard needs a program after --");
        return lks_cli_failed(LKS_EXIT_USAGE);
    }
    for (size_t i = 2; i < args->positional.n_items; i++)
        lks_private_folder_hold(args->positional.items[i]);
    if (start(&g, args->rest.items) != LKS_OK)
        return lks_cli_failed(LKS_EXIT_FAILED);
    watch(&g);
    drain(&g);
    wait_for_savers(&g);
    for (size_t i = 2; i < args->positional.n_items; i++)
        lks_private_folder_remove(args->positional.items[i]);
    if (getppid() != g.command)
        conclude(args->positional.items[1]);
    return end_as(&g);
}

static const lks_arg options[] = {LKS_ARG_HELP};

const lks_command lks_command_guard = {
    .name = "guard",
    .arguments = "PID RUN-DIR [FOLDER]… -- PROGRAM [ARG]…",
    .summary = "Start PROGRAM for the process PID, and leave nothing of it",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .min_positional = 2,
    .max_positional = SIZE_MAX,
    .takes_rest = true,
    .hidden = true,
    .run = run_guard,
};
