/* How the descriptors of the process with the coordinator are shared out. What the run
 * itself needs comes first (weights, metrics, logs, MPI's connections, the ranks'
 * connections); clients of the status socket and strangers at the workers' port get what
 * is left, up to what is useful. Both sockets take their number from here. Pure. */
#ifndef LKS_DAEMON_DESCRIPTORS_H
#define LKS_DAEMON_DESCRIPTORS_H

#include <stdint.h>

typedef struct lks_descriptor_shares {
    uint32_t clients;   /* of the status socket, at a time */
    uint32_t strangers; /* at the workers' port, at a time */
} lks_descriptor_shares;

/* The limit with which everybody has enough.
 *   in_use   descriptors that are open before the coordinator's sockets are */
uint64_t lks_descriptors_wanted(uint64_t in_use, uint32_t world_size);

/* The shares under a limit, never none: one place each is kept even where the run itself
 * has too few, for a worker must come in and somebody must be able to ask. */
lks_descriptor_shares lks_descriptors_share(uint64_t limit, uint64_t in_use,
                                            uint32_t world_size);

#endif
