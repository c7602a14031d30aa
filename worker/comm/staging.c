#include "worker/comm/staging.h"

#include "base/try.h"
#include "device.h"
#include "kernels.h"
#include "worker/comm/host_block.h"

lks_status lks_staging_open(lks_staging *staging, const lks_view *view, bool reads)
{
    const lks_kernels *kernels = lks_device_kernels(view->device);
    lks_status st = LKS_OK;

    *staging = (lks_staging){
        .host = view->data,
        .view = *view,
        .n_bytes = (size_t)lks_view_count(view) * lks_dtype_size_bytes(view->dtype),
        .is_copy = !kernels->host_reads,
    };
    if (!staging->is_copy)
        return LKS_OK;
    if (!(staging->host = lks_host_block_take(view->device, staging->n_bytes)))
        return LKS_NOMEM;
    if (reads)
        LKS_GO(kernels->copy_out(view->device.index, staging->host, view->data,
                                 staging->n_bytes));
cleanup:
    if (st != LKS_OK)
        lks_host_block_give(staging->host);
    return st;
}

lks_status lks_staging_close(lks_staging *staging, bool writes)
{
    const lks_device device = staging->view.device;
    lks_status st = LKS_OK;

    if (!staging->is_copy)
        return LKS_OK;
    if (writes)
        st = lks_device_kernels(device)->copy_in(device.index, staging->view.data,
                                                 staging->host, staging->n_bytes);
    lks_host_block_give(staging->host);
    return st;
}
