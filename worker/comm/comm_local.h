/* The communicator of replicas: within the process numbers go from memory to memory
 * (mail.h), between processes over a link (link_mpi.h). */
#ifndef LKS_WORKER_COMM_COMM_LOCAL_H
#define LKS_WORKER_COMM_COMM_LOCAL_H

#include "train/comm.h"
#include "worker/comm/link_mpi.h"
#include "worker/comm/mail.h"

/* A replica, by its number among those of its process, in whose thread all else is
 * called; `rank` and `size` of the communicator count replicas. `link`: between processes
 * with as many replicas each, or NULL: there is one. Both are borrowed. What waits for a
 * replica that has failed (lks_mail_fail) is LKS_COMM. */
lks_status lks_comm_local_create(lks_mail *mail, lks_link *link, int replica,
                                 lks_comm **out);

#endif
