#include "daemon/uv/address.h"

#include <stdio.h>

#include "daemon/uv/loop.h"

lks_status lks_address_parse(const char *text, struct sockaddr_storage *out)
{
    if (uv_ip4_addr(text, 0, (struct sockaddr_in *)out) == 0 ||
        uv_ip6_addr(text, 0, (struct sockaddr_in6 *)out) == 0)
        return LKS_OK;
    return lks_fail(LKS_INVALID, "\"%s\" is not an IPv4 or IPv6 address", text);
}

lks_status lks_address_of(const uv_tcp_t *tcp, char out[LKS_ADDRESS_BYTES])
{
    struct sockaddr_storage bound;
    int n_bytes = sizeof bound;
    char host[64] = "";
    int code = uv_tcp_getsockname(tcp, (struct sockaddr *)&bound, &n_bytes);

    if (code != 0)
        return lks_uv_fail(code, "cannot listen for workers");
    uv_ip_name((struct sockaddr *)&bound, host, sizeof host);
    /* the port stands at the same place in both kinds */
    snprintf(out, LKS_ADDRESS_BYTES, bound.ss_family == AF_INET6 ? "[%s]:%u" : "%s:%u",
             host, (unsigned)ntohs(((struct sockaddr_in *)&bound)->sin_port));
    return LKS_OK;
}
