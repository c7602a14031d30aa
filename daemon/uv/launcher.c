#include "daemon/uv/launcher.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/process.h"
#include "daemon/uv/session.h"

enum {
    /* After the program's end: how often to look whether its session is empty and its
     * output read, and for how long, since a process that cannot die must not keep us.
     * Who has left the session may hold the output open: it is read once nothing comes.
     */
    DRAIN_STEP_MS = 5,
    DRAIN_STEPS = 400,
    QUIET_STEPS = 10,
    SAVING_LOOK_MS = 250,
};

struct lks_launch {
    lks_launch_options options;
    uv_process_t process;
    uv_pipe_t pipes[LKS_LAUNCH_N_STREAMS];
    bool open[LKS_LAUNCH_N_STREAMS]; /* without its end of file */
    bool held[LKS_LAUNCH_N_STREAMS];
    uv_timer_t timer; /* until the exit: of the grace; after it: of the drain */
    int n_drain_steps, n_quiet_steps;
    int n_handles; /* not yet closed */
    bool exited, killed;
    int64_t exit_status;
    int signal_number;
    char buffer[64 * 1024]; /* one read at a time, handed on before the next */
};

/* Whether a stream is still open, among those that are held or are not. */
static bool has_open(const lks_launch *launch, bool held)
{
    for (int i = 0; i < LKS_LAUNCH_N_STREAMS; i++)
        if (launch->open[i] && launch->held[i] == held)
            return true;
    return false;
}

static void drain(uv_timer_t *timer)
{
    lks_launch *launch = timer->data;
    bool left = lks_session_signal(launch->process.pid, SIGKILL) > 0;

    if (lks_savers_signal(getpid(), launch->killed ? SIGKILL : SIGCONT) > 0)
        return;
    if ((left || (has_open(launch, false) && launch->n_quiet_steps++ < QUIET_STEPS)) &&
        launch->n_drain_steps++ < DRAIN_STEPS)
        return;
    if (!left && has_open(launch, true)) {
        uv_timer_stop(timer); /* what it printed last waits to be let go */
        return;
    }
    uv_timer_stop(timer);
    launch->options.on_end(launch->options.context, launch->exit_status,
                           launch->signal_number);
}

static void on_exit_of_program(uv_process_t *process, int64_t exit_status,
                               int signal_number)
{
    lks_launch *launch = process->data;

    launch->exited = true;
    launch->exit_status = exit_status;
    launch->signal_number = signal_number;
    uv_timer_start(&launch->timer, drain, 0, DRAIN_STEP_MS);
}

static void on_grace_over(uv_timer_t *timer)
{
    lks_launch *launch = timer->data;
    bool is_saving = lks_savers_signal(launch->process.pid, 0) > 0 &&
                     !lks_process_is_idle(launch->process.pid);

    if (is_saving)
        uv_timer_start(timer, on_grace_over, SAVING_LOOK_MS, 0);
    else
        lks_launch_kill(launch);
}

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    lks_launch *launch = handle->data;

    (void)suggested;
    *out = uv_buf_init(launch->buffer, sizeof launch->buffer);
}

static void on_read(uv_stream_t *stream, ssize_t n_read, const uv_buf_t *buf)
{
    lks_launch *launch = stream->data;
    lks_launch_stream which = (lks_launch_stream)((uv_pipe_t *)stream - launch->pipes);

    launch->n_quiet_steps = 0;
    if (n_read > 0)
        launch->options.on_output(launch->options.context, which, buf->base,
                                  (size_t)n_read);
    if (n_read >= 0)
        return;
    uv_read_stop(stream);
    launch->open[which] = false;
}

static int read_on(lks_launch *launch, int which)
{
    return uv_read_start((uv_stream_t *)&launch->pipes[which], give_buffer, on_read);
}

