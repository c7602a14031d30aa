#include "worker/lines_in.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/try.h"

static bool is_there(int fd)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

    return poll(&poll_fd, 1, 0) > 0;
}

/* What can be read now; waits where nothing can. */
static lks_status read_some(lks_lines_in *self)
{
    char bytes[65536];
    ssize_t n;

    while ((n = read(self->fd, bytes, sizeof bytes)) < 0)
        if (errno != EINTR)
            return lks_fail(LKS_IO, "%s: %s", self->name, strerror(errno));
    self->is_over = n == 0;
    lks_text_append(&self->text, bytes, (size_t)n);
    if (self->is_over && self->text.n_bytes > self->n_given &&
        self->text.bytes[self->text.n_bytes - 1] != '\n')
        lks_text_put(&self->text, "\n");
    return self->text.failed ? LKS_NOMEM : LKS_OK;
}

/* A line that is there whole, behind `out`. */
static bool take_line(lks_lines_in *self, lks_text *out)
{
    const char *at = self->text.bytes + self->n_given;
    const size_t n_left = self->text.n_bytes - self->n_given;
    const char *end = n_left > 0 ? memchr(at, '\n', n_left) : NULL;

    if (!end)
        return false;
    lks_text_append(out, at, (size_t)(end + 1 - at));
    self->n_given += (size_t)(end + 1 - at);
    return true;
}

/* What has been given is let go of. */
static void move_up(lks_lines_in *self)
{
    if (self->n_given == 0)
        return;
    memmove(self->text.bytes, self->text.bytes + self->n_given,
            self->text.n_bytes - self->n_given);
    self->text.n_bytes -= self->n_given;
    self->n_given = 0;
}

lks_status lks_lines_in_take(lks_lines_in *self, size_t most, lks_text *out,
                             size_t *n_lines)
{
    *n_lines = 0;
    move_up(self);
    while (*n_lines < most) {
        if (take_line(self, out))
            ++*n_lines;
        else if (self->is_over || (*n_lines > 0 && !is_there(self->fd)))
            break;
        else
            LKS_TRY(read_some(self));
    }
    return out->failed ? LKS_NOMEM : LKS_OK;
}

void lks_lines_in_release(lks_lines_in *self)
{
    lks_text_release(&self->text);
}
