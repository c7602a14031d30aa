#include "base/status.h"

#include <stdbool.h>
#include <stdio.h>

#include "base/plain.h"
#include "base/utf8.h"

static _Thread_local struct {
    lks_status status;
    bool read;
    char text[1024];
} last;

const char *lks_status_text(lks_status status)
{
    static const char *const texts[] = {
#define LKS_STATUS_TEXT(name, text) text,
        LKS_STATUS_LIST(LKS_STATUS_TEXT)
#undef LKS_STATUS_TEXT
    };
    return (size_t)status < sizeof texts / sizeof *texts ? texts[status]
                                                         : "unknown status";
}

lks_status lks_fail_v(lks_status status, const char *format, va_list args)
{
    if (last.status == LKS_OK || last.read) {
        last.status = status;
        last.read = false;
        vsnprintf(last.text, sizeof last.text, format, args);
        lks_utf8_uncut(last.text, sizeof last.text);
        lks_plain_copy(last.text, sizeof last.text, last.text);
    }
    return status;
}

lks_status lks_fail(lks_status status, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    lks_fail_v(status, format, args);
    va_end(args);
    return status;
}

const char *lks_error_text(void)
{
    last.read = true;
    return last.text;
}

lks_status lks_error_status(void)
{
    return last.read ? LKS_OK : last.status;
}

void lks_error_clear(void)
{
    last.status = LKS_OK;
    last.read = false;
    last.text[0] = '\0';
}
