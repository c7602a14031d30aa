/* Addresses of this host, as text. */
#ifndef LKS_DAEMON_UV_ADDRESS_H
#define LKS_DAEMON_UV_ADDRESS_H

#include <uv.h>

#include "base/status.h"

enum { LKS_ADDRESS_BYTES = 72 };

/* An IPv4 or IPv6 address, with port 0. LKS_INVALID: it is none. */
lks_status lks_address_parse(const char *text, struct sockaddr_storage *out);

/* Where a socket is bound: "127.0.0.1:40123", "[::1]:40123". LKS_IO, LKS_NOMEM. */
lks_status lks_address_of(const uv_tcp_t *tcp, char out[LKS_ADDRESS_BYTES]);

#endif
