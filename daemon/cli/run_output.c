#include "daemon/cli/run_output.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/alloc.h"
#include "base/plain.h"
#include "base/try.h"

static const char own_prefix[] = "lockstep: ";
static const char error_prefix[] = "lockstep: error: ";

lks_status lks_run_output_init(lks_run_output *output, lks_run_dir *dir,
                               const lks_run_output_ops *ops, void *context)
{
    int fd;

    *output = (lks_run_output){.ops = ops, .context = context};
    lks_mpirun_news_init(&output->news);
    output->log_path = lks_run_dir_path(dir->path, LKS_RUN_MPIRUN_LOG);
    if (!output->log_path)
        return LKS_NOMEM;
    LKS_TRY(lks_run_dir_open_new(dir, LKS_RUN_MPIRUN_LOG, &fd));
    output->log = fdopen(fd, "w");
    if (!output->log)
        return lks_fail(LKS_IO, "%s: cannot write: %s", output->log_path,
                        strerror(errno));
    lks_bounded_log_init(&output->bounded, output->log);
    return LKS_OK;
}

void lks_run_output_out(lks_run_output *output, const char *bytes, size_t n_bytes)
{
    output->has_begun = true;
    output->ops->write(output->context, LKS_LAUNCH_OUT, bytes, n_bytes);
    output->mid_line = bytes[n_bytes - 1] != '\n';
}

static void start_line(lks_run_output *output)
{
    if (output->mid_line)
        output->ops->write(output->context, LKS_LAUNCH_OUT, "\n", 1);
    output->mid_line = false;
}

/* A line of ours, in one piece; it may quote a file's name or another program's words. */
static void put_line(lks_run_output *output, lks_launch_stream stream, char *line)
{
    size_t n = lks_plain_copy(line, strlen(line) + 1, line);

    start_line(output);
    line[n] = '\n'; /* in the place of its zero */
    output->ops->write(output->context, stream, line, n + 1);
}

/* Our own words, and what mpirun tells of a death or a refusal. */
static bool is_vital(const lks_run_output *output, const char *line)
{
    lks_mpirun_news news = output->news;

    if (strncmp(line, own_prefix, strlen(own_prefix)) == 0)
        return true;
    lks_mpirun_news_read(&news, line);
    return memcmp(&news, &output->news, sizeof news) != 0;
}

/* A line of ours behind what mpirun puts before it where a person wants tags or times:
 * "[1,0]<stderr>:lockstep: …" */
static char *without_tag(char *line)
{
    char *own = strstr(line, "<stderr>:lockstep: ");

    return own ? own + strlen("<stderr>:") : line;
}

static void take_line(lks_run_output *output)
{
    char *line = output->line;
    lks_sign sign;

    line[output->n_line] = '\0';
    output->n_line = 0;
    line[strcspn(line, "\r")] = '\0';
    if (lks_sign_parse(line, &sign)) {
        output->has_begun = true;
        output->ops->sign(output->context, &sign);
        return;
    }
    line = without_tag(line);
    if (lks_mpirun_news_read_guard(&output->news, line) ||
        lks_mpirun_news_read_state(&output->news, line))
        return;
    lks_bounded_log_add(&output->bounded, line, is_vital(output, line));
    if (strncmp(line, error_prefix, strlen(error_prefix)) == 0) {
        if (!output->error[0])
            snprintf(output->error, sizeof output->error, "%s",
                     line + strlen(error_prefix));
    } else if (strncmp(line, own_prefix, strlen(own_prefix)) == 0) {
        put_line(output, LKS_LAUNCH_ERR, line);
    } else {
        lks_mpirun_news_read(&output->news, line);
    }
}

void lks_run_output_err(lks_run_output *output, const char *bytes, size_t n_bytes)
{
    for (size_t i = 0; i < n_bytes; i++) {
        if (bytes[i] == '\n')
            take_line(output);
        else if (output->n_line + 1 < sizeof output->line)
            output->line[output->n_line++] = bytes[i];
    }
}

void lks_run_output_say(lks_run_output *output, lks_launch_stream stream,
                        const char *format, ...)
{
    size_t n = strlen(own_prefix);
    char line[4096];
    va_list args;

    memcpy(line, own_prefix, n);
    va_start(args, format);
    vsnprintf(line + n, sizeof line - n, format, args);
    va_end(args);
    put_line(output, stream, line);
}

bool lks_run_output_has_log(const lks_run_output *output)
{
    return ftell(output->log) > 0;
}

void lks_run_output_end(lks_run_output *output)
{
    if (output->n_line > 0)
        take_line(output);
    lks_bounded_log_end(&output->bounded);
    start_line(output);
}

void lks_run_output_release(lks_run_output *output)
{
    lks_bounded_log_end(&output->bounded);
    if (output->log)
        fclose(output->log);
    lks_free(output->log_path);
}
