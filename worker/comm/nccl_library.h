/* libnccl, opened when a run first needs it: a job on CPUs neither has to have it nor
 * pays for its start. */
#ifndef LKS_WORKER_COMM_NCCL_LIBRARY_H
#define LKS_WORKER_COMM_NCCL_LIBRARY_H

#include <nccl.h>

#include "base/status.h"

#define LKS_NCCL_FUNCTIONS(X)                                                            \
    X(GetVersion)                                                                        \
    X(GetErrorString)                                                                    \
    X(GetLastError)                                                                      \
    X(GetUniqueId)                                                                       \
    X(CommInitRankConfig)                                                                \
    X(CommGetAsyncError)                                                                 \
    X(CommFinalize)                                                                      \
    X(CommDestroy)                                                                       \
    X(CommAbort)                                                                         \
    X(GroupStart)                                                                        \
    X(GroupEnd)                                                                          \
    X(AllReduce)                                                                         \
    X(AllGather)                                                                         \
    X(Send)                                                                              \
    X(Recv)

typedef struct lks_nccl {
#define LKS_NCCL_FUNCTION(name) __typeof__(nccl##name) *name;
    LKS_NCCL_FUNCTIONS(LKS_NCCL_FUNCTION)
#undef LKS_NCCL_FUNCTION
} lks_nccl;

/* Its functions; opened by the first call, kept for good. Any thread.
 *   errors  LKS_STATE: it is not there, or too old */
lks_status lks_nccl_load(const lks_nccl **out);

#endif
