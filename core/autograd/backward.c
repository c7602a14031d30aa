#include "autograd/backward.h"

#include "autograd/sweep.h"
#include "base/try.h"

lks_status lks_backward_from(lks_tensor *y, lks_tensor *cotangent)
{
    lks_shape want, have;

    if (!y || !cotangent)
        return lks_refuse_null("backward");
    want = lks_sizes(y);
    have = lks_sizes(cotangent);
    if (!lks_shape_equal(&want, &have) || y->view.dtype != cotangent->view.dtype)
        return lks_fail(LKS_SHAPE, "backward: cotangent %s %s for a tensor %s %s",
                        lks_dtype_name(cotangent->view.dtype), LKS_TEXT(cotangent),
                        lks_dtype_name(y->view.dtype), LKS_TEXT(y));
    LKS_TRY(lks_same_device(y, cotangent, "backward"));
    LKS_TRY(lks_check_history(y, "backward"));
    if (!y->node)
        return lks_fail(LKS_INVALID, "backward: nothing in the history of the tensor "
                                     "requires a gradient");
    return lks_sweep_run(y->node, cotangent);
}

lks_status lks_backward(lks_tensor *loss)
{
    lks_tensor *one;
    lks_shape shape;
    lks_status st;

    if (!loss)
        return lks_refuse_null("backward");
    if (loss->numel != 1)
        return lks_fail(LKS_SHAPE,
                        "backward: starts from one element, not from shape %s; sum it or "
                        "use lks_backward_from",
                        LKS_TEXT(loss));
    shape = lks_sizes(loss);
    if (!(one = lks_tensor_create(&shape, loss->view.dtype, loss->storage->device)))
        return LKS_NOMEM;
    st = one->storage->kernels->fill(&one->view, 1);
    if (st == LKS_OK)
        st = lks_backward_from(loss, one);
    lks_unref(one);
    return st;
}
