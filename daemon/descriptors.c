#include "daemon/descriptors.h"

enum {
    LOOP = 16,     /* of the loop, both sockets and what they accept just now */
    FILES = 12,    /* weights beside which they are written, folders, logs, /proc */
    PER_RANK = 2,  /* its connection to the coordinator, MPI's to it */
    CLIENTS = 256, /* more at a time are of no use */
    EXTRA_STRANGERS = 256, /* beyond the ranks, which come as strangers */
};

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* What the run itself needs. */
static uint64_t reserve(uint64_t in_use, uint32_t world_size)
{
    return in_use + LOOP + FILES + (uint64_t)PER_RANK * world_size;
}

uint64_t lks_descriptors_wanted(uint64_t in_use, uint32_t world_size)
{
    return reserve(in_use, world_size) + CLIENTS + world_size + EXTRA_STRANGERS;
}

lks_descriptor_shares lks_descriptors_share(uint64_t limit, uint64_t in_use,
                                            uint32_t world_size)
{
    const uint64_t needed = reserve(in_use, world_size);
    const uint64_t left = limit > needed ? limit - needed : 0;
    const uint64_t clients = least(CLIENTS, left / 2);
    const uint64_t strangers =
        least((uint64_t)world_size + EXTRA_STRANGERS, left - clients);

    return (lks_descriptor_shares){.clients = clients ? (uint32_t)clients : 1,
                                   .strangers = strangers ? (uint32_t)strangers : 1};
}
