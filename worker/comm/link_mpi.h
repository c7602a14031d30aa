/* The link between processes that have several replicas each: bytes from a replica of one
 * to a replica of another, over MPI, one tag for each pair of replicas and kind of
 * message. Shared by a process's replicas: MPI is started with MPI_THREAD_SERIALIZED, and
 * a lock stands around its calls. */
#ifndef LKS_WORKER_COMM_LINK_MPI_H
#define LKS_WORKER_COMM_LINK_MPI_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "worker/comm/mail.h"

typedef struct lks_link lks_link;
typedef struct lks_transfer lks_transfer; /* bytes under way */

/* By all processes; each has n_replicas. */
lks_status lks_link_create(int n_replicas, lks_link **out);
void lks_link_destroy(lks_link *link); /* by all; NULL is fine */

int lks_link_rank(const lks_link *link);
int lks_link_n_ranks(const lks_link *link);

/* Replicas by their numbers in the world. Messages of one route arrive in order. The
 * bytes stay untouched until lks_link_test says that they have gone, or come, and NULLs
 * the transfer. LKS_COMM. */
lks_status lks_link_send(lks_link *link, lks_route route, const void *bytes,
                         size_t n_bytes, lks_transfer **out);
lks_status lks_link_receive(lks_link *link, lks_route route, void *bytes, size_t n_bytes,
                            lks_transfer **out);
lks_status lks_link_test(lks_link *link, lks_transfer **transfer, bool *done);

#endif
