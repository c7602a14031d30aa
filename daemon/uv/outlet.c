#include "daemon/uv/outlet.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/status.h"

/* The same terminal or pipe through a file description of our own; -1: there is none. */
static int open_anew(int fd)
{
    struct stat info;
    char path[32];

    if (fstat(fd, &info) != 0 || !(S_ISFIFO(info.st_mode) || S_ISCHR(info.st_mode)))
        return -1;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

void lks_outlet_init(lks_outlet *outlet, uv_loop_t *loop, int fd,
                     void (*on_empty)(void *context), void *context)
{
    int own = open_anew(fd);
    int flags = fcntl(fd, F_GETFL);

    *outlet = (lks_outlet){.fd = own >= 0 ? own : fd,
                           .given_fd = fd,
                           .was_blocking = flags >= 0 && !(flags & O_NONBLOCK),
                           .on_empty = on_empty,
                           .context = context};
    outlet->has_poll = uv_poll_init(loop, &outlet->poll, outlet->fd) == 0;
    outlet->poll.data = outlet;
}

static void note_loss(lks_outlet *outlet, int error)
{
    if (!outlet->lost_error)
        outlet->lost_error = error;
}

/* How many went out: all of them where no later try would do better. */
static size_t send_some(lks_outlet *outlet, const char *bytes, size_t n_bytes)
{
    size_t n_sent = 0;

    while (n_sent < n_bytes) {
        ssize_t n = write(outlet->fd, bytes + n_sent, n_bytes - n_sent);

        if (n >= 0)
            n_sent += (size_t)n;
        else if (errno == EAGAIN && outlet->has_poll)
            break;
        else if (errno != EINTR) {
            note_loss(outlet, errno);
            return n_bytes;
        }
    }
    return n_sent;
}

static void on_room(uv_poll_t *poll, int code, int events)
{
    lks_outlet *outlet = poll->data;
    lks_text *kept = &outlet->kept;
    size_t n_sent = send_some(outlet, kept->bytes, kept->n_bytes);

    (void)code; /* write(2) will tell */
    (void)events;
    kept->n_bytes -= n_sent;
    memmove(kept->bytes, kept->bytes + n_sent, kept->n_bytes);
    if (kept->n_bytes > 0) {
        uv_poll_start(poll, UV_WRITABLE, on_room); /* an error event has stopped it */
        return;
    }
    uv_poll_stop(poll);
    outlet->on_empty(outlet->context);
}

void lks_outlet_write(lks_outlet *outlet, const char *bytes, size_t n_bytes)
{
    size_t n_sent = lks_outlet_is_full(outlet) ? 0 : send_some(outlet, bytes, n_bytes);

    if (n_sent == n_bytes || outlet->dropping)
        return;
    lks_text_append(&outlet->kept, bytes + n_sent, n_bytes - n_sent);
    if (outlet->kept.failed) { /* what follows may find memory again */
        outlet->kept.failed = false;
        lks_error_clear();
        note_loss(outlet, ENOMEM);
    }
    if (lks_outlet_is_full(outlet))
        uv_poll_start(&outlet->poll, UV_WRITABLE, on_room);
}

bool lks_outlet_is_full(const lks_outlet *outlet)
{
    return outlet->kept.n_bytes > 0;
}

void lks_outlet_drop(lks_outlet *outlet)
{
    outlet->dropping = true;
    outlet->kept.n_bytes = 0;
    if (outlet->has_poll)
        uv_poll_stop(&outlet->poll);
}

static void give_back(lks_outlet *outlet)
{
    int flags = fcntl(outlet->given_fd, F_GETFL);

    if (outlet->fd != outlet->given_fd)
        close(outlet->fd);
    else if (outlet->was_blocking && flags >= 0)
        (void)fcntl(outlet->given_fd, F_SETFL, flags & ~O_NONBLOCK);
    lks_text_release(&outlet->kept);
}

static void on_closed(uv_handle_t *handle)
{
    give_back(handle->data);
}

void lks_outlet_close(lks_outlet *outlet)
{
    if (outlet->has_poll)
        uv_close((uv_handle_t *)&outlet->poll, on_closed);
    else
        give_back(outlet);
}
