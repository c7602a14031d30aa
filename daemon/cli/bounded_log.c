#include "daemon/cli/bounded_log.h"

#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"

enum { TAIL = LKS_BOUNDED_LOG_TAIL_BYTES };

void lks_bounded_log_init(lks_bounded_log *log, FILE *file)
{
    *log = (lks_bounded_log){.file = file};
}

/* Write it now, if `n_used` of `limit` bytes have room for it. */
static bool write_now(lks_bounded_log *log, const char *line, size_t *n_used,
                      size_t limit)
{
    const size_t n = strlen(line) + 1;

    if (n > limit - *n_used)
        return false;
    *n_used += n;
    fprintf(log->file, "%s\n", line);
    fflush(log->file);
    return true;
}

static void drop_oldest_line(lks_bounded_log *log)
{
    char byte;

    do {
        byte = log->tail[log->tail_begin];
        log->tail_begin = (log->tail_begin + 1) % TAIL;
        log->n_tail--;
    } while (byte != '\n' && log->n_tail > 0);
    log->n_left_out++;
}

static void keep_byte(lks_bounded_log *log, char byte)
{
    log->tail[(log->tail_begin + log->n_tail++) % TAIL] = byte;
}

static void keep(lks_bounded_log *log, const char *line)
{
    const size_t n = strlen(line);

    if ((!log->tail && !(log->tail = lks_malloc(TAIL))) || n >= TAIL) {
        log->n_left_out++;
        return;
    }
    while (log->n_tail + n + 1 > TAIL)
        drop_oldest_line(log);
    for (size_t i = 0; i < n; i++)
        keep_byte(log, line[i]);
    keep_byte(log, '\n');
}

void lks_bounded_log_add(lks_bounded_log *log, const char *line, bool is_vital)
{
    if (!log->tail && log->n_left_out == 0 &&
        write_now(log, line, &log->n_head, LKS_BOUNDED_LOG_HEAD_BYTES))
        return;
    if (is_vital && write_now(log, line, &log->n_vital, LKS_BOUNDED_LOG_VITAL_BYTES))
        return;
    keep(log, line);
}

void lks_bounded_log_end(lks_bounded_log *log)
{
    if (!log->file)
        return;
    if (log->n_left_out > 0)
        fprintf(log->file, "[%" PRIu64 " lines are left out here]\n", log->n_left_out);
    for (size_t i = 0; i < log->n_tail; i++)
        putc(log->tail[(log->tail_begin + i) % TAIL], log->file);
    fflush(log->file);
    lks_free(log->tail);
    *log = (lks_bounded_log){.file = log->file};
}
