/* Loaded into mpirun (LD_PRELOAD) of a run on one host: what would listen on every
 * network listens on loopback. Open MPI 4.1's mpirun binds the port of its out-of-band
 * messages to all addresses whatever it is told, and hangs when a stranger talks to it.
 */
#define _GNU_SOURCE /* syscall */
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

int bind(int fd, const struct sockaddr *address, socklen_t n_bytes);

int bind(int fd, const struct sockaddr *address, socklen_t n_bytes)
{
    union {
        struct sockaddr any;
        struct sockaddr_in ip4;
        struct sockaddr_in6 ip6;
    } to;

    if (!address || n_bytes < sizeof to.any || n_bytes > sizeof to)
        return (int)syscall(SYS_bind, fd, address, n_bytes);
    memcpy(&to, address, n_bytes);
    if (to.any.sa_family == AF_INET && to.ip4.sin_addr.s_addr == htonl(INADDR_ANY))
        to.ip4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    else if (to.any.sa_family == AF_INET6 && n_bytes == sizeof to.ip6 &&
             memcmp(&to.ip6.sin6_addr, &in6addr_any, sizeof in6addr_any) == 0)
        to.ip6.sin6_addr = in6addr_loopback;
    return (int)syscall(SYS_bind, fd, &to, n_bytes);
}
