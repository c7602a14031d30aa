/* Where a transport that knows only the host's memory finds a view's elements: in place
 * if the host reads the device, else in a copy, in pinned memory for a GPU, that lives as
 * long as the operation. */
#ifndef LKS_WORKER_COMM_STAGING_H
#define LKS_WORKER_COMM_STAGING_H

#include "base/status.h"
#include "layout/view.h"

typedef struct lks_staging {
    void *host; /* what the transport reads and writes */
    lks_view view;
    size_t n_bytes;
    bool is_copy;
} lks_staging;

/* view: dense. `reads`: the transport reads what was queued into it, which is waited for.
 * On failure nothing is held. */
lks_status lks_staging_open(lks_staging *staging, const lks_view *view, bool reads);

/* The operation is over; `writes`: what it wrote goes to the device, in front of what is
 * queued from now on. */
lks_status lks_staging_close(lks_staging *staging, bool writes);

#endif
