#include "daemon/cli/redraw.h"

#include <string.h>

#include "base/columns.h"
#include "base/terminal.h"

static const char line_begin = LKS_TERMINAL_LINE_BEGIN[0];
static const char line_end[] = LKS_TERMINAL_LINE_END;
enum { N_LINE_END = sizeof line_end - 1 };

/* The whole line, as it came or cut; none is held any more. */
static void let_go(lks_redraw *self, lks_redraw_put *put, void *context)
{
    put(context, &line_begin, 1);
    put(context, self->line, self->n_line);
    self->n_line = 0;
    self->is_within = false;
}

static bool is_complete(const lks_redraw *self)
{
    return self->n_line >= N_LINE_END &&
           memcmp(self->line + self->n_line - N_LINE_END, line_end, N_LINE_END) == 0;
}

/* Its end stays, and the last column free. */
static void fit(lks_redraw *self, size_t n_columns)
{
    self->line[self->n_line - N_LINE_END] = '\0';
    lks_columns_drop(self->line, n_columns == 1 ? 1 : n_columns - 1);
    self->n_line = strlen(self->line);
    memcpy(self->line + self->n_line, line_end, N_LINE_END);
    self->n_line += N_LINE_END;
}

/* Takes the byte into the line that is held. */
static void hold(lks_redraw *self, size_t n_columns, char byte, lks_redraw_put *put,
                 void *context)
{
    self->line[self->n_line++] = byte;
    if (is_complete(self)) {
        if (n_columns > 0)
            fit(self, n_columns);
        let_go(self, put, context);
    } else if (byte == '\n' || self->n_line == sizeof self->line) {
        let_go(self, put, context);
    }
}

void lks_redraw_pass(lks_redraw *self, size_t n_columns, const char *bytes,
                     size_t n_bytes, lks_redraw_put *put, void *context)
{
    while (n_bytes > 0) {
        const char *begin = memchr(bytes, line_begin, n_bytes);
        size_t n_other = begin ? (size_t)(begin - bytes) : n_bytes;

        if (begin == bytes) {
            if (self->is_within)
                let_go(self, put, context);
            self->is_within = true;
            n_other = 1;
        } else if (self->is_within) {
            hold(self, n_columns, *bytes, put, context);
            n_other = 1;
        } else {
            put(context, bytes, n_other);
        }
        bytes += n_other;
        n_bytes -= n_other;
    }
}
