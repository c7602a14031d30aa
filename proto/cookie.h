/* The secret that the processes of one run share, so that a stranger's frames are
 * refused. */
#ifndef LKS_PROTO_COOKIE_H
#define LKS_PROTO_COOKIE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum { LKS_COOKIE_BYTES = 32 };

typedef struct lks_cookie {
    uint8_t bytes[LKS_COOKIE_BYTES];
} lks_cookie;

/* From the kernel's random source. */
lks_status lks_cookie_create(lks_cookie *out);

/* In time that does not depend on where they differ. */
bool lks_cookie_equal(const lks_cookie *cookie, const void *bytes, size_t n_bytes);

#endif
