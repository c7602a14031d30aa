#include "daemon/line.h"

#include <stdarg.h>
#include <stdio.h>

lks_line lks_line_init(char *buffer, size_t size_bytes)
{
    buffer[0] = '\0';
    return (lks_line){.text = buffer, .size_bytes = size_bytes};
}

void lks_line_add(lks_line *line, const char *format, ...)
{
    size_t room = line->size_bytes - line->n_bytes;
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(line->text + line->n_bytes, room, format, args);
    va_end(args);
    if (n > 0)
        line->n_bytes += (size_t)n < room ? (size_t)n : room - 1;
}
