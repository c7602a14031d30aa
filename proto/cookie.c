#include "proto/cookie.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

lks_status lks_cookie_create(lks_cookie *out)
{
    lks_cookie cookie;
    size_t n = 0;

    while (n < sizeof cookie.bytes) {
        ssize_t got = getrandom(cookie.bytes + n, sizeof cookie.bytes - n, 0);

        if (got < 0 && errno != EINTR)
            return lks_fail(LKS_IO, "getrandom: %s", strerror(errno));
        n += got > 0 ? (size_t)got : 0;
    }
    *out = cookie;
    return LKS_OK;
}

bool lks_cookie_equal(const lks_cookie *cookie, const void *bytes, size_t n_bytes)
{
    const uint8_t *other = bytes;
    /* volatile: the compiler must not leave the loop at the first difference */
    volatile uint8_t difference = 0;

    if (n_bytes != sizeof cookie->bytes)
        return false;
    for (size_t i = 0; i < sizeof cookie->bytes; i++)
        difference = (uint8_t)(difference | (cookie->bytes[i] ^ other[i]));
    return difference == 0;
}
