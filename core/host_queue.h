/* The queue of a device whose memory is the host's and whose kernels are finished when
 * they return: it is the calling thread. A mark is passed as it is made, and nothing
 * waits. For the tables of core/reference and core/cpu. */
#ifndef LKS_HOST_QUEUE_H
#define LKS_HOST_QUEUE_H

#include "kernels.h"

lks_status lks_host_copy(int index, void *to, const void *from, size_t n_bytes);
lks_status lks_host_copy_across(int to_index, void *to, int from_index, const void *from,
                                size_t n_bytes);
lks_status lks_host_mark(int index, lks_mark *out);
lks_status lks_host_await(int index, const lks_mark *mark);
lks_status lks_host_finish(int index);

/* Its entries in an lks_kernels. */
#define LKS_HOST_QUEUE                                                                   \
    .host_reads = true, .copy_in = lks_host_copy, .copy_out = lks_host_copy,             \
    .copy_across = lks_host_copy_across, .mark = lks_host_mark, .await = lks_host_await, \
    .finish = lks_host_finish

#endif
