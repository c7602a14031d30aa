#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/plain.h"
#include "base/utf8.h"

static void to_stderr(void *context, lks_log_level level, const char *line)
{
    (void)context;
    if (level >= LKS_LOG_WARN)
        fprintf(stderr, "lockstep: %s: %s\n", lks_log_level_name(level), line);
    else
        fprintf(stderr, "lockstep: %s\n", line);
}

static struct {
    lks_log_sink sink;
    void *context;
    lks_log_level level;
} log_to = {.sink = to_stderr, .level = LKS_LOG_INFO};

void lks_log_set_sink(lks_log_sink sink, void *context)
{
    log_to.sink = sink ? sink : to_stderr;
    log_to.context = context;
}

void lks_log_set_level(lks_log_level level)
{
    log_to.level = level;
}

const char *lks_log_level_name(lks_log_level level)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    return names[level];
}

void lks_log_write(lks_log_level level, const char *format, ...)
{
    va_list args;
    char line[2048];

    if (level < log_to.level)
        return;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    lks_utf8_uncut(line, sizeof line);
    lks_plain_copy(line, sizeof line, line);
    log_to.sink(log_to.context, level, line);
}