static int spawn(lks_launch *launch)
{
    uv_stdio_container_t stdio[1 + LKS_LAUNCH_N_STREAMS] = {{.flags = UV_IGNORE}};
    uv_process_options_t options = {
        .exit_cb = on_exit_of_program,
        .file = launch->options.argv[0],
        .args = (char **)launch->options.argv,
        .env = (char **)launch->options.envp,
        .flags = UV_PROCESS_DETACHED, /* setsid */
        .stdio_count = 1 + LKS_LAUNCH_N_STREAMS,
        .stdio = stdio,
    };

    if (launch->options.reads_input)
        stdio[0] = (uv_stdio_container_t){.flags = UV_INHERIT_FD,
                                          .data.fd = launch->options.input};
    for (int i = 0; i < LKS_LAUNCH_N_STREAMS; i++) {
        stdio[1 + i].flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE;
        stdio[1 + i].data.stream = (uv_stream_t *)&launch->pipes[i];
    }
    return uv_spawn(launch->options.loop, &launch->process, &options);
}

lks_status lks_launch_start(const lks_launch_options *options, lks_launch **out)
{
    lks_launch *launch = lks_calloc(1, sizeof *launch);
    int err;

    if (!launch)
        return LKS_NOMEM;
    prctl(PR_SET_CHILD_SUBREAPER, 1); /* of savers, should the program die before them */
    launch->options = *options;
    launch->process.data = launch;
    launch->timer.data = launch;
    launch->n_handles = LKS_LAUNCH_N_STREAMS + 2;
    uv_timer_init(options->loop, &launch->timer);
    for (int i = 0; i < LKS_LAUNCH_N_STREAMS; i++) {
        uv_pipe_init(options->loop, &launch->pipes[i], 0);
        launch->pipes[i].data = launch;
        launch->open[i] = true;
    }
    err = spawn(launch);
    for (int i = 0; i < LKS_LAUNCH_N_STREAMS && !err; i++)
        err = read_on(launch, i);
    if (err) {
        lks_fail(LKS_IO, "%s: %s", options->argv[0], uv_strerror(err));
        lks_launch_kill(launch);
        lks_launch_close(launch);
        return LKS_IO;
    }
    *out = launch;
    return LKS_OK;
}

void lks_launch_hold(lks_launch *launch, lks_launch_stream stream)
{
    launch->held[stream] = true;
    uv_read_stop((uv_stream_t *)&launch->pipes[stream]);
}

void lks_launch_let_go(lks_launch *launch, lks_launch_stream stream)
{
    if (!launch->held[stream])
        return;
    launch->held[stream] = false;
    if (launch->open[stream])
        read_on(launch, (int)stream);
    if (launch->exited)
        uv_timer_start(&launch->timer, drain, 0, DRAIN_STEP_MS);
}

bool lks_launch_has_exited(const lks_launch *launch)
{
    return launch->exited;
}

static void ask(lks_launch *launch, int signal_number, uint64_t grace_ms)
{
    if (launch->exited)
        return;
    uv_process_kill(&launch->process, signal_number);
    if (!uv_is_active((uv_handle_t *)&launch->timer) ||
        uv_timer_get_due_in(&launch->timer) > grace_ms)
        uv_timer_start(&launch->timer, on_grace_over, grace_ms, 0);
}

void lks_launch_stop(lks_launch *launch, uint64_t grace_ms)
{
    ask(launch, SIGTERM, grace_ms);
}

void lks_launch_hurry(lks_launch *launch, uint64_t grace_ms)
{
    ask(launch, SIGALRM, grace_ms);
}

void lks_launch_kill(lks_launch *launch)
{
    launch->killed = true;
    lks_savers_signal(launch->process.pid, SIGKILL);
    lks_session_signal(launch->process.pid, SIGKILL);
}

pid_t lks_launch_pid(const lks_launch *launch)
{
    return launch->process.pid;
}

static void on_closed(uv_handle_t *handle)
{
    lks_launch *launch = handle->data;

    if (--launch->n_handles == 0)
        lks_free(launch);
}

void lks_launch_close(lks_launch *launch)
{
    uv_close((uv_handle_t *)&launch->process, on_closed);
    uv_close((uv_handle_t *)&launch->timer, on_closed);
    for (int i = 0; i < LKS_LAUNCH_N_STREAMS; i++)
        uv_close((uv_handle_t *)&launch->pipes[i], on_closed);
}
